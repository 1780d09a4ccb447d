import Foundation

/// A density estimate of values: a histogram smoothed by a Gaussian kernel.
///
/// Source of the bandwidth: Silverman, "Density Estimation for Statistics and Data Analysis", 1986, eq. 3.31.
package struct Density: Hashable, Sendable {
  /// Values at equal distances, ascending; only one if all values, without outliers, are equal.
  package let places: [Double]
  /// The density at each position, relative to the highest, which is 1.
  package let heights: [Double]
  /// The lower quartile, the median and the upper quartile.
  package let quartiles: [Double]
  /// The lowest and the highest value.
  package let ends: ClosedRange<Double>
  /// The number of finite values.
  package let count: Int
  /// The number of outliers outside the range: a few values far from all others, which would take up most of an axis.
  package let outlierCount: Int

  /// Nil if no value is finite. Takes linear time and constant memory, and does not copy the values.
  package init?(_ values: [Float]) {
    self.init(of: values)
  }

  package init?(_ values: [Double]) {
    self.init(of: values)
  }

  private init?<Number: BinaryFloatingPoint>(of values: [Number]) {
    guard let whole = Histogram(values, within: nil) else { return nil }
    ends = whole.ends
    count = whole.count
    var histogram = whole
    // Each round narrows the range to the core of the previous histogram.
    for _ in 0..<Self.mostRounds {
      let core = histogram.core
      guard Self.width(histogram.ends) > 2 * Self.width(core), Self.width(core) > 0,
        let inner = Histogram(values, within: core), count - inner.count <= max(2, count / 500)
      else { break }
      histogram = inner
    }
    quartiles = [0.25, 0.5, 0.75].map(histogram.quantile)
    outlierCount = count - histogram.count
    (places, heights) = histogram.smoothed(quartileRange: quartiles[2] - quartiles[0])
  }

  private static let mostRounds = 8

  private static func width(_ range: ClosedRange<Double>) -> Double { range.upperBound - range.lowerBound }

  /// The density at any value; 0 outside the range of `places`.
  func height(at value: Double) -> Double {
    guard let first = places.first, let last = places.last, value >= first, value <= last else { return 0 }
    guard places.count > 1 else { return 1 }
    let position = (value - first) / (last - first) * Double(places.count - 1)
    let left = min(Int(position), places.count - 2)
    return heights[left] + (heights[left + 1] - heights[left]) * (position - Double(left))
  }
}

/// A histogram with many bins of equal width.
private struct Histogram {
  static let binCount = 4096
  /// The number of points of a smoothed histogram.
  static let placeCount = 193

  let ends: ClosedRange<Double>
  private(set) var count = 0
  private var bins = [Int](repeating: 0, count: binCount)
  private var mean = 0.0
  private var squares = 0.0

  /// Counts the finite values, or those of them within a range; nil if there is none. Numbers beyond ±1e100, whose
  /// squares could overflow, count as not finite.
  init?<Number: BinaryFloatingPoint>(_ values: [Number], within range: ClosedRange<Double>?) {
    let range = range ?? -1e100...1e100
    var (low, high) = (Double.infinity, -Double.infinity)
    for number in values {
      let value = Double(number)
      guard range.contains(value) else { continue }
      (low, high) = (min(low, value), max(high, value))
    }
    guard low <= high else { return nil }
    ends = low...high
    let scale = low < high ? Double(Self.binCount) / (high - low) : 0
    let isScalable = scale.isFinite
    for number in values {
      let value = Double(number)
      guard range.contains(value) else { continue }
      count += 1
      let difference = value - mean
      mean += difference / Double(count)
      squares += difference * (value - mean)
      bins[isScalable ? min(Self.binCount - 1, Int((value - low) * scale)) : 0] += 1
    }
  }

  private var binWidth: Double { (ends.upperBound - ends.lowerBound) / Double(Self.binCount) }

  /// The range of the bins without the outermost thousandth of the values; all bins for few values.
  var core: ClosedRange<Double> {
    let rest = count < 100 ? 0 : max(1, count / 2000)
    var (first, last) = (0, bins.count - 1)
    var sum = bins[first]
    while sum <= rest {
      first += 1
      sum += bins[first]
    }
    sum = bins[last]
    while sum <= rest {
      last -= 1
      sum += bins[last]
    }
    let low = ends.lowerBound + Double(first) * binWidth
    return low...max(low, min(ends.upperBound, ends.lowerBound + Double(last + 1) * binWidth))
  }

  /// The quantile for this share of the values, to within the width of a bin.
  func quantile(_ share: Double) -> Double {
    let wanted = share * Double(count)
    var sum = 0.0
    for (index, bin) in bins.enumerated() where bin > 0 {
      if sum + Double(bin) >= wanted {
        let part = (wanted - sum) / Double(bin)
        return min(ends.upperBound, ends.lowerBound + (Double(index) + part) * binWidth)
      }
      sum += Double(bin)
    }
    return ends.upperBound
  }

  /// The density at evenly spaced places between the ends, scaled so that the highest is 1.
  func smoothed(quartileRange: Double) -> (places: [Double], heights: [Double]) {
    let width = ends.upperBound - ends.lowerBound
    let step = width / Double(Self.placeCount - 1)
    // If the range is too narrow for this many different numbers, there is only one position.
    guard step > max(abs(ends.lowerBound), abs(ends.upperBound)) * 1e-15 else {
      return ([quantile(0.5)], [1])
    }
    let deviation = (squares / Double(count)).squareRoot()
    let spread = quartileRange > 0 ? min(deviation, quartileRange / 1.34) : deviation
    let bandwidth = max(0.9 * spread * pow(Double(count), -0.2), step)
    let places = (0..<Self.placeCount).map { ends.lowerBound + Double($0) * step }
    var sums = places.map { _ in 0.0 }
    for (index, bin) in bins.enumerated() where bin > 0 {
      let middle = ends.lowerBound + (Double(index) + 0.5) * binWidth
      for (position, value) in places.enumerated() {
        let distance = (value - middle) / bandwidth
        if abs(distance) < 5 { sums[position] += Double(bin) * exp(-0.5 * distance * distance) }
      }
    }
    let most = sums.max() ?? 0
    return (places, sums.map { most > 0 ? $0 / most : 0 })
  }
}
