/// The scores of a trial during its training.
package struct TrialHistory: Hashable, Sendable {
  /// The scores after each epoch.
  private var epochs: [EpochScore] = []
  /// The scores within the first epoch, by the fraction trained.
  private var parts: [Double: EpochScore] = [:]

  /// An empty history.
  package init() {}

  /// Adds the score after a number of epochs; whole epochs in ascending order.
  package mutating func append(_ score: EpochScore, after epochs: Double) {
    if epochs < 1 { parts[epochs] = score } else { self.epochs.append(score) }
  }

  /// The objective after a budget of epochs; nil if it was not measured or is not finite.
  package func score(after budget: Double, by objective: Objective) -> Double? {
    guard budget >= 1 else { return objective.score(parts[budget].map { [$0] } ?? []) }
    return Double(epochs.count) >= budget ? objective.score(Array(epochs.prefix(Int(budget)))) : nil
  }
}
