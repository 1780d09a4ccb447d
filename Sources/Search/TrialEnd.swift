/// How a trial ended, as it is stored; its values follow from its number.
package struct TrialEnd: Sendable, Equatable {
  /// The number of the trial, or of a replicate.
  package var trial: Int
  package var status: TrialResult.Status
  /// Epochs trained: a whole number, or a part of the first epoch.
  package var epochs: Double
  /// Of the epoch that the objective judges by; nil without a score.
  package var valAccuracy: Double?
  package var valLoss: Double?

  package init(
    trial: Int, status: TrialResult.Status, epochs: Double, valAccuracy: Double? = nil,
    valLoss: Double? = nil
  ) {
    self.trial = trial
    self.status = status
    self.epochs = epochs
    self.valAccuracy = valAccuracy
    self.valLoss = valLoss
  }
}

extension SearchFile {
  /// The epochs that a trial with these values, which belong to the space, trains at most.
  package func epochs(_ values: [Value]) -> Int {
    guard let configuration = configuration(values: values) else {
      preconditionFailure("\(values) are not of the space")
    }
    return configuration.integer("train.epochs")
  }

  /// The result to rank and show of a trial with these values that has ended.
  package func result(of end: TrialEnd, _ values: [Value]) -> TrialResult {
    TrialResult(
      trial: end.trial, values: values, status: end.status, epochs: end.epochs,
      budget: end.status == .stopped || end.status == .paused ? end.epochs / Double(epochs(values)) : 1,
      objective: objective == .valLoss ? end.valLoss : end.valAccuracy,
      valAccuracy: end.valAccuracy, valLoss: end.valLoss)
  }
}
