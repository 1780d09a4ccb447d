/// What a trial came to on its way.
package struct TrialHistory: Hashable, Sendable {
  /// After each epoch.
  private var epochs: [EpochScore] = []
  /// Within the first epoch, by the part of it that had been trained.
  private var parts: [Double: EpochScore] = [:]

  /// Nothing yet.
  package init() {}

  /// Adds what it came to after so many epochs; whole ones in their order.
  package mutating func append(_ score: EpochScore, after epochs: Double) {
    if epochs < 1 { parts[epochs] = score } else { self.epochs.append(score) }
  }

  /// What it was ranked by after a budget of epochs; nil where it was not measured then, or is not finite.
  package func score(after budget: Double, by objective: Objective) -> Double? {
    guard budget >= 1 else { return objective.score(parts[budget].map { [$0] } ?? []) }
    return Double(epochs.count) >= budget ? objective.score(Array(epochs.prefix(Int(budget)))) : nil
  }
}
