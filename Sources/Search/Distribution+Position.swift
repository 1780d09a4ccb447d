import Randomness

// Where values lie, seen from the draws of `random`: those are equally likely everywhere in 0...1, on whatever scale.
extension Distribution {
  /// Whether its values have an order; those of a choice have none.
  var isOrdered: Bool {
    if case .choice = shape { false } else { true }
  }

  /// How far apart the positions of neighbouring values are; 0 where there is no end of values, or the distance varies.
  var spacing: Double {
    if let points { return 1 / Double(points.count) }
    guard case .int(let low, let high) = shape else { return 0 }
    return 1 / (Double(high - low) + 1)
  }

  /// The value at a position; what lies beyond the ends is the value there.
  func value(atPosition position: Double) -> Value {
    value(at: UInt64(min(max(position, 0), 1 - 0x1p-53) * 0x1p53) << 11)
  }

  /// The position of a value, 0...1: where it is one of many, the middle of those that have it.
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

/// How far a number is from low to high, 0...1.
private func fraction(_ number: Double, _ low: Double, _ high: Double) -> Double {
  // Two ends next to each other may be the same once they have been halved or their logarithm was taken.
  low < high ? min(max((number - low) / (high - low), 0), 1) : 0.5
}
