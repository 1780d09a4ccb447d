/// The progress of a training run.
package struct TrainingProgress: Sendable, Equatable {
  /// The completed epochs.
  package private(set) var history: [EpochMetrics]
  /// Steps taken in the current epoch.
  package private(set) var stepInEpoch: Int
  /// The sums over these steps.
  private(set) var score: BatchScore

  init(
    history: [EpochMetrics] = [], stepInEpoch: Int = 0, score: BatchScore = BatchScore()
  ) {
    self.history = history
    self.stepInEpoch = stepInEpoch
    self.score = score
  }

  /// The completed epoch with the best validation accuracy, the first in a tie.
  package var best: EpochMetrics? {
    history.reduce(nil as EpochMetrics?) { best, epoch in
      if let best, best.validationAccuracy >= epoch.validationAccuracy { best } else { epoch }
    }
  }

  /// Records a step.
  mutating func advance(_ batch: BatchScore) {
    score += batch
    stepInEpoch += 1
  }

  /// Ends the current epoch.
  mutating func complete(_ metrics: EpochMetrics) {
    history.append(metrics)
    stepInEpoch = 0
    score = BatchScore()
  }
}
