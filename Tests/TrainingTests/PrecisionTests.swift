import COneDNN
import Foundation
import Randomness
import Testing

@testable import Training

@Suite struct PrecisionTests {
  @Test func roundingIsToNearestTiesToEven() {
    let cases: [(UInt32, UInt16)] = [
      (0x3F80_0000, 0x3F80), (0x3F80_7FFF, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81),
      (0x3F81_8000, 0x3F82), (0xBF80_8001, 0xBF81), (0, 0), (0x8000_0000, 0x8000),
      (0x7F7F_FFFF, 0x7F80), (0x7F80_0000, 0x7F80), (0x7FC0_0000, 0x7FC0), (0x0000_8001, 0x0001),
    ]
    let values = cases.map { Float(bitPattern: $0.0) }
    for count in 0...cases.count {
      var rounded = [UInt16](repeating: 7, count: cases.count)
      round_each(values, &rounded, count)
      #expect(rounded[..<count].elementsEqual(cases[..<count].map(\.1)))
      #expect(rounded[count...].allSatisfy { $0 == 7 })
    }
  }

  @Test func unsupportedProcessorIsNamed() {
    if RoundedProducts.areSupported {
      #expect(throws: Never.self) { try Precision.bf16.check() }
    } else {
      #expect(throws: RecipeError.self) { try Precision.bf16.check() }
    }
    #expect(throws: Never.self) { try Precision.f32.check() }
  }

  @Test func checkpointOfAnotherPrecisionIsRejected() throws {
    let trainer = try Trainer(sample: sampleRecipe())
    var other = sampleRecipe()
    other.training.precision = .bf16
    let error = #expect(throws: RecipeError.self) { try trainer.checkpoint().check(other) }
    #expect(error?.field == "train.precision")
  }
}

/// Tests that need a processor with bfloat16 instructions.
@Suite(.enabled(if: RoundedProducts.areSupported, "no bfloat16 on this processor"))
struct RoundedTrainingTests {
  /// One per code path of a step; the last batch is smaller.
  static var recipes: [Recipe] {
    var dropout = sampleRecipe(hidden: [9, 6], activation: .leakyReLU, decay: .norm)
    dropout.model.dropout = 0.2
    var augmented = sampleRecipe(hidden: [7], activation: .tanh)
    augmented.augmentation = Augmentation(rotation: 10, shift: 0.1, scale: 0.1, mode: .online)
    var cosine = sampleRecipe(hidden: [9, 6], optimizer: .nesterov(0.9), decay: .decoupled)
    cosine.training.schedule = .cosine(warmup: 1)
    return [
      sampleRecipe(hidden: []), sampleRecipe(hidden: [9, 6], activation: .sigmoid), dropout, augmented,
      sampleRecipe(hidden: [9, 6], optimizer: .momentum(0.9), learningRate: 0.02), cosine,
      sampleRecipe(hidden: [9], optimizer: .adamW, learningRate: 0.01),
      sampleRecipe(convolutions: sampleConvolutions, hidden: [5]),
    ].map { $0.with(.bf16) }
  }

  /// Random numbers around 0, exact and rounded to bfloat16.
  private func numbers(_ count: Int, stream: UInt64) -> (exact: [Float], rounded: [Double]) {
    var generator = Philox(seed: 3, stream: stream)
    let exact = (0..<count).map { _ in Float(generator.normal()) }
    var rounded = [UInt16](repeating: 0, count: count)
    round_each(exact, &rounded, count)
    return (exact, rounded.map { Double(Float(bitPattern: UInt32($0) << 16)) })
  }

