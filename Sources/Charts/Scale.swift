import Foundation

/// The mapping of values to positions on an axis.
package enum Scale: Hashable, Sendable {
  /// From the first to the second value. If the second is the lower one, the axis is reversed.
  case linear(Double, Double)
  /// A linear scale on which only whole numbers are labelled.
  case whole(Double, Double)
  /// A logarithmic scale; both ends are positive.
  case logarithmic(Double, Double)
  /// Seconds since 1970, labelled as date and time (UTC).
  case time(Double, Double)
  /// Names; value i is the middle of the i-th of equal parts.
  case categories([String])

  /// A linear scale that holds the values with a margin around them; 0...1 if there are no values.
  package static func linear(around values: some Sequence<Double>) -> Scale {
    guard let (low, high) = ends(values.lazy.filter(\.isFinite)) else { return .linear(0, 1) }
    let margin = low < high ? (high - low) * 0.04 : max(abs(low) * 0.01, 1e-9)
    return .linear(low - margin, high + margin)
  }

  /// A logarithmic scale that holds the positive values with a margin around them.
  package static func logarithmic(around values: some Sequence<Double>) -> Scale {
    guard let (low, high) = ends(values.lazy.filter { $0.isFinite && $0 > 0 }) else {
      return .logarithmic(0.1, 1)
    }
    let margin = low < high ? pow(high / low, 0.04) : 1.2
    return .logarithmic(low / margin, high * margin)
  }

  private static func ends(_ values: some Sequence<Double>) -> (Double, Double)? {
    var ends: (Double, Double)?
    for value in values { ends = ends.map { (min($0.0, value), max($0.1, value)) } ?? (value, value) }
    return ends
  }

  /// The position of a value on the axis: 0 at the start, 1 at the end; below 0 or above 1 outside the axis.
  package func position(of value: Double) -> Double {
    switch self {
    case .linear(let low, let high), .whole(let low, let high), .time(let low, let high):
      low == high ? 0.5 : (value - low) / (high - low)
    case .logarithmic(let low, let high):
      low == high ? 0.5 : value > 0 ? (log(value) - log(low)) / (log(high) - log(low)) : -.infinity
    case .categories(let names): (value + 0.5) / Double(max(1, names.count))
    }
  }

  /// The offset of a trial's mark from the middle of its category, so that marks do not hide each other:
  /// -0.25 to 0.25 of the category's part of the axis.
  package static func jitter(_ number: Int) -> Double {
    // The multiples of the golden ratio fill an interval evenly.
    ((Double(number) * 0.618033988749895).truncatingRemainder(dividingBy: 1) - 0.5) * 0.5
  }

  /// A position along an axis that is labelled.
  struct Tick: Hashable {
    var value: Double
    var label: String
  }

  /// The ticks: at most about `count` round values, or all names of a category scale.
  func ticks(atMost count: Int) -> [Tick] {
    switch self {
    case .linear(let low, let high): RoundNumbers.ticks(low, high, atMost: count)
    case .whole(let low, let high): RoundNumbers.ticks(low, high, atMost: count, leastStep: 1)
    case .logarithmic(let low, let high): RoundNumbers.logarithmicTicks(low, high, atMost: count)
    case .time(let low, let high): RoundTimes.ticks(low, high, atMost: count)
    case .categories(let names): names.enumerated().map { Tick(value: Double($0), label: $1) }
    }
  }
}

/// One axis of a plot.
package struct Axis: Sendable {
  /// The measured quantity, with its unit.
  package var title: String
  package var scale: Scale

  package init(_ title: String, unit: String? = nil, _ scale: Scale) {
    self.title = unit.map { "\(title) (\($0))" } ?? title
    self.scale = scale
  }
}

/// Ticks at 1, 2 and 5 times powers of ten.
private enum RoundNumbers {
  static func ticks(_ low: Double, _ high: Double, atMost count: Int, leastStep: Double = 0) -> [Scale.Tick] {
    let (low, high) = (min(low, high), max(low, high))
    guard low.isFinite, high.isFinite, (high - low).isFinite, count > 0 else { return [] }
    guard low < high else { return [Scale.Tick(value: low, label: low.label())] }
    let step = max(leastStep, roundStep((high - low) / Double(count)))
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 1000 else { return [] }
    let decimals = max(0, Int((-log10(step)).rounded(.up)))
    let exponential = max(abs(low), abs(high)) < 1e-3 || max(abs(low), abs(high)) >= 1e6
    return stride(from: first, through: last, by: 1).map { multiple in
      let value = multiple * step
      return Scale.Tick(
        value: value, label: exponential ? value.label() : value.text(decimals: min(decimals, 12)))
    }
  }

