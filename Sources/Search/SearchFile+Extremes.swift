extension SearchFile {
  /// Configurations that are impossible with some data, if any that can be drawn is: every choice, and both ends of each
  /// range of whole numbers, in all combinations. Where these are too many, it is what the first trials draw
  /// as long as nothing has been learned.
  package var extremes: [Configuration] {
    let first = 0..<min(trials, SearchSpace.mostCorners)
    let values = space.corners ?? first.map { sampler.values(seed: seed, trial: $0, in: space) }
    return values.compactMap { configuration(values: $0) }
  }
}

extension SearchSpace {
  /// More than so many corners are not listed.
  static let mostCorners = 10_000

  /// All combinations of the parameters' extremes; nil if they are too many.
  var corners: [[Value]]? {
    var corners: [[Value]] = [[]]
    for parameter in parameters {
      let extremes = parameter.distribution.extremes
      guard corners.count * extremes.count <= Self.mostCorners else { return nil }
      corners = corners.flatMap { corner in extremes.map { corner + [$0] } }
    }
    return corners
  }
}

extension Distribution {
  /// The choices, or the ends of a range. Of a range of real numbers, the low one: less augmentation makes fewer images,
  /// and nothing else that is real makes a configuration impossible.
  fileprivate var extremes: [Value] {
    switch shape {
    case .choice(let values): values
    case .int(let low, let high), .logInt(let low, let high): [.integer(low), .integer(high)]
    case .uniform(let low, _), .logUniform(let low, _): [.real(low)]
    }
  }
}
