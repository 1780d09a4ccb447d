import Randomness

/// The distribution of a searched hyperparameter.
package struct Distribution: Hashable, Sendable {
  /// The shape of a distribution; both ends of a range are included.
  package enum Shape: Hashable, Sendable {
    case uniform(low: Double, high: Double)
    case logUniform(low: Double, high: Double)
    case int(low: Int, high: Int)
    case logInt(low: Int, high: Int)
    case choice([Value])
  }

  /// The shape, as declared.
  package let shape: Shape
  /// The number of grid points in a range, both ends included; nil without steps.
  package let steps: Int?
  /// The values of a choice, as listed, or of a range with steps, ascending; nil for other ranges.
  let points: [Value]?

  /// The maximum number of values in a choice and of steps in a range.
  package static let mostPoints = 10_000

  /// A distribution; throws if its range is empty or too large.
  package init(_ shape: Shape, steps: Int? = nil) throws(DistributionError) {
    try Self.check(shape)
    self.shape = shape
    self.steps = steps
    points = try Self.points(shape, steps: steps)
  }

  private static func check(_ shape: Shape) throws(DistributionError) {
    switch shape {
    case .uniform(let low, let high):
      guard low < high, low.isFinite, high.isFinite else {
        throw DistributionError("'uniform' needs two numbers, low < high")
      }
    case .logUniform(let low, let high):
      guard 0 < low, low < high, high.isFinite else {
        throw DistributionError("'log_uniform' needs two numbers, 0 < low < high")
      }
    case .int(let low, let high):
      guard low < high, -exact <= low, high <= exact else {
        throw DistributionError("'int' needs two whole numbers, low < high")
      }
    case .logInt(let low, let high):
      guard 0 < low, low < high, high <= exact else {
        throw DistributionError("'log_int' needs two whole numbers, 0 < low < high")
      }
    case .choice(let values):
      guard (1...mostPoints).contains(values.count) else {
        throw DistributionError("'choice' needs a list of 1 to \(mostPoints) values")
      }
    }
  }

  /// All whole numbers up to this are exact as Double.
  private static let exact = 1 << 53
}

/// An error in a distribution.
package struct DistributionError: Error, Hashable {
  /// The problem and the allowed values.
  package let message: String

  init(_ message: String) { self.message = message }
}

extension Distribution {
  /// The number of different values; nil if the distribution is continuous.
  package var count: UInt64? {
    if let points { return UInt64(points.count) }
    switch shape {
    case .int(let low, let high), .logInt(let low, let high): return UInt64(high - low) + 1
    case .uniform, .logUniform, .choice: return nil
    }
  }

  /// The value at an index in 0..<count, in ascending order or as listed.
  package func point(_ index: UInt64) -> Value {
    if let points { return points[Int(index)] }
    switch shape {
    case .int(let low, let high), .logInt(let low, let high):
      precondition(index <= UInt64(high - low), "point \(index) of \(low)...\(high)")
      return .integer(low + Int(index))
    case .uniform, .logUniform, .choice:
      preconditionFailure("\(shape) has no points")
    }
  }

  /// The value for 64 random bits: a fixed map, the same on every machine.
  package func value(at bits: UInt64) -> Value {
    if let points { return points[Int(bits.multipliedFullWidth(by: UInt64(points.count)).high)] }
    let fraction = Double(bits >> 11) * 0x1p-53
    switch shape {
    case .uniform(let low, let high):
      return .real(linear(low, high, fraction))
    case .logUniform(let low, let high):
      return .real(logarithmic(low, high, fraction))
    case .int(let low, let high):
      return .integer(low + Int(bits.multipliedFullWidth(by: UInt64(high - low) + 1).high))
    case .logInt(let low, let high):
      // Extend the range by half a unit at either end, so that rounding gives the ends their full share.
      let sample = logarithmic(Double(low) - 0.5, Double(high) + 0.5, fraction)
      return .integer(min(max(Int(sample.rounded()), low), high))
    case .choice:
      preconditionFailure("a choice has points")
    }
  }

  /// Whether an untrusted value belongs to the distribution.
  package func contains(_ value: Value) -> Bool {
    if let points { return points.contains(value) }
    switch (shape, value) {
    case (.uniform(let low, let high), .real(let number)),
      (.logUniform(let low, let high), .real(let number)):
      return low <= number && number <= high
    case (.int(let low, let high), .integer(let number)),
      (.logInt(let low, let high), .integer(let number)):
      return low <= number && number <= high
    default:
      return false
    }
  }
}

/// Linear interpolation from low to high, clamped to both ends.
func linear(_ low: Double, _ high: Double, _ fraction: Double) -> Double {
  // Not low + fraction * (high - low), which overflows for the widest ranges.
  min(max(low * (1 - fraction) + high * fraction, low), high)
}

/// Logarithmic interpolation from low to high, clamped to both ends.
func logarithmic(_ low: Double, _ high: Double, _ fraction: Double) -> Double {
  min(max(portableExp(linear(portableLog(low), portableLog(high), fraction)), low), high)
}

extension Distribution {
  /// The value written as this cell in `results.csv`; nil if there is none.
  package func value(cell: String) -> Value? {
    let value: Value? =
      switch shape {
      case .choice(let values): values.first { "\($0)" == cell }
      case .int, .logInt: Int(cell).map(Value.integer)
      case .uniform, .logUniform: Double(cell).map(Value.real)
      }
    return value.flatMap { contains($0) ? $0 : nil }
  }
}

extension Distribution {
  /// The distribution in words, such as `0.01 to 0.5, logarithmic`.
  package var summary: String {
    let range =
      switch shape {
      case .uniform(let low, let high): "\(low.shortText) to \(high.shortText)"
      case .logUniform(let low, let high): "\(low.shortText) to \(high.shortText), logarithmic"
      case .int(let low, let high): "\(low) to \(high), whole numbers"
      case .logInt(let low, let high): "\(low) to \(high), whole numbers, logarithmic"
      case .choice(let values): values.map { "\($0)" }.joined(separator: ", ")
      }
    return steps.map { "\(range), \($0) steps" } ?? range
  }
}
