/// The rank correlation between a rung of a halving search and the next one.
///
/// It is measured on the promoted trials only, whose scores are similar; over all trials it would be higher.
package struct RungAgreement: Hashable, Sendable {
  /// The budget of the rung, in epochs.
  package let epochs: Double
  /// The budget of the next rung, in epochs.
  package let nextEpochs: Double
  /// Kendall's tau-b of the scores at the two rungs.
  package let tau: Double
  /// The number of trials used.
  package let trials: Int

  /// The minimum number of trials.
  static let fewestTrials = 4
  /// The maximum number of trials used; of more, those with the lowest numbers.
  static let mostTrials = 4000

  /// The agreement of each pair of consecutive rungs that enough trials have reached with a score.
  ///
  /// - Parameters:
  ///   - budgets: the epochs of the rungs, ascending.
  ///   - histories: the histories by trial.
  package static func of(
    budgets: [Double], histories: [Int: TrialHistory], by goal: Goal
  ) -> [RungAgreement] {
    let trials = histories.sorted { $0.key < $1.key }.map(\.value)
    return zip(budgets, budgets.dropFirst()).compactMap { budget, next in
      let pairs = trials.lazy.compactMap { history -> (Double, Double)? in
        guard let first = history.score(after: budget, by: goal),
          let second = history.score(after: next, by: goal)
        else { return nil }
        return (first, second)
      }.prefix(mostTrials)
      guard pairs.count >= fewestTrials, let tau = KendallTau.of(Array(pairs)) else { return nil }
      return RungAgreement(epochs: budget, nextEpochs: next, tau: tau, trials: pairs.count)
    }
  }
}
