/// A regression tree on the unit cube: a function that is constant in boxes.
///
/// Source: Breiman, Friedman, Olshen, Stone, "Classification and regression trees", 1984.
struct RegressionTree {
  /// A point of the cube and its score.
  struct Sample {
    var point: [Double]
    var score: Double
  }

  /// A box of the cube.
  struct Leaf {
    var low: [Double]
    var high: [Double]
    /// The mean score of its samples.
    var mean = 0.0

    var volume: Double { zip(low, high).reduce(1) { $0 * ($1.1 - $1.0) } }

    fileprivate func contains(_ point: [Double]) -> Bool {
      point.indices.allSatisfy { (low[$0] < point[$0] || low[$0] == 0) && point[$0] <= high[$0] }
    }
  }

  /// The leaves, which fill the cube and do not overlap.
  private(set) var leaves: [Leaf] = []

  /// The tree of one or more samples inside the cube; every leaf has at least `fewestInLeaf` samples.
  init(_ samples: [Sample], fewestInLeaf: Int) {
    let sides = samples[0].point.count
    grow(
      samples[...], Leaf(low: .init(repeating: 0, count: sides), high: .init(repeating: 1, count: sides)),
      fewestInLeaf)
  }

  private mutating func grow(_ samples: ArraySlice<Sample>, _ box: Leaf, _ fewest: Int) {
    guard let cut = Self.bestCut(samples, fewest) else {
      var leaf = box
      leaf.mean = samples.reduce(0) { $0 + $1.score } / Double(samples.count)
      leaves.append(leaf)
      return
    }
    var (below, above) = (box, box)
    below.high[cut.side] = cut.threshold
    above.low[cut.side] = cut.threshold
    grow(samples.filter { $0.point[cut.side] <= cut.threshold }[...], below, fewest)
    grow(samples.filter { $0.point[cut.side] > cut.threshold }[...], above, fewest)
  }

  /// The cut with the smallest sum of squared errors of both parts; nil if no cut is possible.
  private static func bestCut(
    _ samples: ArraySlice<Sample>, _ fewest: Int
  ) -> (side: Int, threshold: Double)? {
    guard let first = samples.first, samples.contains(where: { $0.score != first.score }) else { return nil }
    let total = samples.reduce(0) { $0 + $1.score }
    var best: (side: Int, threshold: Double)?
    var most = -Double.infinity
    for side in first.point.indices {
      let ordered = samples.sorted { $0.point[side] < $1.point[side] }
      var sum = 0.0
      for count in 1..<ordered.count {
        sum += ordered[count - 1].score
        let (left, right) = (ordered[count - 1].point[side], ordered[count].point[side])
        guard left < right, count >= fewest, ordered.count - count >= fewest else { continue }
        let rest = total - sum
        let gain = sum * sum / Double(count) + rest * rest / Double(ordered.count - count)
        guard gain > most else { continue }
        let middle = (left + right) / 2
        // The middle of two adjacent floating-point numbers is rounded to one of them.
        (most, best) = (gain, (side, middle < right ? middle : left))
      }
    }
    return best
  }

  /// The function at a point.
  func value(at point: [Double]) -> Double {
    leaves.first { $0.contains(point) }?.mean ?? .nan
  }

  /// The mean over the cube.
  var mean: Double { leaves.reduce(0) { $0 + $1.volume * $1.mean } }

  /// The variance over the cube.
  var variance: Double {
    let mean = mean
    return leaves.reduce(0) { $0 + $1.volume * ($1.mean - mean) * ($1.mean - mean) }
  }

  /// The main effect of one coordinate: the variance of the function's mean over all other coordinates (Hutter, Hoos,
  /// Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014).
  func variance(along side: Int) -> Double {
    let mean = mean
    let cuts = Set(leaves.flatMap { [$0.low[side], $0.high[side]] }).sorted()
    return zip(cuts, cuts.dropFirst()).reduce(0) { sum, piece in
      let marginal = leaves.reduce(0) { marginal, leaf in
        guard leaf.low[side] <= piece.0, piece.1 <= leaf.high[side] else { return marginal }
        return marginal + leaf.mean * leaf.volume / (leaf.high[side] - leaf.low[side])
      }
      return sum + (piece.1 - piece.0) * (marginal - mean) * (marginal - mean)
    }
  }
}
