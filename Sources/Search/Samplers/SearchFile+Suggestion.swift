extension SearchFile {
  /// The values of a trial: those given by `search.start`, or else those of the sampler.
  ///
  /// - Parameter observations: those of all earlier trials, for a learning sampler.
  func suggestion(trial: Int, after observations: [Observation] = []) -> [Value] {
    guard trial < start.count else { return sample(trial - start.count, after: observations) }
    guard let values = startValues(trial) else { preconditionFailure("trial \(trial) has no allowed values") }
    return values
  }

  private func sample(_ trial: Int, after observations: [Observation]) -> [Value] {
    guard !requirements.isEmpty || sampler.learns else {
      return sampler.values(seed: seed, trial: trial, in: space)
    }
    switch sampler {
    case .random: return randomValues(trial)
    case .tpe:
      return TPESampler.suggestion(seed: seed, trial: trial, in: space, after: observations) { values in
        allows(values) ? effective(values) : nil
      } ?? randomValues(trial)
    case .grid, .randomGrid, .sobol:
      guard let point = allowedPoint(trial, limit: .max) else { preconditionFailure("trial \(trial)") }
      return sampler.values(seed: seed, trial: point, in: space)
    }
  }

  private func randomValues(_ trial: Int) -> [Value] {
    let values = RandomSampler.values(seed: seed, trial: trial, in: space, limit: .max, where: allows)
    guard let values else { preconditionFailure("trial \(trial) has no allowed values") }
    return values
  }

  /// The number of the point of a grid or sequence that a trial takes; nil if the first `limit` points have too few
  /// that are allowed.
  private func allowedPoint(_ trial: Int, limit: Int) -> Int? {
    allowedPoints.number(at: trial, limit: limit) { point in
      allows(sampler.values(seed: seed, trial: point, in: space))
    }
  }

  /// Whether values fulfil the requirements.
  func allows(_ values: [Value]) -> Bool {
    guard !requirements.isEmpty else { return true }
    let values = effective(values)
    return requirements.allSatisfy { $0.holds(values) }
  }

  /// The values of a trial of `search.start`, whose other values are sampled; nil if `limit` samples have none that are
  /// allowed.
  private func startValues(_ trial: Int, limit: Int = .max) -> [Value]? {
    func complete(_ sampled: [Value]) -> [Value] { zip(start[trial], sampled).map { $0 ?? $1 } }
    // They do not repeat those of the sampler's trials.
    return RandomSampler.values(
      seed: seed, trial: Self.mostTrials + trial, in: space, limit: limit, where: { allows(complete($0)) }
    ).map(complete)
  }
}

// Whether enough configurations fulfil the requirements.
extension SearchFile {
  /// The points of a grid, and the samples, that are looked at while the file is parsed.
  private static let mostPoints = 200_000
  private static let samples = 10_000

  /// The number of trials that the requirements leave, at most `trials`; throws a message if they leave too few.
  func allowedTrials() throws(DistributionError) -> Int {
    for trial in start.indices where startValues(trial, limit: Self.samples) == nil {
      throw DistributionError("no values complete configuration \(trial + 1) of search.start")
    }
    guard sampler.isWithoutReplacement, let size = space.gridSize else {
      try checkSamples()
      return trials
    }
    let limit = min(Int(clamping: size), Self.mostPoints)
    guard allowedPoint(trials - 1, limit: limit) == nil else { return trials }
    let count = (0..<trials).prefix { allowedPoint($0, limit: limit) != nil }.count
    if limit < Int(clamping: size) {
      let advice = count > 0 ? "set 'trials' to at most \(count), or use" : "use"
      throw DistributionError(
        "\(count == 0 ? "none" : "only \(count)") of the first \(limit) points of the grid fulfil it; \(advice) "
          + "narrower ranges" + (sampler == .grid ? " or 'sampler: random-grid'" : ""))
    }
    guard count > 0 else { throw DistributionError("no point of the grid fulfils it") }
    return count
  }

  /// Checks that enough samples fulfil the requirements.
  private func checkSamples() throws(DistributionError) {
    let samples = (0..<Self.samples).map { sample in
      effective(RandomSampler.values(seed: seed, trial: sample, in: space))
    }
    if let never = requirements.first(where: { requirement in !samples.contains(where: requirement.holds) }) {
      throw DistributionError("no sampled configuration fulfils \(quoted(never.text))")
    }
    let count = samples.count { values in requirements.allSatisfy { $0.holds(values) } }
    guard count * 1000 >= Self.samples else {
      throw DistributionError(
        "only \(count) of \(Self.samples) sampled configurations fulfil all conditions; use narrower ranges")
    }
  }
}
