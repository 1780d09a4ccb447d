/// The metrics of a network on a set of images.
package struct Evaluation: Sendable, Equatable {
  /// The mean cross-entropy in nats, without the weight penalty; never below 0.
  package let loss: Double
  /// The fraction of correctly classified images, 0 to 1.
  package let accuracy: Double

  /// A NaN loss remains NaN.
  package init(loss: Double, accuracy: Double) {
    // oneDNN's log-softmax can be up to 1.43e-6 above 0 for an image that the network classifies with certainty.
    // Clipping each image would change the last digits of the loss of every well-trained network, so only the mean is
    // clipped.
    self.loss = loss < 0 ? 0 : loss
    self.accuracy = accuracy
  }

  init(_ score: BatchScore) {
    self.init(
      loss: score.loss / Double(score.examples), accuracy: Double(score.correct) / Double(score.examples))
  }
}

/// The metrics of one epoch.
package struct EpochMetrics: Sendable, Equatable {
  /// Starts at 1.
  package let epoch: Int
  /// Mean cross-entropy over the epoch's training batches, each before its step.
  package let trainLoss: Double
  /// Accuracy over the epoch's training batches, each before its step.
  package let trainAccuracy: Double
  /// Mean cross-entropy on the validation images after the epoch.
  package let validationLoss: Double
  package let validationAccuracy: Double

  package init(epoch: Int, train: Evaluation, validation: Evaluation) {
    self.epoch = epoch
    trainLoss = train.loss
    trainAccuracy = train.accuracy
    validationLoss = validation.loss
    validationAccuracy = validation.accuracy
  }
}

/// The result of `Trainer.train(untilStep:)`.
package enum BudgetOutcome: Sendable, Equatable {
  /// The step target was reached or training is complete; with the current metrics on the validation images.
  case reached(Evaluation)
  /// The observer stopped the training.
  case stopped
  /// The loss became infinite or NaN. With the last completed epoch, if there is one.
  case diverged(EpochMetrics?)
}

/// The result of `Trainer.trainEpoch`.
package enum EpochOutcome: Sendable, Equatable {
  case completed(EpochMetrics)
  /// The observer stopped the training. The next call continues from there.
  case stopped
  /// The loss became infinite or NaN. With the last completed epoch, if there is one.
  case diverged(EpochMetrics?)
}
