extension Distribution {
  /// The values of a choice or of a range with steps; nil for a range without steps.
  static func points(_ shape: Shape, steps: Int?) throws(DistributionError) -> [Value]? {
    if case .choice(let values) = shape { return try choices(values, steps: steps) }
    guard let steps else { return nil }
    guard (2...mostPoints).contains(steps) else {
      throw DistributionError("'steps' needs a whole number from 2 to \(mostPoints)")
    }
    switch shape {
    case .uniform(let low, let high): return try reals(low, high, steps, linear)
    case .logUniform(let low, let high): return try reals(low, high, steps, logarithmic)
    case .int(let low, let high), .logInt(let low, let high):
      guard steps - 1 <= high - low else {
        throw DistributionError(
          "'steps' is \(steps), but the range has only \(high - low + 1) whole numbers")
      }
      if case .int = shape { return evenly(low, high, steps).map(Value.integer) }
      return logarithmically(low, high, steps).map(Value.integer)
    case .choice: return nil
    }
  }

  private static func choices(_ values: [Value], steps: Int?) throws(DistributionError) -> [Value] {
    guard steps == nil else { throw DistributionError("'choice' takes no 'steps'") }
    var seen = Set<Value>()
    for value in values where !seen.insert(value).inserted {
      throw DistributionError("'choice' has the duplicate value \(quoted("\(value)"))")
    }
    return values
  }

  private static func reals(
    _ low: Double, _ high: Double, _ steps: Int, _ between: (Double, Double, Double) -> Double
  ) throws(DistributionError) -> [Value] {
    var points = (0..<steps).map { tidy(between(low, high, Double($0) / Double(steps - 1))) }
    points[0] = low
    points[steps - 1] = high
    guard zip(points, points.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw DistributionError("'steps' is \(steps), more than the range has numbers")
    }
    return points.map(Value.real)
  }

  /// The number rounded to 15 digits, so that a computed 0.1 equals 0.1.
  private static func tidy(_ number: Double) -> Double {
    guard number != 0 else { return 0 }
    var scale = 1.0
    while abs(number) * scale < 1e14, scale < 1e22 { scale *= 10 }
    // Powers of ten up to 10²² are exact, so only the multiplication and the division round.
    let rounded = (number * scale).rounded() / scale
    return abs(number) < 1e15 && abs(rounded - number) <= 8 * number.ulp ? rounded : number
  }

  /// The whole numbers nearest to equal distances. They differ because a step is at least 1.
  private static func evenly(_ low: Int, _ high: Int, _ steps: Int) -> [Int] {
    let (whole, rest) = (high - low).quotientAndRemainder(dividingBy: steps - 1)
    return (0..<steps).map { low + $0 * whole + ($0 * rest + (steps - 1) / 2) / (steps - 1) }
  }

  /// The whole numbers nearest to equal ratios, increased where two would be equal.
  private static func logarithmically(_ low: Int, _ high: Int, _ steps: Int) -> [Int] {
    var points = [low]
    for step in 1..<steps {
      let ideal = logarithmic(Double(low), Double(high), Double(step) / Double(steps - 1))
      let room = high - (steps - 1 - step)
      points.append(min(max(Int(ideal.rounded()), points[step - 1] + 1), room))
    }
    points[steps - 1] = high
    return points
  }
}
