import Foundation

/// A function of two coordinates, 0...1 each, estimated from scattered samples: the mean of the samples, weighted by a
/// Gaussian of their distance (Nadaraya, Watson, 1964).
struct Surface {
  struct Sample {
    var x: Double
    var y: Double
    var height: Double
  }

  /// Rows from y = 0 to 1, each from x = 0 to 1; nil where no sample is near.
  let heights: [[Double?]]
  /// The standard deviation of the Gaussian.
  let width: Double

  private static let side = 32

  /// - Parameter isOrdered: whether the coordinates have an order; categories do not mix.
  init(_ samples: [Sample], isOrdered: (x: Bool, y: Bool)) {
    let samples = samples.filter { $0.x.isFinite && $0.y.isFinite && $0.height.isFinite }
    // Scott's rule for two dimensions, for samples all over the square.
    let width = max(0.05, 0.29 * pow(Double(max(1, samples.count)), -1.0 / 6))
    self.width = width
    func weight(_ distance: Double, isOrdered: Bool) -> Double {
      let width = isOrdered ? width : 0.03
      return exp(-distance * distance / (2 * width * width))
    }
    let places = (0..<Self.side).map { Double($0) / Double(Self.side - 1) }
    let columns = samples.map { sample in places.map { weight($0 - sample.x, isOrdered: isOrdered.x) } }
    let rows = samples.map { sample in places.map { weight($0 - sample.y, isOrdered: isOrdered.y) } }
    heights = places.indices.map { row in
      var sums = [Double](repeating: 0, count: Self.side)
      var weights = sums
      for (index, sample) in samples.enumerated() where rows[index][row] > 1e-4 {
        for column in places.indices {
          let weight = rows[index][row] * columns[index][column]
          sums[column] += weight * sample.height
          weights[column] += weight
        }
      }
      // Beyond two standard deviations from any sample nothing is known.
      return zip(sums, weights).map { $1 > 0.135 ? $0 / $1 : nil }
    }
  }

  /// The worst and the best height; nil if there is none.
  func ends(isMaximized: Bool) -> (worst: Double, best: Double)? {
    let known = heights.flatMap { $0.compactMap(\.self) }
    guard let low = known.min(), let high = known.max() else { return nil }
    return isMaximized ? (low, high) : (high, low)
  }
}
