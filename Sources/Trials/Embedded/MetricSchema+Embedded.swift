import Search

extension MetricSchema {
  /// The metrics of the embedded training core.
  package static let embedded = MetricSchema(
    [
      Definition("train_loss", title: "training loss", range: nonnegative, isPartial: false),
      Definition("train_accuracy", title: "training accuracy", range: 0...1, isPartial: false),
      Definition("val_loss", title: "validation loss", range: nonnegative, isPartial: true),
      Definition("val_accuracy", title: "validation accuracy", range: 0...1, isPartial: true),
    ],
    ranked: ["val_accuracy", "val_loss"], estimated: "val_accuracy",
    goals: [
      NamedGoal("val_accuracy", .valAccuracy), NamedGoal("best_val_accuracy", .bestValAccuracy),
      NamedGoal("val_loss", .valLoss),
    ])

  private static let nonnegative = 0...Double.greatestFiniteMagnitude
}

extension Goal {
  /// The validation accuracy after the last epoch.
  package static let valAccuracy = Goal("val_accuracy", isMaximized: true, tieBreaker: "val_loss")
  /// The best validation accuracy of all epochs.
  package static let bestValAccuracy = Goal(
    "val_accuracy", isMaximized: true, selection: .best, tieBreaker: "val_loss")
  /// The validation loss after the last epoch.
  package static let valLoss = Goal("val_loss", isMaximized: false, tieBreaker: "val_loss")
}
