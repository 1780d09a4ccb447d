/// A warning that the best trials are at an end of a range, so that a wider range may have better ones.
package struct EdgeWarning: Hashable, Sendable {
  /// An end of a range.
  package enum End: String, Sendable {
    case lower, upper
  }

  /// The searched parameter, with its range.
  package let parameter: SearchSpace.Parameter
  /// The end at which the best trials are.
  package let end: End
  /// The value of the best trial.
  package let best: Value
  /// Whether the best trial is at this end; otherwise most of the top trials are.
  package let holdsBest: Bool
  /// The number of top trials at this end.
  package let count: Int
  /// The number of top trials examined.
  package let few: Int

  /// The fraction of a range, in positions, that counts as its end. The first and last value always count.
  fileprivate static let share = 0.05
  /// The minimum number of trials with a score for a warning.
  private static let fewestTrials = 5

  /// The warnings for a search, in the order of its parameters.
  ///
  /// There are no warnings for choices, ranges of two values and ends that are also the limits of the key.
  ///
  /// - Parameter ranked: the results, best first.
  package static func of(_ file: SearchFile, ranked: [TrialResult]) -> [EdgeWarning] {
    let scored = ranked.prefix { $0.objective?.isFinite == true }
    return file.space.parameters.enumerated().compactMap { index, parameter in
      // Only the trials in which the parameter has an effect.
      let all = scored.compactMap { $0.values[index] }
      guard all.count >= fewestTrials else { return nil }
      let values = all.prefix(max(1, min(5, all.count / 4)))
      let kind = file.keys[parameter.field]?.kind.element
      let ends = values.map { parameter.openEnd($0, kind) }
      let majority = [End.lower, .upper].first { end in
        values.count > 2 && ends.count { $0 == end } * 2 > values.count
      }
      guard let end = ends[0] ?? majority else { return nil }
      return EdgeWarning(
        parameter: parameter, end: end, best: values[0], holdsBest: ends[0] != nil,
        count: ends.count { $0 == end }, few: values.count)
    }
  }
}

extension SearchSpace.Parameter {
  /// The end of the range at which a value is, if the key allows values beyond that end; otherwise nil.
  fileprivate func openEnd(_ value: Value, _ kind: Field.Kind?) -> EdgeWarning.End? {
    guard let ends = distribution.ends, distribution.count ?? .max > 2 else { return nil }
    let position = distribution.position(of: value)
    if position <= EdgeWarning.share || value == ends.low { return isWidest(ends.low, kind) ? nil : .lower }
    if position >= 1 - EdgeWarning.share || value == ends.high {
      return isWidest(ends.high, kind) ? nil : .upper
    }
    return nil
  }

  /// Whether an end of the range is also a limit of the key.
  private func isWidest(_ end: Value, _ kind: Field.Kind?) -> Bool {
    switch (kind, end) {
    case (.integer(let range), .integer(let end)): end == range.lowerBound || end == range.upperBound
    case (.real(let range), .real(let end)): end == range.low || end == range.high
    default: false
    }
  }
}
