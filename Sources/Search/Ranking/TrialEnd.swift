/// The stored result of a trial. Its values are not stored, because they follow from its number.
package struct TrialEnd: Sendable, Equatable {
  /// The number of the trial, or of a replicate.
  package var trial: Int
  package var status: TrialResult.Status
  /// The epochs trained: a whole number, or a fraction of the first epoch.
  package var epochs: Double
  /// The metrics of the epoch that the goal selects; nil without a score.
  package var metrics: Metrics?

  package init(trial: Int, status: TrialResult.Status, epochs: Double, metrics: Metrics? = nil) {
    self.trial = trial
    self.status = status
    self.epochs = epochs
    self.metrics = metrics
  }
}

extension SearchFile {
  /// The maximum number of epochs of a trial with these values, which must belong to the space.
  package func epochs(_ values: [Value]) -> Int {
    if case .fixed(.integer(let epochs))? = settings[format.budgetKey] { return epochs }
    guard let configuration = configuration(values: values) else {
      preconditionFailure("\(values) are not in the space")
    }
    return configuration.integer(format.budgetKey)
  }

  /// The result of an ended trial with these values, for ranking and display.
  package func result(of end: TrialEnd, _ values: [Value]) -> TrialResult {
    TrialResult(
      trial: end.trial, values: effective(values), status: end.status, epochs: end.epochs,
      budget: end.status == .stopped || end.status == .paused ? end.epochs / Double(epochs(values)) : 1,
      metrics: end.metrics, goal: goal)
  }
}
