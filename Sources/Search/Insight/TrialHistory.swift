/// The scores of a trial during its training.
package struct TrialHistory: Hashable, Sendable {
  /// The scores after each epoch.
  private var epochs: [Metrics] = []
  /// The scores within the first epoch, by the fraction trained.
  private var parts: [Double: Metrics] = [:]

  /// An empty history.
  package init() {}

  /// Adds a measurement; those after whole epochs in ascending order.
  package mutating func append(_ measurement: TrialMeasurement) {
    let (step, metrics) = (measurement.step, measurement.metrics)
    if step < 1 { parts[step] = metrics } else { epochs.append(metrics) }
  }

  /// The objective after a budget of epochs; nil if it was not measured or is not finite.
  package func score(after budget: Double, by goal: Goal) -> Double? {
    guard budget >= 1 else { return goal.score(parts[budget].map { [$0] } ?? []) }
    return Double(epochs.count) >= budget ? goal.score(Array(epochs.prefix(Int(budget)))) : nil
  }
}
