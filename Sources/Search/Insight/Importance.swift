import Randomness

/// Which parameters the differences between the scores of a search come from.
///
/// A random forest learns the score as a function of the parameters; that function's variance over the space is divided
/// into what each parameter makes on its own and what they make together only (functional analysis of variance: Hutter,
/// Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014). The space is weighted
/// as it is drawn from, so the range that was searched is part of the answer.
package struct Importance: Hashable, Sendable {
  /// What each parameter makes on its own, in the order of the space: shares, at most 1 together.
  package let shares: [Double]
  /// How much each share differs between the trees of the forest: the standard deviation.
  package let deviations: [Double]
  /// The share of the score's variance that the forest foretells for trials that it has not learned from: 1 all; 0 or less
  /// nothing.
  package let explained: Double
  /// How many trials it was taken of.
  package let trials: Int

  /// Whether the forest has learned enough for the shares to mean something.
  package var isReliable: Bool { explained >= 0.1 }

  /// What the parameters make together only, and what chance made look like it.
  package var interactions: Double { max(0, 1 - shares.reduce(0, +)) }

  /// After fewer trials it says nothing.
  package static let fewestTrials = 10
  /// Of more trials, so many are drawn.
  private static let mostTrials = 1000
  private static let trees = 64
  private static let fewestInLeaf = 3

  /// - Parameters:
  ///   - samples: the scores of trials; each coordinate of a point between 0 and 1.
  ///   - choices: for each coordinate nil or, where it is a category k of n (at (k + ½) / n), n.
  ///   - seed: what the forest is drawn from.
  /// - Returns: nil of too few samples, or if the scores do not differ.
  init?(_ samples: [RegressionTree.Sample], choices: [Int?], seed: UInt64) {
    guard samples.count >= Self.fewestTrials else { return nil }
    var generator = Philox(seed: seed, stream: Stream.forest)
    var samples = samples
    generator.shuffle(&samples)
    samples = Array(samples.prefix(Self.mostTrials))
    var treeShares: [[Double]] = []
    var predicted = samples.map { _ in (sum: 0.0, count: 0) }
    for _ in 0..<Self.trees {
      let sorted = Self.reordered(samples, choices, &generator)
      let drawn = samples.map { _ in Int(generator.below(UInt64(samples.count))) }
      let tree = RegressionTree(drawn.map { sorted[$0] }, fewestInLeaf: Self.fewestInLeaf)
      let learned = Set(drawn)
      for index in samples.indices where !learned.contains(index) {
        predicted[index].sum += tree.value(at: sorted[index].point)
        predicted[index].count += 1
      }
      let variance = tree.variance
      guard variance > 0, variance.isFinite else { continue }
      treeShares.append(choices.indices.map { tree.variance(along: $0) / variance })
    }
    guard !treeShares.isEmpty else { return nil }
    let estimates = choices.indices.map { side in Estimate(treeShares.map { $0[side] }) }
    shares = estimates.map(\.mean)
    deviations = estimates.map { $0.variance.squareRoot() }
    explained = Self.explained(samples.map(\.score), predicted)
    trials = samples.count
  }

  /// Categories have no order, so each tree gets them in another.
  private static func reordered(
    _ samples: [RegressionTree.Sample], _ choices: [Int?], _ generator: inout Philox
  ) -> [RegressionTree.Sample] {
    var samples = samples
    for (side, count) in choices.enumerated() {
      guard let count else { continue }
      var order = Array(0..<count)
      generator.shuffle(&order)
      for index in samples.indices {
        let place = order[min(Int(samples[index].point[side] * Double(count)), count - 1)]
        samples[index].point[side] = (Double(place) + 0.5) / Double(count)
      }
    }
    return samples
  }

  /// The coefficient of determination of what the trees predicted for samples that they were not grown from.
  private static func explained(_ scores: [Double], _ predicted: [(sum: Double, count: Int)]) -> Double {
    let pairs = zip(scores, predicted).filter { $0.1.count > 0 }.map { ($0, $1.sum / Double($1.count)) }
    let mean = pairs.reduce(0) { $0 + $1.0 } / Double(pairs.count)
    let variance = pairs.reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) }
    guard variance > 0 else { return 0 }
    return 1 - pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / variance
  }
}
