import Testing

@testable import Training

@Suite struct OptimizerTests {
  @Test(arguments: [1e-8, 2.4e-8, 6.2e-8, 1e-6, 3e-4])
  func smallDecayIsCorrectOnAverage(decay: Double) {
    let steps = 20_000
    let total = (0..<steps).reduce(0.0) { $0 + 1 - Double(retention(decay: decay, step: $1)) }
    #expect(abs(total / Double(steps) - decay) < 0.001 * decay + 1e-11)
  }

  @Test func noPenaltyLeavesWeightsUnchanged() {
    #expect((0..<1000).allSatisfy { retention(decay: 0, step: $0) == 1 })
  }

  @Test func largeDecayIsTheNearestFloat() {
    #expect(retention(decay: 0.25, step: 3) == 0.75)
  }

  @Test func weightsWiderThanABlockAreUpdatedCompletely() throws {
    // 25 x 5000 weights take two blocks; momentum 0 is plain SGD.
    let recipe = sampleRecipe(hidden: [5000], batch: 49)
    let plain = try Trainer(sample: recipe)
    var other = recipe
    other.training.optimizer = .momentum(0)
    let blocked = try Trainer(sample: other)
    plain.train(epochs: 3)
    blocked.train(epochs: 3)
    for (one, two) in zip(plain.model().layers, blocked.model().layers) {
      #expect(zip(one.weights, two.weights).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(zip(one.bias, two.bias).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test(arguments: [OptimizerRule.momentum(0.9), .nesterov(0.9), .adamW])
  func checkpointWithoutOptimizerStateIsRejected(rule: OptimizerRule) throws {
    let trainer = try Trainer(sample: sampleRecipe(optimizer: rule))
    trainer.train(epochs: 1)
    var file = try Safetensors(decoding: trainer.checkpoint().encoded(), name: "c")
    file.tensors.removeLast()
    let checkpoint = try Checkpoint(decoding: file.encoded(), name: "c")
    #expect {
      try Trainer(resuming: checkpoint, recipe: trainer.recipe, data: trainer.data)
    } throws: {
      ($0 as? RecipeError)?.field == "train.optimizer"
    }
  }
}