  @Test(arguments: [(4, 3), (4, 4), (33, 20)])
  func productsUseRoundedFactors(capacity: Int, rows: Int) {
    let network = Network(Architecture(inputs: 20, hidden: [19], activation: .relu, classes: 3))
    let layer = network.layers[0]
    let (weights, input) = (numbers(20 * layer.stride, stream: 1), numbers(rows * 20, stream: 2))
    let gradient = numbers(rows * layer.stride, stream: 3)
    _ = network.weights(layer).storage.update(fromContentsOf: weights.exact)
    let buffer = FloatBuffer(count: 4 * capacity * 32 + 20 * layer.stride)
    let inputs = buffer.matrix(at: 0, rows: rows, columns: 20, stride: 20)
    let gradients = buffer.matrix(at: capacity * 32, rows: rows, columns: 19, stride: layer.stride)
    _ = inputs.storage.update(fromContentsOf: input.exact)
    _ = gradients.storage.update(fromContentsOf: gradient.exact)
    let products = RoundedProducts(network, capacity: capacity)
    products.round(input: inputs, of: 0)
    products.round(gradient: gradients, of: 0)

    let sums = buffer.matrix(
      at: 2 * capacity * 32, rows: capacity, columns: 19, stride: layer.stride)
    products.multiply(layer: 0, into: sums)
    let back = buffer.matrix(at: 3 * capacity * 32, rows: capacity, columns: 20, stride: 20)
    products.backpropagate(layer: 0, into: back)
    let slopes = buffer.matrix(
      at: 4 * capacity * 32, rows: 20, columns: 19, stride: layer.stride)
    products.differentiate(layer: 0, into: slopes)
    func near(_ result: Float, _ terms: [Double]) -> Bool {
      abs(Double(result) - terms.reduce(0, +)) < 1e-4
    }
    for row in 0..<capacity {
      let here = row < rows
      for output in 0..<19 where here || sums.row(row)[output] != 0 {
        let terms = (0..<20).map {
          input.rounded[row * 20 + $0] * weights.rounded[$0 * layer.stride + output]
        }
        #expect(here && near(sums.row(row)[output], terms))
      }
      for place in 0..<20 where here || back.row(row)[place] != 0 {
        let terms = (0..<19).map {
          gradient.rounded[row * layer.stride + $0] * weights.rounded[place * layer.stride + $0]
        }
        #expect(here && near(back.row(row)[place], terms))
      }
    }
    for place in 0..<20 {
      for output in 0..<19 {
        let terms = (0..<rows).map {
          input.rounded[$0 * 20 + place] * gradient.rounded[$0 * layer.stride + output]
        }
        #expect(near(slopes.row(place)[output], terms))
      }
    }
  }

  @Test(arguments: Activation.allCases, [[], [7], [7, 5]])
  func stepIsCloseToFloat32(activation: Activation, hidden: [Int]) throws {
    for convolutions in [[], sampleConvolutions] {
      let recipe = sampleRecipe(
        convolutions: convolutions, hidden: hidden, activation: activation, batch: 49)
      try compareSteps(recipe)
    }
  }

  /// With 8 bits the relative error of a factor is at most 1/256, and errors of different signs average out.
  private func compareSteps(_ recipe: Recipe) throws {
    let start = try Trainer(sample: recipe).model()
    let (exact, rounded) = (try Trainer(sample: recipe), try Trainer(sample: recipe.with(.bf16)))
    exact.train(epochs: 1)
    rounded.train(epochs: 1)
    for (layer, before) in start.layers.enumerated() {
      for part in [\Model.LayerParameters.weights, \.bias] {
        let ends = [exact, rounded].map { $0.model().layers[layer][keyPath: part] }
        let changes = ends.map { zip($0, before[keyPath: part]).map { $0 - $1 } }
        let largest = changes[0].map(abs).max() ?? 0
        #expect(largest > 0 && changes[0] != changes[1])
        let difference = zip(changes[0], changes[1]).map { abs($0 - $1) }.max() ?? 1
        #expect(difference < 0.03 * largest, "layer \(layer)")
      }
    }
  }

  @Test(arguments: recipes.indices)
  func interruptedRunGivesTheSameBits(index: Int) throws {
    let recipe = Self.recipes[index]
    let uncut = try Trainer(sample: recipe)
    uncut.train(epochs: 4)
    for step in [1, 3, 6, 8] {
      let cut = try Trainer(sample: recipe)
      _ = cut.train(untilStep: step)
      let resumed = try cut.resumed(recipe)
      resumed.train(epochs: 4)
      #expect(resumed.checkpoint() == uncut.checkpoint(), "cut at \(step)")
    }
  }

  @Test func learnsAsWellAsFloat32() throws {
    let dataset = try sampleDataset(SampleFiles(train: 600, test: 200))
    let ends = try Precision.allCases.map { precision in
      let recipe = sampleRecipe(hidden: [24], epochs: 8).with(precision)
      let trainer = try Trainer(recipe, data: TrainingData(dataset, recipe.dataset))
      trainer.train(epochs: 8)
      return try trainer.model().test(on: dataset).overall
    }
    #expect(ends[0].accuracy > 0.9)
    #expect(abs(ends[0].accuracy - ends[1].accuracy) <= 0.02)
    #expect(abs(ends[0].loss - ends[1].loss) <= 0.02)
    #expect(ends[0] != ends[1])
  }

  @Test func benchmarkMeasuresBFloat16() throws {
    let recipe = sampleRecipe(hidden: [9, 6]).with(.bf16)
    let data = try TrainingData(sampleDataset(), recipe.dataset)
    var reading = Duration.zero
    let result = try TrainingBenchmark.run(recipe, data: data, rounds: 2) {
      reading += .milliseconds(1)
      return reading
    }
    #expect(result.samplesPerSecond > 0 && result.gflops > 0)
  }
}

extension Recipe {
  func with(_ precision: Precision) -> Recipe {
    var recipe = self
    recipe.training.precision = precision
    return recipe
  }
}
