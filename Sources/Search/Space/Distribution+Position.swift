import Randomness

// The position of a value is its quantile: positions of random samples are uniform in 0...1, on any scale.
extension Distribution {
  /// Whether its values are ordered; those of a choice are not.
  var isOrdered: Bool {
    if case .choice = shape { false } else { true }
  }

  /// The lowest and the highest value of a range; nil for a choice.
  package var ends: (low: Value, high: Value)? {
    switch shape {
    case .uniform(let low, let high), .logUniform(let low, let high): (.real(low), .real(high))
    case .int(let low, let high), .logInt(let low, let high): (.integer(low), .integer(high))
    case .choice: nil
    }
  }

  /// The distance between the positions of adjacent values; 0 if the distribution is continuous or the distance varies.
  var spacing: Double {
    if let points { return 1 / Double(points.count) }
    guard case .int(let low, let high) = shape else { return 0 }
    return 1 / (Double(high - low) + 1)
  }

  /// The value at a position, which is clamped to 0...1.
  func value(atPosition position: Double) -> Value {
    value(at: UInt64(min(max(position, 0), 1 - 0x1p-53) * 0x1p53) << 11)
  }

  /// The position of a value, 0...1; for a discrete value, the middle of its interval.
  func position(of value: Value) -> Double {
    precondition(contains(value), "\(value) of \(shape)")
    if let points { return (Double(points.firstIndex(of: value) ?? 0) + 0.5) / Double(points.count) }
    switch (shape, value) {
    case (.uniform(let low, let high), .real(let number)):
      // Not high - low, which overflows for the widest ranges.
      return fraction(number / 2, low / 2, high / 2)
    case (.logUniform(let low, let high), .real(let number)):
      return fraction(portableLog(number), portableLog(low), portableLog(high))
    case (.int(let low, let high), .integer(let number)):
      return (Double(number - low) + 0.5) / (Double(high - low) + 1)
    case (.logInt(let low, let high), .integer(let number)):
      let ends = (Double(low) - 0.5, Double(high) + 0.5)
      return fraction(portableLog(Double(number)), portableLog(ends.0), portableLog(ends.1))
    default:
      preconditionFailure("\(value) is not a value of \(shape)")
    }
  }
}

/// The fraction of the way from low to high, 0...1.
private func fraction(_ number: Double, _ low: Double, _ high: Double) -> Double {
  // Adjacent ends can become equal when halved or by the logarithm.
  low < high ? min(max((number - low) / (high - low), 0), 1) : 0.5
}
