/// What trials are ranked by.
package enum Objective: String, CaseIterable, Sendable {
  /// The validation accuracy after the last epoch.
  case valAccuracy = "val_accuracy"
  /// The best validation accuracy of all epochs.
  case bestValAccuracy = "best_val_accuracy"
  /// The validation loss after the last epoch.
  case valLoss = "val_loss"

  /// Whether more is better.
  package var isMaximized: Bool { self != .valLoss }

  /// The epoch by which a history is judged: the last, or the first of those with the best
  /// accuracy. Its numbers are what results.csv shows. Nil without an epoch.
  package func decisive(_ history: [EpochScore]) -> EpochScore? {
    guard self == .bestValAccuracy else { return history.last }
    return history.filter(\.valAccuracy.isFinite).reduce(nil) { best, epoch in
      guard let best, best.valAccuracy >= epoch.valAccuracy else { return epoch }
      return best
    }
  }

  /// What it compares of an epoch.
  package func value(_ epoch: EpochScore) -> Double { self == .valLoss ? epoch.valLoss : epoch.valAccuracy }

  /// The score of a history of epochs; nil when there is none or it is not finite.
  package func score(_ history: [EpochScore]) -> Double? {
    guard let epoch = decisive(history) else { return nil }
    return value(epoch).isFinite ? value(epoch) : nil
  }
}

/// What one epoch reached on the validation images.
package struct EpochScore: Hashable, Sendable {
  /// The share of images that were recognised.
  package var valAccuracy: Double
  /// The mean cross-entropy.
  package var valLoss: Double

  /// What an epoch reached.
  package init(valAccuracy: Double, valLoss: Double) {
    self.valAccuracy = valAccuracy
    self.valLoss = valLoss
  }
}
