/// A range at whose end the best trials lie, so that better ones may lie beyond it.
package struct EdgeWarning: Hashable, Sendable {
  /// An end of a range.
  package enum End: String, Sendable {
    case lower, upper
  }

  /// The searched parameter, with its range.
  package let parameter: SearchSpace.Parameter
  /// Where they lie.
  package let end: End
  /// The value of the best trial.
  package let best: Value
  /// Whether the best trial lies there; else most of the best few do.
  package let holdsBest: Bool
  /// How many of the best few lie there.
  package let count: Int
  /// How many the best few are.
  package let few: Int

  /// What counts as an end: so much of the draws, or the last of several values.
  fileprivate static let share = 0.05
  /// After fewer trials with a score it says nothing.
  private static let fewestTrials = 5

  /// The warnings about a space, in its order.
  ///
  /// A choice has no ends, nor has a range of two values or one that is as wide as its key allows.
  ///
  /// - Parameter ranked: the results, best first.
  package static func of(_ space: SearchSpace, ranked: [TrialResult]) -> [EdgeWarning] {
    let scored = ranked.prefix { $0.objective?.isFinite == true }
    guard scored.count >= fewestTrials else { return [] }
    let few = scored.prefix(max(1, min(5, scored.count / 4)))
    return space.parameters.enumerated().compactMap { index, parameter in
      let values = few.map { $0.values[index] }
      let ends = values.map(parameter.openEnd)
      let majority = [End.lower, .upper].first { end in
        few.count > 2 && ends.count { $0 == end } * 2 > few.count
      }
      guard let end = ends[0] ?? majority else { return nil }
      return EdgeWarning(
        parameter: parameter, end: end, best: values[0], holdsBest: ends[0] != nil,
        count: ends.count { $0 == end }, few: few.count)
    }
  }
}

extension SearchSpace.Parameter {
  /// The end of the range at which a value lies, if there is one and its key allows more beyond it.
  fileprivate func openEnd(_ value: Value) -> EdgeWarning.End? {
    guard let ends = distribution.ends, distribution.count ?? .max > 2 else { return nil }
    let position = distribution.position(of: value)
    if position <= EdgeWarning.share || value == ends.low { return isWidest(ends.low) ? nil : .lower }
    if position >= 1 - EdgeWarning.share || value == ends.high { return isWidest(ends.high) ? nil : .upper }
    return nil
  }

  /// Whether an end of the range is one of what the key allows.
  private func isWidest(_ end: Value) -> Bool {
    switch (Field.named(field)?.kind.element, end) {
    case (.integer(let range), .integer(let end)): end == range.lowerBound || end == range.upperBound
    case (.real(let range), .real(let end)): end == range.low || end == range.high
    default: false
    }
  }
}
