/// How far a training run has come.
package struct TrainingProgress: Sendable, Equatable {
  /// The completed epochs.
  package private(set) var history: [EpochMetrics]
  /// Steps taken in the epoch that is under way.
  package private(set) var stepInEpoch: Int
  /// What these steps have added up to.
  private(set) var score: BatchScore

  init(
    history: [EpochMetrics] = [], stepInEpoch: Int = 0, score: BatchScore = BatchScore()
  ) {
    self.history = history
    self.stepInEpoch = stepInEpoch
    self.score = score
  }

  /// The completed epoch with the best validation accuracy, the first of equal ones.
  package var best: EpochMetrics? {
    history.reduce(nil as EpochMetrics?) { best, epoch in
      if let best, best.validationAccuracy >= epoch.validationAccuracy { best } else { epoch }
    }
  }

  /// A step was taken.
  mutating func advance(_ batch: BatchScore) {
    score += batch
    stepInEpoch += 1
  }

  /// The epoch under way is over.
  mutating func complete(_ metrics: EpochMetrics) {
    history.append(metrics)
    stepInEpoch = 0
    score = BatchScore()
  }
}
