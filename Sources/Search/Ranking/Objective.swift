/// The ranking criterion of trials.
package enum Objective: String, CaseIterable, Sendable {
  /// The validation accuracy after the last epoch.
  case valAccuracy = "val_accuracy"
  /// The best validation accuracy of all epochs.
  case bestValAccuracy = "best_val_accuracy"
  /// The validation loss after the last epoch.
  case valLoss = "val_loss"

  /// Whether more is better.
  package var isMaximized: Bool { self != .valLoss }

  /// The epoch whose scores count and are shown in results.csv: the last, or the first one with the best accuracy;
  /// nil if the history is empty.
  package func decisive(_ history: [EpochScore]) -> EpochScore? {
    guard self == .bestValAccuracy else { return history.last }
    return history.filter(\.valAccuracy.isFinite).reduce(nil) { best, epoch in
      guard let best, best.valAccuracy >= epoch.valAccuracy else { return epoch }
      return best
    }
  }

  /// The compared value of an epoch.
  package func value(_ epoch: EpochScore) -> Double { self == .valLoss ? epoch.valLoss : epoch.valAccuracy }

  /// The score of a history of epochs; nil when there is none or it is not finite.
  package func score(_ history: [EpochScore]) -> Double? {
    guard let epoch = decisive(history) else { return nil }
    return value(epoch).isFinite ? value(epoch) : nil
  }
}

/// The scores of an epoch on the validation images.
package struct EpochScore: Hashable, Sendable {
  /// The share of correctly classified images.
  package var valAccuracy: Double
  /// The mean cross-entropy.
  package var valLoss: Double

  /// The scores of an epoch.
  package init(valAccuracy: Double, valLoss: Double) {
    self.valAccuracy = valAccuracy
    self.valLoss = valLoss
  }
}