  /// The least of 1, 2, 5 · 10ⁿ that is not below a step.
  private static func roundStep(_ step: Double) -> Double {
    let power = pow(10, log10(step).rounded(.down))
    for factor in [1.0, 2, 5] where factor * power >= step * (1 - 1e-9) { return factor * power }
    return 10 * power
  }

  static func logarithmicTicks(_ low: Double, _ high: Double, atMost count: Int) -> [Scale.Tick] {
    guard low > 0, high >= low, high.isFinite else { return [] }
    let decades = log10(high) - log10(low)
    // Less than a factor of 3: plain round numbers.
    if decades < 0.5 { return ticks(low, high, atMost: count) }
    let every = max(1, Int((decades / Double(count)).rounded(.up)))
    let factors: [Int] =
      if every == 1, decades <= 1.5 { [1, 2, 5] } else if decades * 2 <= Double(count) { [1, 3] } else { [1] }
    let range = low * (1 - 1e-9)...high * (1 + 1e-9)
    let exponents = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
    var ticks: [Scale.Tick] = []
    for exponent in exponents where exponent % every == 0 {
      for factor in factors {
        let value = Double("\(factor)e\(exponent)") ?? .nan
        if range.contains(value) { ticks.append(Scale.Tick(value: value, label: value.label())) }
      }
    }
    return ticks
  }
}

extension Double {
  /// A number as people read it, with this many significant digits at most: `0.98`, `150`, `1e-5`, `2.5e6`.
  package func label(digits: Int = 4) -> String {
    guard isFinite else { return self > 0 ? "∞" : self < 0 ? "-∞" : "none" }
    if self == 0 { return "0" }
    // Smaller powers of ten underflow to 0.
    if abs(self) < 1e-300 { return "\(self)" }
    let exponent = Int(log10(abs(self)).rounded(.down))
    guard exponent < -3 || exponent >= 6 else { return text(decimals: max(0, digits - 1 - exponent)) }
    let mantissa = (self / pow(10, Double(exponent))).text(decimals: digits - 1)
    // Rounding may have made it 10.
    return mantissa.hasSuffix("10") ? "\(mantissa.dropLast())e\(exponent + 1)" : "\(mantissa)e\(exponent)"
  }

  /// Without zeros at the end.
  fileprivate func text(decimals: Int) -> String {
    var text = String(format: "%.\(decimals)f", self)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text == "-0" ? "0" : text
  }
}

/// Ticks at round times of the day, or at midnight.
private enum RoundTimes {
  private static let steps: [Double] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172_800,
    604_800,
    2_592_000, 31_536_000,
  ]

  static func ticks(_ low: Double, _ high: Double, atMost count: Int) -> [Scale.Tick] {
    guard low.isFinite, high.isFinite, low < high, high < 1e11, low > -1e11 else { return [] }
    let step = steps.first { (high - low) / $0 <= Double(count) } ?? (high - low)
    var day: Int?
    return stride(from: (low / step).rounded(.up) * step, through: high, by: step).map { time in
      let date = Int((time / 86400).rounded(.down))
      defer { day = date }
      return Scale.Tick(value: time, label: label(time, day: date, showsDate: day != date, step: step))
    }
  }

  /// The label of a time: `14:05`, with seconds if the step is below a minute, and with the date if `showsDate`.
  private static func label(_ time: Double, day: Int, showsDate: Bool, step: Double) -> String {
    let second = Int(time) - day * 86400
    let date = civil(day)
    let dayText = "\(date.year)-\(two(date.month))-\(two(date.day))"
    guard step < 86400 else { return dayText }
    var text = "\(two(second / 3600)):\(two(second / 60 % 60))"
    if step < 60 { text += ":\(two(second % 60))" }
    return showsDate ? "\(dayText) \(text)" : text
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// The date of a day that is counted from 1970-01-01. Source: Hinnant, "chrono-compatible low-level date algorithms".
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (year + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}
