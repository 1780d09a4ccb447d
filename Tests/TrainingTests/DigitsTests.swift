import Testing

@testable import Training

@Suite struct DigitsTests {
  @Test func imagesAreTheSameOnEveryMachine() {
    #expect(SHA256.hexadecimal(Digits.drawImages(set: 0, count: 20)) == "")
    #expect(SHA256.hexadecimal(Digits.drawLabels(set: 1, count: 20)) == "")
  }

  @Test func shorterSetIsTheBeginningOfALongerOne() {
    let (short, long) = (
      Digits.drawImages(set: 1, count: 3), Digits.drawImages(set: 1, count: 5)
    )
    #expect(short.dropFirst(16).elementsEqual(long.dropFirst(16).prefix(3 * 784)))
  }

  @Test func setsDiffer() {
    #expect(Digits.drawImages(set: 0, count: 2) != Digits.drawImages(set: 1, count: 2))
  }

  @Test func aNetworkLearnsThemAndTheStepLengthMatters() throws {
    var files = SampleFiles()
    files.trainImages = Digits.drawImages(set: 0, count: 600)
    files.trainLabels = Digits.drawLabels(set: 0, count: 600)
    files.testImages = Digits.drawImages(set: 1, count: 10)
    files.testLabels = Digits.drawLabels(set: 1, count: 10)
    let dataset = try sampleDataset(files)
    let accuracies = try [0.2, 0.002].map { rate in
      var recipe = sampleRecipe(hidden: [32], epochs: 15, learningRate: rate, l2: 0)
      recipe.dataset.validation = .count(200)
      let trainer = try Trainer(recipe, data: TrainingData(dataset, recipe.dataset))
      trainer.train(epochs: 15)
      return trainer.validate().accuracy
    }
    #expect(accuracies[0] > 0.6)
    #expect(accuracies[1] < accuracies[0] - 0.2)
  }
}
