import Charts
import Foundation

/// A function of two coordinates, 0...1 each, estimated from scattered samples: the mean of the samples, weighted by a
/// Gaussian of their distance (Nadaraya, Watson, 1964).
struct Surface {
  struct Sample {
    var x: Double
    var y: Double
    var height: Double
  }

  let grid: ContourChart.Grid
  /// The standard deviation of the Gaussian, in parts of an axis.
  let width: Double

  /// The points of a coordinate at which the surface is evaluated.
  enum Nodes {
    /// At equal distances.
    case even
    /// At the middle of each of this many categories; samples of other categories have no weight.
    case categories(Int)

    /// The drawn position of a node, and the position at which its height is evaluated.
    fileprivate var places: [(drawn: Double, evaluated: Double)] {
      switch self {
      case .even: (0..<32).map { (Double($0) / 31, Double($0) / 31) }
      case .categories(let count):
        (0..<count).flatMap { category in
          [0, 1].map { (Double(category + $0) / Double(count), (Double(category) + 0.5) / Double(count)) }
        }
      }
    }

    /// The weight of a sample at a distance.
    fileprivate func weight(_ distance: Double, width: Double) -> Double {
      switch self {
      case .even: exp(-distance * distance / (2 * width * width))
      case .categories(let count): abs(distance) < 0.25 / Double(count) ? 1 : 0
      }
    }
  }

  init(_ samples: [Sample], x: Nodes, y: Nodes) {
    let samples = samples.filter { $0.x.isFinite && $0.y.isFinite && $0.height.isFinite }
    // Scott's rule for two dimensions; 0.29 is the standard deviation of samples spread evenly over the square.
    let width = max(0.05, 0.29 * pow(Double(max(1, samples.count)), -1.0 / 6))
    self.width = width
    let (columns, rows) = (x.places, y.places)
    let columnWeights = samples.map { sample in
      columns.map { x.weight($0.evaluated - sample.x, width: width) }
    }
    let rowWeights = samples.map { sample in rows.map { y.weight($0.evaluated - sample.y, width: width) } }
    let heights = rows.indices.map { row in
      var sums = [Double](repeating: 0, count: columns.count)
      var weights = sums
      for (index, sample) in samples.enumerated() where rowWeights[index][row] > 1e-4 {
        for column in columns.indices {
          let weight = rowWeights[index][row] * columnWeights[index][column]
          sums[column] += weight * sample.height
          weights[column] += weight
        }
      }
      // Beyond two standard deviations from any sample nothing is known.
      return zip(sums, weights).map { $1 > 0.135 ? Optional($0 / $1) : nil }
    }
    grid = ContourChart.Grid(columns: columns.map(\.drawn), rows: rows.map(\.drawn), heights: heights)
  }

  /// The worst and the best height; nil if there is none.
  func ends(isMaximized: Bool) -> (worst: Double, best: Double)? {
    let known = grid.heights.flatMap { $0.compactMap(\.self) }
    guard let low = known.min(), let high = known.max() else { return nil }
    return isMaximized ? (low, high) : (high, low)
  }
}
