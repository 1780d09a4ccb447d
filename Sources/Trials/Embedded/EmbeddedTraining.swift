import Search
import Training

/// The embedded training core as a trial body: trains the network of a configuration.
package struct EmbeddedTraining: TrialBody {
  private let data: any TrainingDataSource

  /// Training on the datasets of a source.
  package init(_ data: any TrainingDataSource) {
    self.data = data
  }

  package func forgetData() { data.forget() }

  package func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    let recipe = Recipe(work.configuration, seed: work.seed)
    let images: TrainingData
    do {
      images = try data.data(for: recipe.dataset)
      control.loaded(try data.digest(of: recipe.dataset))
    } catch {
      return .unable("\(error)")
    }
    do {
      return train(try trainer(recipe, images, work.checkpoint), work, control)
    } catch {
      return .failed("\(error)")
    }
  }

  /// The trainer, resumed from the checkpoint, or new if the checkpoint is unusable.
  private func trainer(_ recipe: Recipe, _ images: TrainingData, _ checkpoint: [UInt8]) throws -> Trainer {
    if !checkpoint.isEmpty, let checkpoint = try? Checkpoint(decoding: checkpoint, name: "checkpoint"),
      let trainer = try? Trainer(resuming: checkpoint, recipe: recipe, data: images)
    {
      return trainer
    }
    return try Trainer(recipe, data: images)
  }

  private func train(_ trainer: Trainer, _ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    let lastStep = work.budget < 1 ? trainer.steps(in: work.budget) : .max
    // In an epoch of few steps, two parts may end with the same step.
    if trainer.step >= lastStep { return endPart(trainer, work) }
    while Double(trainer.epoch) < work.budget, !trainer.isComplete {
      let outcome = trainer.trainEpoch { step in
        control.advance()
        return step < lastStep && control.order == .proceed
      }
      switch outcome {
      case .stopped:
        if control.order == .stop { return .stopped }
        return trainer.step >= lastStep ? endPart(trainer, work) : .suspended(.init(trainer))
      case .diverged: return .diverged
      case .completed(let metrics):
        if trainer.epoch > work.reported { control.report(TrialMeasurement(metrics)) }
      }
    }
    return trainer.isComplete ? .done : .suspended(.init(trainer))
  }

  /// The end of an attempt that has trained its part of the first epoch.
  private func endPart(_ trainer: Trainer, _ work: TrialWork) -> TrialOutcome {
    let validation = trainer.validate()
    guard validation.loss.isFinite else { return .diverged }
    let metrics: Metrics = ["val_loss": validation.loss, "val_accuracy": validation.accuracy]
    return .suspended(.init(trainer, measurement: TrialMeasurement(step: work.budget, metrics)))
  }
}

/// Loads training data, each selection once.
package protocol TrainingDataSource: Sendable {
  /// The training and validation images of a selection.
  func data(for selection: DatasetSelection) throws -> TrainingData

  /// The SHA-256 of the whole dataset of a selection.
  func digest(of selection: DatasetSelection) throws -> [UInt8]

  /// Removes all data, so that the next request loads it again.
  func forget()
}

extension TrialOutcome.Suspension {
  fileprivate init(_ trainer: Trainer, measurement: TrialMeasurement? = nil) {
    self.init(
      checkpoint: trainer.checkpoint().encoded(), steps: trainer.epoch, measurement: measurement)
  }
}

extension TrialMeasurement {
  init(_ epoch: EpochMetrics) {
    self.init(
      step: Double(epoch.epoch),
      [
        "train_loss": epoch.trainLoss, "train_accuracy": epoch.trainAccuracy,
        "val_loss": epoch.validationLoss, "val_accuracy": epoch.validationAccuracy,
      ])
  }
}
