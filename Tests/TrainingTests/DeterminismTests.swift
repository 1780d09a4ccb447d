import Foundation
import Testing

@testable import Training

@Suite struct DeterminismTests {
  @Test(arguments: Activation.allCases)
  func sameSeedGivesTheSameBits(activation: Activation) throws {
    let recipe = sampleRecipe(hidden: [9, 6], activation: activation)
    let (first, second) = (try Trainer(sample: recipe), try Trainer(sample: recipe))
    first.train(epochs: 4)
    second.train(epochs: 4)
    #expect(first.checkpoint() == second.checkpoint())
  }

  @Test func otherSeedGivesOtherWeights() throws {
    let first = try Trainer(sample: sampleRecipe(seed: 1)).model()
    let second = try Trainer(sample: sampleRecipe(seed: 2)).model()
    #expect(first != second)
  }

  @Test func everyEpochHasItsOwnOrder() throws {
    // The weights do not change, so only another first batch changes the loss.
    let trainer = try Trainer(sample: sampleRecipe(learningRate: 1e-30, l2: 0))
    let losses = (0..<2).map { epoch in
      #expect(trainer.trainEpoch { _ in false } == .stopped)
      defer { trainer.train(epochs: epoch + 1) }
      return trainer.progress.score.loss
    }
    #expect(losses[0] != losses[1])
  }

  @Test(arguments: 1...5)
  func resumedRunEqualsTheUninterruptedOne(epoch: Int) throws {
    let recipe = sampleRecipe(hidden: [9, 6], epochs: 6)
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 6)
    let cut = try Trainer(sample: recipe)
    cut.train(epochs: epoch)
    let resumed = try cut.resumed(recipe)
    resumed.train(epochs: 6)
    #expect(resumed.checkpoint() == uncut.checkpoint())
  }

  @Test(arguments: [OptimizerRule.momentum(0.9), .nesterov(0.9), .adamW], 1...3)
  func resumedOptimizersEqualUninterruptedOnes(rule: OptimizerRule, epoch: Int) throws {
    var recipe = sampleRecipe(hidden: [9, 6], optimizer: rule, learningRate: 0.02)
    recipe.training.schedule = .cosine(warmup: 1)
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 4)
    let cut = try Trainer(sample: recipe)
    cut.train(epochs: epoch)
    #expect(cut.trainEpoch { $0 < 4 * epoch + 2 } == .stopped)
    let resumed = try cut.resumed(recipe)
    resumed.train(epochs: 4)
    #expect(resumed.checkpoint() == uncut.checkpoint())
  }

  @Test(arguments: 1...3)
  func resumedConvolutionsEqualUninterruptedOnes(epoch: Int) throws {
    let recipe = sampleRecipe(
      convolutions: sampleConvolutions, hidden: [5], optimizer: .momentum(0.9), learningRate: 0.02)
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 4)
    let cut = try Trainer(sample: recipe)
    cut.train(epochs: epoch)
    #expect(cut.trainEpoch { $0 < 4 * epoch + 2 } == .stopped)
    let resumed = try cut.resumed(recipe)
    resumed.train(epochs: 4)
    #expect(resumed.checkpoint() == uncut.checkpoint())
  }

  @Test(arguments: 1...4)
  func runInterruptedWithinAnEpochResumes(step: Int) throws {
    let recipe = sampleRecipe()
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 3)
    let cut = try Trainer(sample: recipe)
    #expect(cut.stepsPerEpoch == 4)
    #expect(cut.trainEpoch { $0 < step } == .stopped)
    #expect(cut.step == step)
    let resumed = try cut.resumed(recipe)
    resumed.train(epochs: 3)
    cut.train(epochs: 3)
    #expect(resumed.checkpoint() == uncut.checkpoint())
    #expect(cut.checkpoint() == uncut.checkpoint())
  }

  @Test func evaluatingInBetweenChangesNothing() throws {
    let (plain, evaluated) = (
      try Trainer(sample: sampleRecipe()), try Trainer(sample: sampleRecipe())
    )
    plain.train(epochs: 3)
    while evaluated.epoch < 3 {
      _ = evaluated.trainEpoch { _ in
        _ = evaluated.validate()
        return true
      }
    }
    #expect(plain.checkpoint() == evaluated.checkpoint())
  }

  @Test(arguments: RoundedProducts.areSupported ? [Precision.f32, .bf16] : [.f32])
  func concurrentTrainingChangesNothing(precision: Precision) async throws {
    let recipe = sampleRecipe(hidden: [40, 30], epochs: 10).with(precision)
    let alone = try Trainer(sample: recipe)
    alone.train(epochs: 10)
    let expected = alone.checkpoint()
    let checkpoints = try await withThrowingTaskGroup(of: Checkpoint.self) { group in
      for _ in 0..<3 {
        group.addTask { try await trainedOnThread(recipe, epochs: 10) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(checkpoints.count == 3)
    #expect(checkpoints.allSatisfy { $0 == expected })
  }
}

private func trainedOnThread(_ recipe: Recipe, epochs: Int) async throws -> Checkpoint {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread {
      continuation.resume(
        with: Result {
          let trainer = try Trainer(sample: recipe)
          trainer.train(epochs: epochs)
          return trainer.checkpoint()
        })
    }
  }
}
