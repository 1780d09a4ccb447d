import Randomness

/// In which order a replayed search takes the configurations of a table, none twice.
///
/// With `random` every order is equally likely. A draw of another sampler is replaced by the nearest configuration that is
/// left, and a sampler that learns is told of the configurations that were taken, with the last score of each.
struct ConfigurationDraw: Sendable {
  private let curves: LearningCurves
  private let sampler: Sampler
  private let seed: UInt64
  private var left: [Int]

  init(_ sampler: Sampler, from curves: LearningCurves, seed: UInt64) {
    precondition(!sampler.walksTheGrid, "\(sampler) cannot be replayed")
    self.curves = curves
    self.sampler = sampler
    self.seed = seed
    left = Array(curves.curves.indices)
    var random = Philox(seed: seed, stream: Stream.replay)
    random.shuffle(&left)
  }

  /// The next configuration, after those taken before and what is known of each.
  mutating func next(after taken: [Int], scores: [EpochScore?]) -> Int {
    precondition(!left.isEmpty, "all \(taken.count) configurations were taken")
    guard sampler != .random else { return left.removeLast() }
    var observations: [Observation] = []
    if sampler.learns {
      observations = zip(taken, scores).map {
        Observation(curves.curves[$0].values, in: curves.space, score: $1?.valAccuracy)
      }
    }
    let drawn = sampler.values(seed: seed, trial: taken.count, in: curves.space, after: observations)
    return left.remove(at: nearest(to: drawn))
  }

  /// The place of the nearest configuration that is left, by the distance of positions in the unit cube.
  private func nearest(to values: [Value]) -> Int {
    let point = zip(curves.space.parameters, values).map { $0.distribution.position(of: $1) }
    let distances = left.map { configuration in
      zip(point, curves.positions[configuration]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return distances.indices.min { (distances[$0], left[$0]) < (distances[$1], left[$1]) } ?? 0
  }
}
