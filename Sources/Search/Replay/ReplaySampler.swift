import Randomness

/// Samples the configurations of a table without replacement, for a replayed search.
///
/// With `random`, every order is equally likely. A sample of another sampler is replaced by the nearest remaining
/// configuration; a learning sampler observes the configurations used so far, with the last score of each.
struct ReplaySampler: Sendable {
  private let curves: LearningCurves
  private let sampler: Sampler
  private let seed: UInt64
  private var remaining: [Int]

  init(_ sampler: Sampler, from curves: LearningCurves, seed: UInt64) {
    precondition(!sampler.isWithoutReplacement, "\(sampler) cannot be replayed")
    self.curves = curves
    self.sampler = sampler
    self.seed = seed
    remaining = Array(curves.curves.indices)
    var random = Philox(seed: seed, stream: Stream.replay)
    random.shuffle(&remaining)
  }

  /// The next configuration, given those used before and their scores.
  mutating func next(after used: [Int], scores: [Metrics?]) -> Int {
    precondition(!remaining.isEmpty, "all \(used.count) configurations were used")
    guard sampler != .random else { return remaining.removeLast() }
    var observations: [Observation] = []
    if sampler.learns {
      observations = zip(used, scores).map {
        Observation(curves.curves[$0].values, in: curves.space, score: $1.map(curves.goal.value))
      }
    }
    let values = sampler.values(seed: seed, trial: used.count, in: curves.space, after: observations)
    return remaining.remove(at: nearest(to: values))
  }

  /// The index of the nearest remaining configuration, by the distance of positions in the unit cube.
  private func nearest(to values: [Value]) -> Int {
    let point = zip(curves.space.parameters, values).map { $0.distribution.position(of: $1) }
    let distances = remaining.map { configuration in
      zip(point, curves.positions[configuration]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return distances.indices.min { (distances[$0], remaining[$0]) < (distances[$1], remaining[$1]) } ?? 0
  }
}
