import Randomness

extension Distribution {
  /// Where one of its values stands, 0...1: the share of all draws that are smaller, and half of those that are equal.
  ///
  /// So it goes with the logarithm on a logarithmic range. The values of a choice stand as listed.
  func position(of value: Value) -> Double {
    if ends == nil || steps != nil, let count, let index = (0..<count).first(where: { point($0) == value }) {
      return (Double(index) + 0.5) / Double(count)
    }
    switch (shape, value) {
    case (.uniform(let low, let high), .real(let number)):
      // Halves, since the difference overflows for the widest ranges.
      return (number / 2 - low / 2) / (high / 2 - low / 2)
    case (.logUniform(let low, let high), .real(let number)):
      return Self.logarithmicPosition(of: number, low, high)
    case (.int(let low, let high), .integer(let number)):
      return (Double(number - low) + 0.5) / (Double(high - low) + 1)
    case (.logInt(let low, let high), .integer(let number)):
      return Self.logarithmicPosition(of: Double(number), Double(low) - 0.5, Double(high) + 0.5)
    default: preconditionFailure("\(value) is not of \(shape)")
    }
  }

  private static func logarithmicPosition(of number: Double, _ low: Double, _ high: Double) -> Double {
    let start = portableLog(low)
    return (portableLog(number) - start) / (portableLog(high) - start)
  }

  /// The lowest and the highest value of a range; nil for a choice.
  package var ends: (low: Value, high: Value)? {
    switch shape {
    case .uniform(let low, let high), .logUniform(let low, let high): (.real(low), .real(high))
    case .int(let low, let high), .logInt(let low, let high): (.integer(low), .integer(high))
    case .choice: nil
    }
  }
}
