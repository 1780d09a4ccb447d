/// How far a rung of a halving search predicted the next: whether those that it stopped would have stayed behind.
///
/// It is measured on the trials that went on, which are alike; over all trials the orders agree more.
package struct RungAgreement: Hashable, Sendable {
  /// The epochs after which trials were compared.
  package let epochs: Double
  /// The epochs after which those that went on were compared again.
  package let nextEpochs: Double
  /// Kendall's tau-b of the two scores.
  package let tau: Double
  /// How many trials it was taken of.
  package let trials: Int

  /// Of fewer trials it says nothing.
  static let fewestTrials = 4
  /// Of more trials, those with the lowest numbers are taken.
  static let mostTrials = 4000

  /// For each rung after the first that enough trials have reached with a score.
  ///
  /// - Parameters:
  ///   - budgets: the epochs of the rungs, ascending.
  ///   - histories: of each trial.
  package static func of(
    budgets: [Double], histories: [Int: TrialHistory], by objective: Objective
  ) -> [RungAgreement] {
    let trials = histories.sorted { $0.key < $1.key }.map(\.value)
    return zip(budgets, budgets.dropFirst()).compactMap { budget, next in
      let pairs = trials.lazy.compactMap { history -> (Double, Double)? in
        guard let first = history.score(after: budget, by: objective),
          let second = history.score(after: next, by: objective)
        else { return nil }
        return (first, second)
      }.prefix(mostTrials)
      guard pairs.count >= fewestTrials, let tau = KendallTau.of(Array(pairs)) else { return nil }
      return RungAgreement(epochs: budget, nextEpochs: next, tau: tau, trials: pairs.count)
    }
  }
}
