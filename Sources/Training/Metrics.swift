/// How well a network does on a set of images.
package struct Evaluation: Sendable, Equatable {
  /// The mean cross-entropy in nats, without the penalty on the weights; never below 0.
  package let loss: Double
  /// The part of the images whose likeliest class is their label, 0 to 1.
  package let accuracy: Double

  /// A loss that is not a number stays one.
  package init(loss: Double, accuracy: Double) {
    // oneDNN's log-softmax is up to 1.43e-6 above 0 for an image of which the network is certain. Cutting off each image's
    // excess would change the last digits of the loss of every well-trained network, so the mean is cut off.
    self.loss = loss < 0 ? 0 : loss
    self.accuracy = accuracy
  }

  init(_ score: BatchScore) {
    self.init(
      loss: score.loss / Double(score.examples), accuracy: Double(score.correct) / Double(score.examples))
  }
}

/// What came out of an epoch.
package struct EpochMetrics: Sendable, Equatable {
  /// Counted from 1.
  package let epoch: Int
  /// Mean cross-entropy over the epoch's own batches, each before its step.
  package let trainLoss: Double
  /// Accuracy over the epoch's own batches, each before its step.
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

/// How a call to `Trainer.train(untilStep:)` ended.
package enum BudgetOutcome: Sendable, Equatable {
  /// With how well the network does on the validation images then.
  case reached(Evaluation)
  /// The observer asked for it.
  case stopped
  /// The loss became infinite or not a number. With the last completed epoch, if there was one.
  case diverged(EpochMetrics?)
}

/// How a call to `Trainer.trainEpoch` ended.
package enum EpochOutcome: Sendable, Equatable {
  case completed(EpochMetrics)
  /// The observer asked for it. Training goes on from there when it is called again.
  case stopped
  /// The loss became infinite or not a number. With the last completed epoch, if there was one.
  case diverged(EpochMetrics?)
}
