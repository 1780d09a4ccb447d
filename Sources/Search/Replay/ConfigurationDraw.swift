import Randomness

/// In which order a replayed search takes the configurations of a table, none twice.
package struct ConfigurationDraw: Sendable {
  /// How the order is found.
  package enum Order: String, CaseIterable, Sendable {
    /// Every order is equally likely.
    case random
    /// Each draw of the Sobol sequence is replaced by the nearest configuration that is left.
    case sobol
  }

  private let curves: LearningCurves
  private let order: Order
  private let seed: UInt64
  private var left: [Int]
  private var taken = 0

  init(_ order: Order, from curves: LearningCurves, seed: UInt64) {
    self.curves = curves
    self.order = order
    self.seed = seed
    left = Array(curves.curves.indices)
    var random = Philox(seed: seed, stream: Stream.replay)
    random.shuffle(&left)
  }

  /// The next configuration.
  ///
  /// - Parameter scores: what is known of those taken before, in the order in which they were.
  mutating func next(scores: [(configuration: Int, score: Double?)]) -> Int {
    precondition(!left.isEmpty, "all \(taken) configurations were taken")
    defer { taken += 1 }
    let drawn: [Value]
    switch order {
    case .random: return left.removeLast()
    case .sobol: drawn = Sampler.sobol.values(seed: seed, trial: taken, in: curves.space)
    }
    return left.remove(at: nearest(to: drawn))
  }

  /// The place of the nearest configuration that is left, by the distance of positions in the unit cube.
  private func nearest(to values: [Value]) -> Int {
    let point = zip(curves.space.parameters, values).map { $0.distribution.position(of: $1) }
    let distances = left.map { configuration in
      zip(point, curves.positions[configuration]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    return distances.indices.min { (distances[$0], $0) < (distances[$1], $1) } ?? 0
  }
}
