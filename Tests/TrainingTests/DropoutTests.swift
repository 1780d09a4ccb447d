import COneDNN
import Randomness
import Testing

@testable import Training

@Suite struct DropoutTests {
  private func mask(_ count: Int, threshold: UInt32, scale: Float, position: UInt64 = 0) -> [Float] {
    let ones = [Float](repeating: 1, count: count)
    var (kept, mask) = (ones, ones)
    var how = dropout_t(
      seed: 0x1234_5678_9abc, stream: 7 << 48 | 3, position: position, threshold: threshold, scale: scale)
    drop_out(ones, &kept, &mask, count, &how)
    #expect(kept == mask)
    return mask
  }

  @Test func maskUsesTheGeneratorsBits() {
    let (start, threshold) = (UInt64(1) << 40, UInt32(20_000))
    let mask = mask(300, threshold: threshold, scale: 2, position: start)
    for place in 0..<300 {
      // Sixteen blocks give 128 numbers: half a word each, word by word, block by block.
      let (part, lane) = (place % 128 / 16, place % 16)
      let block = Philox.block(
        seed: 0x1234_5678_9abc, stream: 7 << 48 | 3, position: start + UInt64(place / 128 * 16 + lane))
      let word = part / 4 == 0 ? block.first : block.second
      let bits = UInt32(truncatingIfNeeded: word >> UInt64(part % 4 * 16)) & 0xffff
      #expect(mask[place] == (bits < threshold ? 0 : 2), "\(place)")
    }
  }

  @Test func dropRateMatchesTheProbability() {
    let mask = mask(100_000, threshold: 16384, scale: 4.0 / 3)
    #expect(abs(Double(mask.count { $0 == 0 }) / 100_000 - 0.25) < 0.005)
    #expect(abs(mask.reduce(0.0) { $0 + Double($1) } / 100_000 - 1) < 0.01)
  }

  @Test(arguments: Activation.allCases)
  func stepFollowsTheGradientUnderDropout(activation: Activation) throws {
    // Two hidden layers with the mask read from the pass itself, then finite differences.
    let shape = Architecture(inputs: 25, hidden: [7, 5], activation: activation, classes: 3)
    let network = Network(shape)
    network.initialize(.he, seed: 4)
    let images = try sampleDataset().train
    let dropout = Dropout(network, capacity: 8, probability: 0.4, seed: 9)
    let forward = ForwardPass(network, capacity: 8, dropout: dropout)
    let backward = BackwardPass(forward)
    forward.gather(images, at: (0..<8).map { $0 }[...])
    func loss() -> Double {
      forward.run(rows: 8, step: 3)
      return forward.score(rows: 8).loss / 8
    }
    for layer in network.layers {
      for (row, column) in [(0, 0), (2, 1), (4, 2)] {
        network.initialize(.he, seed: 4)
        let place = network.weights(layer).row(row)
        let start = place[column]
        place[column] = start + 0.01
        let above = loss()
        place[column] = start - 0.01
        let below = loss()
        place[column] = start
        _ = loss()
        let rate = LearningRate(base: 1, schedule: .constant, stepsPerEpoch: 1, epochs: 1)
        let optimizer = Optimizer(network, .sgd, Penalty([0], .coupled, layers: 3), rate)
        backward.run(rows: 8, optimizer, step: 3)
        let change = Double(network.weights(layer).row(row)[column] - start)
        #expect(abs(change + (above - below) / 0.02) < 2e-3, "\(row) \(column)")
      }
    }
  }

  @Test func evaluationDropsNothing() throws {
    var recipe = sampleRecipe(hidden: [9, 6], learningRate: 1e-30, l2: 0)
    let plain = try Trainer(sample: recipe).validate()
    recipe.model.dropout = 0.5
    let trainer = try Trainer(sample: recipe)
    #expect(trainer.validate() == plain)
    trainer.train(epochs: 1)
    #expect(trainer.validate() == plain)
    #expect(trainer.progress.history[0].trainLoss != plain.loss)
  }

  @Test(arguments: 1...3)
  func resumedRunDropsTheSame(epoch: Int) throws {
    var recipe = sampleRecipe(hidden: [9, 6])
    recipe.model.dropout = 0.3
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 4)
    let cut = try Trainer(sample: recipe)
    cut.train(epochs: epoch)
    #expect(cut.trainEpoch { $0 < 4 * epoch + 2 } == .stopped)
    let checkpoint = try Checkpoint(decoding: cut.checkpoint().encoded(), name: "c")
    let resumed = try Trainer(resuming: checkpoint, recipe: recipe, data: cut.data)
    resumed.train(epochs: 4)
    #expect(resumed.checkpoint() == uncut.checkpoint())
  }
}
