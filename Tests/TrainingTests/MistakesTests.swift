import Foundation
import Testing

@testable import Training

struct MistakesTests {
  @Test func mistakesAreOrderedByLoss() throws {
    let trainer = try Trainer(sample: sampleRecipe(epochs: 1))
    trainer.train(epochs: 1)
    let (model, dataset) = (trainer.model(), trainer.data.dataset)
    let all = try model.worstMistakes(on: dataset, count: 1000)
    let report = try model.test(on: dataset)
    let wrong = report.confusion.indices.flatMap { label in
      report.confusion[label].enumerated().filter { $0.offset != label }.map(\.element)
    }
    #expect(all.count == wrong.reduce(0, +) && !all.isEmpty)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.loss >= $1.loss })
    #expect(Set(all.map(\.index)).count == all.count)
    for mistake in all {
      #expect(mistake.label == Int(dataset.test.label(mistake.index)) && mistake.label != mistake.answer)
      #expect(mistake.answerProbability >= mistake.labelProbability)
      #expect(abs(exp(-mistake.loss) - mistake.labelProbability) < 1e-12)
    }
    #expect(try model.worstMistakes(on: dataset, count: 2) == Array(all.prefix(2)))
    #expect(try model.worstMistakes(on: dataset, count: 0).isEmpty)
  }

  @Test func lossIsNeverBelowZero() {
    var logs: [Float] = [-30, 1.43e-6, 0]
    let mistakes = logs.withUnsafeMutableBufferPointer { logs in
      (0..<3).map { Mistake(index: 0, label: $0, logProbabilities: logs) }
    }
    #expect(mistakes.map(\.loss) == [30, 0, 0] && mistakes.map(\.loss.sign) == [.plus, .plus, .plus])
    #expect(mistakes.allSatisfy { $0.answer == 1 && $0.answerProbability == 1 })
  }

  @Test func tiesAreOrderedByIndexAndNaNComesFirst() {
    func mistake(_ index: Int, _ log: Float) -> Mistake {
      var logs = [log, 0]
      return logs.withUnsafeMutableBufferPointer { Mistake(index: index, label: 0, logProbabilities: $0) }
    }
    let sorted = [mistake(3, -2), mistake(1, -2), mistake(4, .nan), mistake(2, -1), mistake(0, -.infinity)]
      .sorted { $0.isWorse(than: $1) }
    #expect(sorted.map(\.index) == [0, 4, 1, 3, 2])
  }

  @Test func imagesOfAnotherSizeAreRejected() throws {
    let model = try Trainer(sample: sampleRecipe()).model()
    let other = try sampleDataset(SampleFiles(side: 4))
    #expect(throws: ModelError.self) { try model.worstMistakes(on: other, count: 1) }
  }

  @Test(arguments: [[], sampleConvolutions])
  func initialModelIsTheStartOfTraining(convolutions: [Convolution]) throws {
    let recipe = sampleRecipe(convolutions: convolutions, hidden: [9, 6], seed: 7)
    let trainer = try Trainer(sample: recipe)
    let start = trainer.model()
    trainer.train(epochs: 2)
    #expect(trainer.model() != start)
    #expect(trainer.model().initial(recipe) == start)
  }

  @Test func recipeOfAnotherNetworkHasNoInitialModel() throws {
    let recipe = sampleRecipe(hidden: [9, 6])
    let model = try Trainer(sample: recipe).model()
    #expect(model.initial(sampleRecipe(hidden: [9, 7])) == nil)
    #expect(model.initial(sampleRecipe(hidden: [9, 6], activation: .tanh)) == nil)
    #expect(model.initial(sampleRecipe(convolutions: sampleConvolutions, hidden: [9, 6])) == nil)
  }
}
