import Testing

@testable import Training

@Suite struct DigitsTests {
  @Test func imagesAreTheSameOnEveryMachine() {
    let images = Digits.drawImages(set: 0, count: 20)
    let labels = Digits.drawLabels(set: 1, count: 20)
    #expect(
      SHA256.hexadecimal(images)
        == "8fb77674b26505f214b5b589da60139d0aa3c6ba658d062a2daf83a744f06889")
    #expect(
      SHA256.hexadecimal(labels)
        == "2de0799a86aad449a3d9089fe48aaafdb040b19302413d7df6051e7c3397a940")
  }

  @Test func shorterSetIsAPrefixOfALongerOne() {
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
