/// The mean of repeated measurements, with its variance and confidence interval.
package struct Estimate: Hashable, Sendable {
  /// The number of measurements.
  package let count: Int
  package let mean: Double
  /// The sample variance; 0 for a single measurement.
  package let variance: Double

  /// The estimate from one or more finite measurements, summed in their order, so that the result is reproducible.
  package init(_ measurements: [Double]) {
    precondition(!measurements.isEmpty, "an estimate without measurements")
    count = measurements.count
    let mean = measurements.reduce(0, +) / Double(count)
    self.mean = mean
    let squares = measurements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    variance = count > 1 ? squares / Double(count - 1) : 0
  }

  /// Half the width of the 95 % confidence interval of the mean, by Student's t; nil for a single measurement.
  package var interval95: Double? {
    guard count > 1 else { return nil }
    return StudentT.quantile975(degrees: Double(count - 1)) * (variance / Double(count)).squareRoot()
  }

  /// Whether two means differ at the 5 % level (Welch, "The generalization of 'Student's' problem", Biometrika 34,
  /// 1947).
  package func differs(from other: Estimate) -> Bool {
    let (a, b) = (variance / Double(count), other.variance / Double(other.count))
    guard count > 1, other.count > 1, a + b > 0 else {
      return mean != other.mean && count > 1 && other.count > 1
    }
    let degrees = (a + b) * (a + b) / (a * a / Double(count - 1) + b * b / Double(other.count - 1))
    return abs(mean - other.mean) > StudentT.quantile975(degrees: degrees) * (a + b).squareRoot()
  }
}

/// Student's t distribution.
enum StudentT {
  private static let quantiles = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
    2.200985,
    2.178813, 2.160369, 2.144787, 2.13145, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963, 2.079614,
    2.073873,
    2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.04523, 2.042272,
  ]

  /// The 97.5 % quantile. Degrees of freedom are rounded down, which makes the interval wider. Above 30, by Fisher's
  /// expansion (Abramowitz, Stegun 26.7.5), accurate to 6 digits.
  static func quantile975(degrees: Double) -> Double {
    let whole = max(1, degrees.rounded(.down))
    guard whole > Double(quantiles.count) else { return quantiles[Int(whole) - 1] }
    let z = 1.959963984540054
    let (z3, z5, z7) = (z * z * z, z * z * z * z * z, z * z * z * z * z * z * z)
    let first = (z3 + z) / 4
    let second = (5 * z5 + 16 * z3 + 3 * z) / 96
    let third = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384
    return z + (first + (second + third / whole) / whole) / whole
  }
}
