import Charts
import Search

/// A searched parameter as an axis.
struct ParameterAxis {
  let axis: Axis
  /// The values of a choice, in their order; nil for a range.
  private let choices: [Value]?

  init(_ parameter: SearchSpace.Parameter) {
    let scale: Scale
    switch parameter.distribution.shape {
    case .uniform(let low, let high): scale = .linear(low, high)
    case .logUniform(let low, let high): scale = .logarithmic(low, high)
    case .int(let low, let high): scale = .whole(Double(low) - 0.5, Double(high) + 0.5)
    case .logInt(let low, let high): scale = .logarithmic(Double(low) - 0.5, Double(high) + 0.5)
    case .choice(let values):
      let values = Self.ordered(values)
      (axis, choices) = (Axis(parameter.column, .categories(values.map { "\($0)" })), values)
      return
    }
    (axis, choices) = (Axis(parameter.column, scale), nil)
  }

  /// Numbers ascending, other values as they are listed.
  private static func ordered(_ values: [Value]) -> [Value] {
    let numbers = values.compactMap { value -> Double? in
      switch value {
      case .integer(let number): Double(number)
      case .real(let number): number
      case .word, .integers, .reals, .flag, .list: nil
      }
    }
    guard numbers.count == values.count else { return values }
    return zip(numbers, values).sorted { $0.0 < $1.0 }.map(\.1)
  }

  var isOrdered: Bool { choices == nil }

  /// The points of this axis at which a surface is evaluated.
  var nodes: Surface.Nodes { choices.map { .categories($0.count) } ?? .even }

  /// The position of a value on the scale; nil if the parameter does not have it.
  func number(_ value: Value) -> Double? {
    if let choices { return choices.firstIndex(of: value).map(Double.init) }
    return switch value {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .word, .integers, .reals, .flag, .list: nil
    }
  }
}

/// The range of an axis for scores, without outliers on the worse side, which would compress the
/// rest.
struct ScoreRange {
  /// The worst and the best score inside.
  let worst: Double
  let best: Double
  /// The number of scores outside of the range: worse than `worst`.
  let beyond: Int

  /// Nil without scores.
  ///
  /// Excludes scores that are worse than the worse quartile by more than three times the interquartile range (Tukey's
  /// outer fence, "Exploratory Data Analysis", 1977), unless these are more than a quarter of the scores.
  init?(_ scores: [Double], isMaximized: Bool) {
    let sorted = scores.filter(\.isFinite).sorted { isMaximized ? $0 > $1 : $0 < $1 }
    guard let best = sorted.first, let last = sorted.last else { return nil }
    let (upper, lower) = (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
    let fence = lower + 3 * (lower - upper)
    let inside = sorted.filter { isMaximized ? $0 >= fence : $0 <= fence }
    let usesFence = sorted.count >= 8 && inside.count * 4 >= sorted.count * 3 && upper != lower
    self.best = best
    worst = usesFence ? inside.last ?? last : last
    beyond = usesFence ? sorted.count - inside.count : 0
  }

  var scale: Scale { .linear(around: [worst, best]) }

  /// 0 at the worst, 1 at the best.
  func share(_ score: Double) -> Double {
    worst == best ? 1 : min(max((score - worst) / (best - worst), 0), 1)
  }

  /// The score, limited to the worst score of the range.
  func limited(_ score: Double) -> Double { worst < best ? max(score, worst) : min(score, worst) }

  /// Notes about the scores beyond; empty if there are none.
  func notes(isMaximized: Bool) -> [String] {
    guard beyond > 0 else { return [] }
    let side = isMaximized ? "below" : "above"
    return [
      "\(beyond) worse trial\(beyond == 1 ? "" : "s") (\(side) \(worst.label())) on the edge of the scale."
    ]
  }
}

extension Double {
  /// A share as a percentage: `12 %`, with a no-break space.
  var inPercent: String { "\((self * 100).label(digits: 2))\u{A0}%" }

  /// `1 epoch`, `0.125 epochs`.
  var inEpochs: String { "\(label()) epoch\(self == 1 ? "" : "s")" }
}
