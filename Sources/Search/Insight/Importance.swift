import Randomness

/// Parameter importance by functional analysis of variance (fANOVA).
///
/// A random forest is fitted to the score as a function of the parameters. The variance of that function over the
/// space is divided into the main effect of each parameter and the interactions (Hutter, Hoos, Leyton-Brown, "An
/// efficient approach for assessing hyperparameter importance", ICML 2014). The space is weighted by its
/// distributions, so importance depends on the searched ranges.
package struct Importance: Hashable, Sendable {
  /// The main effect of each parameter, in the order of the space: shares of the variance with a sum of at most 1.
  package let shares: [Double]
  /// The standard deviation of each share between the trees of the forest.
  package let deviations: [Double]
  /// The out-of-bag R² of the forest: 1 is a perfect prediction, 0 or less is none.
  package let rSquared: Double
  /// The number of trials used.
  package let trials: Int

  /// Whether R² is high enough for the shares to be meaningful.
  package var isReliable: Bool { rSquared >= 0.1 }

  /// The share of interactions and noise.
  package var interactions: Double { max(0, 1 - shares.reduce(0, +)) }

  /// The minimum number of trials.
  package static let fewestTrials = 10
  /// The maximum number of trials used; if there are more, a random subset is used.
  private static let mostTrials = 1000
  private static let trees = 64
  private static let fewestInLeaf = 3

  /// - Parameters:
  ///   - samples: the positions and scores of trials; each coordinate is between 0 and 1.
  ///   - choices: for each coordinate the number n of categories, with category k at (k + ½) / n; nil if ordered.
  ///   - seed: the seed of the forest.
  /// - Returns: nil if there are too few samples or all scores are equal.
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
      let bootstrap = samples.map { _ in Int(generator.below(UInt64(samples.count))) }
      let tree = RegressionTree(bootstrap.map { sorted[$0] }, fewestInLeaf: Self.fewestInLeaf)
      let inBag = Set(bootstrap)
      for index in samples.indices where !inBag.contains(index) {
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
    rSquared = Self.rSquared(samples.map(\.score), predicted)
    trials = samples.count
  }

  /// The samples with the categories of each choice in a random order, because categories have no natural order.
  private static func reordered(
    _ samples: [RegressionTree.Sample], _ choices: [Int?], _ generator: inout Philox
  ) -> [RegressionTree.Sample] {
    var samples = samples
    for (side, count) in choices.enumerated() {
      guard let count else { continue }
      var order = Array(0..<count)
      generator.shuffle(&order)
      for index in samples.indices {
        let position = order[min(Int(samples[index].point[side] * Double(count)), count - 1)]
        samples[index].point[side] = (Double(position) + 0.5) / Double(count)
      }
    }
    return samples
  }

  /// R² of the out-of-bag predictions.
  private static func rSquared(_ scores: [Double], _ predicted: [(sum: Double, count: Int)]) -> Double {
    let pairs = zip(scores, predicted).filter { $0.1.count > 0 }.map { ($0, $1.sum / Double($1.count)) }
    let mean = pairs.reduce(0) { $0 + $1.0 } / Double(pairs.count)
    let variance = pairs.reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) }
    guard variance > 0 else { return 0 }
    return 1 - pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / variance
  }
}
