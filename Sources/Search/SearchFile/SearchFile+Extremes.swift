extension SearchFile {
  /// The configurations to validate against a dataset: if any configuration of the space is impossible, one of these
  /// is. They combine all choices and both ends of each range of whole numbers. If there are too many, they are the
  /// configurations of the first trials without observations. With requirements, both are.
  package var extremes: [Configuration] {
    let first = 0..<min(trials, SearchSpace.mostCorners)
    // Those that fulfil the requirements may be inside the space.
    let sampled = space.corners == nil || !requirements.isEmpty ? first.map { suggestion(trial: $0) } : []
    return ((space.corners ?? []).filter(allows) + sampled).compactMap { configuration(values: $0) }
  }
}

extension SearchSpace {
  /// The maximum number of corners.
  static let mostCorners = 10_000

  /// All combinations of the parameters' extremes; nil if there are too many.
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
  /// The choices, or the ends of a range. For real numbers only the low end: less augmentation gives fewer images,
  /// and no other real value makes a configuration impossible.
  fileprivate var extremes: [Value] {
    switch shape {
    case .choice(let values): values
    case .int(let low, let high), .logInt(let low, let high): [.integer(low), .integer(high)]
    case .uniform(let low, _), .logUniform(let low, _): [.real(low)]
    }
  }
}
