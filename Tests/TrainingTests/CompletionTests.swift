import Testing

@testable import Training

/// The end of a training run and its result.
@Suite struct CompletionTests {
  @Test func patienceEndsTheRun() throws {
    // Nothing is learned, so the first epoch remains the best.
    var recipe = sampleRecipe(epochs: 50, learningRate: 1e-30, l2: 0)
    recipe.training.patience = 3
    let trainer = try Trainer(sample: recipe)
    while !trainer.isComplete { _ = trainer.trainEpoch() }
    #expect(trainer.epoch == 4)
    #expect(try trainer.resumed(recipe).isComplete)
    recipe.training.patience = 4
    #expect(try !trainer.resumed(recipe).isComplete)
  }

  @Test(arguments: 1...3)
  func bestWeightsAreKeptAcrossAResume(epoch: Int) throws {
    var recipe = sampleRecipe(hidden: [16], epochs: 12, learningRate: 0.8)
    recipe.training.keep = .best
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 12)
    let best = try #require(uncut.progress.best)
    let again = try Trainer(sample: recipe)
    again.train(epochs: best.epoch)
    #expect(uncut.result() == again.model())
    let cut = try Trainer(sample: recipe)
    cut.train(epochs: epoch)
    let resumed = try cut.resumed(recipe)
    resumed.train(epochs: 12)
    #expect(resumed.checkpoint() == uncut.checkpoint())
    #expect(resumed.result() == uncut.result())
  }

  @Test func lastWeightsAreTheResultByDefault() throws {
    let trainer = try Trainer(sample: sampleRecipe(learningRate: 0.8))
    trainer.train(epochs: 4)
    #expect(trainer.result() == trainer.model())
  }

  @Test func checkpointWithoutTheBestWeightsIsRejected() throws {
    let trainer = try Trainer(sample: sampleRecipe())
    trainer.train(epochs: 1)
    var recipe = sampleRecipe()
    recipe.training.keep = .best
    #expect(throws: RecipeError.self) { try trainer.resumed(recipe) }
  }

  @Test func leastSquaresFitsTheLastLayerInTheLastEpoch() throws {
    var recipe = sampleRecipe(hidden: [12], epochs: 3)
    let plain = try Trainer(sample: recipe)
    plain.train(epochs: 3)
    recipe.training.finetune = .leastSquares
    let trainer = try Trainer(sample: recipe)
    trainer.train(epochs: 2)
    let resumed = try trainer.resumed(recipe)
    trainer.train(epochs: 3)
    resumed.train(epochs: 3)
    #expect(trainer.checkpoint() == resumed.checkpoint())
    let (fitted, start) = (trainer.model().layers, plain.model().layers)
    #expect(fitted[0] == start[0] && fitted[1] != start[1])
    #expect(squaredError(trainer) < squaredError(plain) - 0.01)
    recipe.training.epochs = 4
    #expect(throws: RecipeError.self) { try trainer.resumed(recipe) }
  }

  /// The last layer's squared errors to the one-hot labels on the training images.
  private func squaredError(_ trainer: Trainer) -> Double {
    let reference = ReferenceNetwork(trainer.model())
    let set = trainer.data.dataset.train
    return trainer.data.train.reduce(0) { total, image in
      let sums = reference.sums(set.image(Int(image)).map { Double($0) / 255 })
      return sums.enumerated().reduce(total) {
        let error = $1.element - ($1.offset == Int(set.label(Int(image))) ? 1 : 0)
        return $0 + error * error
      }
    }
  }

  @Test(arguments: [1, 3, 4, 6, 8, 11, 16, 99])
  func trainingContinuesAfterAStepBudget(target: Int) throws {
    let recipe = sampleRecipe(epochs: 4)
    let whole = try Trainer(sample: recipe)
    whole.train(epochs: 4)
    let trainer = try Trainer(sample: recipe)
    let outcome = trainer.train(untilStep: target)
    #expect(trainer.step == min(target, 16))
    #expect(outcome == .reached(trainer.validate()))
    #expect(trainer.progress.history.count == trainer.step / 4)
    #expect(trainer.train(untilStep: 16) == .reached(whole.validate()))
    #expect(trainer.checkpoint() == whole.checkpoint())
  }

  @Test func budgetStopsAndDiverges() throws {
    let trainer = try Trainer(sample: sampleRecipe())
    #expect(trainer.train(untilStep: 9) { $0 < 4 } == .stopped)
    #expect(trainer.step == 4)
    let wild = try Trainer(sample: sampleRecipe(learningRate: 1e30, l2: 1e10))
    #expect(wild.train(untilStep: 16) == .diverged(wild.progress.history.last))
  }
}
