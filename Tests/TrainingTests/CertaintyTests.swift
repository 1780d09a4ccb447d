import Testing

@testable import Training

/// Networks with probability 1 for every label: the cross-entropy is 0, and rounding must not make it negative.
@Suite struct CertaintyTests {
  /// Images of 1 x `classes` pixels; the index of the white pixel is the class.
  private func data(classes: Int, count: Int = 64) throws -> TrainingData {
    let width = max(classes, 2)
    func part(_ count: Int) -> (images: [UInt8], labels: [UInt8]) {
      let labels = (0..<count).map { UInt8($0 % classes) }
      let pixels = labels.flatMap { label in (0..<width).map { UInt8($0 == Int(label) ? 255 : 0) } }
      return (
        IDXHeader(sides: [count, 1, width]).bytes + pixels,
        IDXHeader(sides: [count]).bytes + labels
      )
    }
    var files = SampleFiles()
    (files.trainImages, files.trainLabels) = part(count)
    (files.testImages, files.testLabels) = part(9)
    return try TrainingData(sampleDataset(files), recipe(batch: 8).dataset)
  }

  private func recipe(
    batch: Int, epochs: Int = 2, finetune: TrainingRecipe.Finetune = .none, precision: Precision = .f32
  ) -> Recipe {
    var recipe = sampleRecipe(hidden: [], epochs: epochs, batch: batch, learningRate: 10_000, l2: 0)
    recipe.training.finetune = finetune
    recipe.training.precision = precision
    return recipe
  }

  /// Every reported training loss, in order, and the loss on the test images.
  private func losses(_ recipe: Recipe, _ data: TrainingData) throws -> [Double] {
    let trainer = try Trainer(recipe, data: data)
    trainer.train(epochs: recipe.training.epochs)
    let test = Evaluator(trainer.network).report(data.dataset.test, classes: data.dataset.shape.classes)
    return trainer.progress.history.flatMap { [$0.trainLoss, $0.validationLoss] } + [test.overall.loss]
  }

  @Test(arguments: [1, 2, 3], [1, 7, 8, 53])
  func noLossIsBelowZero(classes: Int, batch: Int) throws {
    let losses = try losses(recipe(batch: batch), data(classes: classes))
    #expect(losses.allSatisfy { $0 >= 0 }, "\(losses)")
    #expect(losses.dropFirst(3).first == 0, "the network must be certain: \(losses)")
  }

  @Test func noLossOfALeastSquaresLayerIsBelowZero() throws {
    let losses = try losses(recipe(batch: 8, finetune: .leastSquares), data(classes: 1))
    #expect(losses.allSatisfy { $0 >= 0 }, "\(losses)")
  }

  @Test(.enabled(if: RoundedProducts.areSupported, "this processor has no bfloat16"))
  func noLossWithRoundedFactorsIsBelowZero() throws {
    let losses = try losses(recipe(batch: 8, precision: .bf16), data(classes: 2))
    #expect(losses.allSatisfy { $0 >= 0 }, "\(losses)")
  }

  @Test func nanLossRemainsNaN() {
    #expect(Evaluation(loss: .nan, accuracy: 0).loss.isNaN)
    #expect(Evaluation(loss: -1e-6, accuracy: 1).loss == 0)
  }
}
