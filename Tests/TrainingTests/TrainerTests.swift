import Testing

@testable import Training

@Suite struct TrainerTests {
  @Test func learnsTheSample() throws {
    let trainer = try Trainer(sample: sampleRecipe(hidden: [16], epochs: 60, learningRate: 0.3))
    trainer.train(epochs: 60)
    let history = trainer.progress.history
    #expect(history.map(\.epoch) == Array(1...60))
    #expect(history[59].validationAccuracy > 0.9)
    #expect(history[59].trainLoss < history[0].trainLoss)
  }

  @Test func lastBatchHoldsTheRemainder() throws {
    // 49 training images in batches of 16: three full batches and one of a single image.
    let trainer = try Trainer(sample: sampleRecipe())
    var steps: [Int] = []
    _ = trainer.trainEpoch {
      steps.append($0)
      return true
    }
    #expect(trainer.stepsPerEpoch == 4)
    #expect(steps == [1, 2, 3, 4])
    #expect(trainer.epoch == 1)
    #expect(trainer.step == 4)
  }

  @Test func metricsAreThoseOfTheNetwork() throws {
    let trainer = try Trainer(sample: sampleRecipe(batch: 49, learningRate: 1e-30, l2: 0))
    guard case .completed(let metrics) = trainer.trainEpoch() else {
      Issue.record("the epoch was not completed")
      return
    }
    let reference = ReferenceNetwork(trainer.model())
    let set = trainer.data.dataset.train
    func loss(_ indices: [Int32]) -> Double {
      reference.loss(
        indices.map { set.image(Int($0)).map { Double($0) / 255 } },
        indices.map { Int(set.label(Int($0))) })
    }
    #expect(abs(metrics.trainLoss - loss(trainer.data.train)) < 1e-5)
    #expect(abs(metrics.validationLoss - loss(trainer.data.validation)) < 1e-5)
  }

  @Test(arguments: Activation.allCases)
  func divergenceEndsTheRun(activation: Activation) throws {
    let recipe = sampleRecipe(
      hidden: [8, 8], activation: activation, epochs: 50, learningRate: 1e30, l2: 1e10)
    let trainer = try Trainer(sample: recipe)
    var outcome = trainer.trainEpoch()
    while case .completed = outcome, trainer.epoch < 50 { outcome = trainer.trainEpoch() }
    #expect(outcome == .diverged(trainer.progress.history.last))
    #expect(trainer.trainEpoch() == outcome)
  }

  @Test func checkpointOfAnotherRecipeIsRejected() throws {
    let trainer = try Trainer(sample: sampleRecipe())
    let checkpoint = trainer.checkpoint()
    var other = sampleRecipe()
    other.training.learningRate = 0.2
    #expect {
      try Trainer(resuming: checkpoint, recipe: other, data: trainer.data)
    } throws: { error in
      "\(error)" == "train.lr: 0.2 differs from the checkpoint's 0.1"
    }
  }

  @Test func checkpointForOtherImagesIsRejected() throws {
    let trainer = try Trainer(sample: sampleRecipe())
    for (key, value) in [("step_in_epoch", "5"), ("step_in_epoch", "1"), ("examples", "16")] {
      var file = try Safetensors(decoding: trainer.checkpoint().encoded(), name: "c")
      file.metadata[key] = value
      let checkpoint = try Checkpoint(decoding: file.encoded(), name: "c")
      #expect(throws: RecipeError.self) {
        try Trainer(resuming: checkpoint, recipe: trainer.recipe, data: trainer.data)
      }
    }
  }

  @Test func resumingMayAddEpochs() throws {
    let trainer = try Trainer(sample: sampleRecipe(epochs: 2))
    trainer.train(epochs: 2)
    let resumed = try Trainer(
      resuming: trainer.checkpoint(), recipe: sampleRecipe(epochs: 9), data: trainer.data)
    #expect(resumed.epoch == 2)
  }
}
