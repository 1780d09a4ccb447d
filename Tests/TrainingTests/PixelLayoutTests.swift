import COneDNN
import Foundation
import Testing

@testable import Training

@Suite struct PixelLayoutTests {
  @Test(arguments: [
    ("0", 1, [0]), ("1", 1, [0]), ("01", 2, [1, 0]), ("1011", 4, [0, 3, 1, 2]),
    ("00110", 5, [2, 3, 0, 1, 4]), ("11111111110000000000", 16, Array(0..<20)),
  ])
  func blankPixelsComeLast(used: String, multiplied: Int, places: [Int]) {
    let layout = PixelLayout(blank: used.map { $0 == "0" })
    #expect(layout.places == places)
    #expect(layout.multiplied == multiplied)
    let first = layout.runs.flatMap { $0.start..<$0.start + $0.count }
    #expect(first == Array(used).indices.filter { Array(used)[$0] == "1" })
  }

  @Test func runsAreScaledExactly() {
    let size = 100
    let bytes = (0..<size).map { UInt8($0 * 2 + 1) }
    for (start, count, gap) in [(0, 100, 0), (3, 1, 2), (0, 17, 1), (7, 16, 40), (1, 30, 13), (99, 1, 0)] {
      let runs = stride(from: start, to: size, by: count + gap).map {
        byte_run(start: $0, count: min(count, size - $0))
      }
      let expected = runs.flatMap { bytes[$0.start..<$0.start + $0.count].map { Float($0) * 0.5 } }
      var numbers = [Float](repeating: -1, count: size + 16)
      scale_bytes(bytes, size, runs, runs.count, &numbers, 0.5)
      #expect(numbers[..<expected.count].elementsEqual(expected))
      #expect(numbers[expected.count...].allSatisfy { $0 == -1 })
    }
  }

  /// Training images with blank edges; the edges of the test images are not blank.
  private func dataset() throws -> Dataset {
    var files = SampleFiles(side: 7)
    let header = IDXHeader(sides: [60, 7, 7]).bytes.count
    for place in 0..<60 * 49 where place % 49 < 9 || place % 7 > 4 {
      files.trainImages[header + place] = 0
    }
    return try sampleDataset(files)
  }

  @Test func mostBlankPixelsAreSkipped() throws {
    let recipe = sampleRecipe()
    let data = try TrainingData(dataset(), recipe.dataset)
    #expect(try Trainer(recipe, data: data).network.layers[0].multiplied == 32)
    var augmented = recipe
    augmented.augmentation = Augmentation(rotation: 10, shift: 0, scale: 0)
    #expect(try Trainer(augmented, data: data).network.layers[0].multiplied == 49)
    var convolved = recipe
    convolved.model.convolutions = sampleConvolutions
    #expect(try Trainer(convolved, data: data).network.layout.places == Array(0..<16))
  }

  @Test func pixelsOfValidationImagesAreKept() throws {
    var recipe = sampleRecipe()
    recipe.dataset.validation = .test
    let data = try TrainingData(dataset(), recipe.dataset)
    let trainer = try Trainer(recipe, data: data)
    trainer.train(epochs: 2)
    let report = try trainer.model().test(on: data.dataset).overall
    #expect(data.layout.multiplied == 49)
    #expect(abs(trainer.progress.history[1].validationLoss - report.loss) < 1e-5)
  }

  @Test(arguments: [OptimizerRule.sgd, .momentum(0.9), .nesterov(0.9), .adamW], Decay.allCases)
  func trainsAsWithAllPixels(rule: OptimizerRule, decay: Decay) throws {
    var recipe = sampleRecipe(
      hidden: [6], epochs: 9, optimizer: rule, learningRate: 0.02, l2: 0.1, decay: decay)
    let data = try TrainingData(dataset(), recipe.dataset)
    let short = try Trainer(recipe, data: data)
    // A layer that a refit may change uses all pixels; the refit is never reached here.
    recipe.training.finetune = .leastSquares
    let whole = try Trainer(recipe, data: data)
    #expect(short.model() == whole.model())
    #expect(short.network.layers[0].multiplied < whole.network.layers[0].multiplied)
    short.train(epochs: 3)
    whole.train(epochs: 3)
    for (left, right) in zip(short.model().layers, whole.model().layers) {
      let pairs = zip(left.weights + left.bias, right.weights + right.bias)
      #expect(pairs.allSatisfy { abs($0 - $1) < 1e-4 })
    }
    #expect(short.model() == (try short.resumed(short.recipe)).model())
    let reports = try [short, whole].map { try $0.model().test(on: data.dataset).overall }
    #expect(abs(reports[0].loss - reports[1].loss) < 1e-3)
  }

  @Test(arguments: RoundedProducts.areSupported ? [Precision.f32, .bf16] : [.f32])
  func resumedRunEqualsAnUninterruptedOne(precision: Precision) throws {
    let recipe = sampleRecipe(optimizer: .momentum(0.9), learningRate: 0.02).with(precision)
    let data = try TrainingData(dataset(), recipe.dataset)
    let uncut = try Trainer(recipe, data: data)
    uncut.train(epochs: 4)
    let cut = try Trainer(recipe, data: data)
    _ = cut.train(untilStep: 6)
    let resumed = try cut.resumed(recipe)
    resumed.train(epochs: 4)
    #expect(resumed.checkpoint() == uncut.checkpoint())
  }
}
