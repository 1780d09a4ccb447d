import Foundation
import Testing

@testable import Training

@Suite struct LabelTests {
  /// An IDX file of labels: a number of a type for each label, or a row of as many columns, the label first.
  private func file(_ labels: [Int], _ element: IDXElement = .uint8, columns: Int? = nil) -> [UInt8] {
    let sides = [labels.count] + (columns.map { [$0] } ?? [])
    let header = [0, 0, element.rawValue] + IDXHeader(sides: sides).bytes.dropFirst(3)
    return header
      + labels.flatMap { label in
        ([label] + Array(repeating: 77, count: (columns ?? 1) - 1)).flatMap { number in
          (0..<element.size).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
      }
  }

  /// The small dataset, with 12 training and 6 test images, with other label files.
  private func dataset(train: [UInt8], test: [UInt8]) throws -> Dataset {
    var files = SampleFiles(train: 12, test: 6, side: 3)
    (files.trainLabels, files.testLabels) = (train, test)
    let folder = try TemporaryFolder()
    try folder.write(files)
    return try DatasetCatalog(DatasetLocations()).load(.idx(path: folder.path))
  }

  private func problem(train: [UInt8], test: [UInt8]) throws -> DatasetError.Problem? {
    do {
      _ = try dataset(train: train, test: test)
      return nil
    } catch let error as DatasetError {
      #expect(!error.description.contains("\n"))
      return error.problem
    }
  }

  private let train = [1, 2, 26, 1, 2, 26, 1, 2, 26, 1, 2, 26]
  private let test = [26, 1, 2, 2, 1, 26]

  @Test(arguments: [IDXElement.uint8, .int8, .int16, .int32], [nil, 1, 8])
  func labelsWithGapsBecomeClasses(element: IDXElement, columns: Int?) throws {
    let dataset = try dataset(
      train: file(train, element, columns: columns), test: file(test, element, columns: columns))
    #expect(dataset.labels.values == [1, 2, 26])
    #expect(dataset.notes == ["labels 1 to 2, 26 are classes 0 to 2"])
    #expect((0..<6).map { dataset.test.label($0) } == [2, 0, 1, 1, 0, 2])
    #expect(dataset.train.histogram(classes: dataset.classes) == [4, 4, 4])
  }

  @Test func labelsFromZeroNeedNoNote() throws {
    let dataset = try sampleDataset()
    #expect(dataset.notes.isEmpty)
    #expect(dataset.labels.areClasses)
  }

  @Test func labelsReach65535() throws {
    let high = [train, test].map { file($0.map { $0 + 65509 }, .int32) }
    #expect(try dataset(train: high[0], test: high[1]).labels.values == [65510, 65511, 65535])
  }

  @Test func labelsOutsideTheLimitsAreRejected() throws {
    var labels = train
    labels[4] = 65536
    #expect(
      try problem(train: file(labels, .int32), test: file(test)) == .labelOutOfRange(65536, item: 4))
    for element in [IDXElement.int8, .int16, .int32] {
      labels[4] = -1
      let found = try problem(train: file(labels, element), test: file(test))
      #expect(found == .labelOutOfRange(-1, item: 4))
    }
    let files = SampleFiles(train: 300, test: 6, side: 3)
    let folder = try TemporaryFolder()
    try folder.write(files)
    try folder.write(file(Array(0..<300), .int16), to: DatasetFiles.names[1])
    #expect(throws: DatasetError("\(folder.path)/\(DatasetFiles.names[1])", .tooManyLabels(300))) {
      try DatasetCatalog(DatasetLocations()).load(.idx(path: folder.path))
    }
  }

  @Test func testLabelsMustBeTrainingLabels() throws {
    let found = try problem(train: file(train), test: file([26, 1, 2, 3, 1, 26]))
    #expect(
      found == .unknownLabel(3, item: 3, known: try #require(LabelSet(text: "1,2,26"))))
    // Not every class needs a test image.
    let fewer = try dataset(train: file(train), test: file([26, 26, 26, 26, 26, 26]))
    #expect(fewer.test.histogram(classes: 3) == [0, 0, 6])
  }

  @Test func otherLabelFilesAreRejectedInWords() throws {
    let oneHot = try problem(train: file(train, columns: 10), test: file(test, columns: 10))
    #expect(oneHot == .dimensions([12, 10], .labels))
    for element in [IDXElement.float32, .float64] {
      #expect(try problem(train: file(train, element), test: file(test)) == .elements(element, .labels))
    }
  }

  @Test(arguments: [("1,2,3", "1 to 3"), ("0", "0"), ("0,4,5,9", "0, 4 to 5, 9")])
  func labelsAreShownAsRanges(text: String, shown: String) throws {
    let labels = try #require(LabelSet(text: text))
    #expect("\(labels)" == shown)
    #expect(labels.text == text)
  }

  @Test func manyRangesAreCutShort() throws {
    let labels = try #require(LabelSet(text: (0..<30).map { "\(3 * $0)" }.joined(separator: ",")))
    #expect("\(labels)" == "0, 3, 6, 9, 12, 15, 18, 21, 24, 27 and 20 more")
  }

  @Test(arguments: ["", "x", "1,1", "2,1", "-1,2", "1,65536", "1,,2"])
  func otherTextIsNoLabelSet(text: String) {
    #expect(LabelSet(text: text) == nil)
  }

  // MARK: Models

  /// A model trained for an epoch on labels 1, 2 and 26.
  private func trainer() throws -> Trainer {
    let dataset = try dataset(train: file(train), test: file(test))
    let recipe = sampleRecipe(epochs: 2, batch: 4).validating(3)
    let trainer = try Trainer(recipe, data: TrainingData(dataset, recipe.dataset))
    trainer.train(epochs: 1)
    return trainer
  }

  @Test func modelFilesKeepTheLabels() throws {
    let trainer = try trainer()
    let model = trainer.model()
    #expect(model.safetensors().metadata["labels"] == "1,2,26")
    #expect(try Model(decoding: model.encoded(), name: "m").labels.values == [1, 2, 26])
    #expect(try trainer.resumed(sampleRecipe(epochs: 2, batch: 4).validating(3)).model() == model)
    for text in ["1,2", "1,2,x", "1,2,3,4"] {
      var damaged = model.safetensors()
      damaged.metadata["labels"] = text
      #expect(throws: ModelError.self) { try Model(decoding: damaged.encoded(), name: "m") }
    }
    let plain = try Trainer(sample: sampleRecipe()).model()
    #expect(plain.safetensors().metadata["labels"] == nil)
  }

  @Test func labelsDecideTheClassesOfOtherDatasets() throws {
    let model = try trainer().model()
    let own = try dataset(train: file(train), test: file(test))
    let report = try model.test(on: own)
    // The same images, in a dataset that lacks the label 1 and therefore numbers its classes otherwise.
    let others = [26, 2, 2, 2, 2, 26]
    let fewer = try dataset(train: file(others + others), test: file(others))
    let mapped = try model.test(on: fewer)
    #expect(mapped.confusion.map { $0.reduce(0, +) } == [0, 4, 2])
    #expect(report.confusion.map { $0.reduce(0, +) } == [2, 2, 2])
    let columns = { (report: TestReport) in
      (0..<3).map { column in report.confusion.reduce(0) { $0 + $1[column] } }
    }
    #expect(columns(mapped) == columns(report))
    let mistakes = try model.worstMistakes(on: fewer, count: 6)
    #expect(mistakes.allSatisfy { $0.label != 0 })
  }

  @Test func unknownLabelsAreRejected() throws {
    let model = try trainer().model()
    let other = try dataset(train: file(train.map { $0 + 1 }), test: file(test.map { $0 + 1 }))
    #expect {
      try model.test(on: other)
    } throws: {
      "\($0)".hasSuffix("does not fit the model: its labels are 2 to 3, 27, the model knows 1 to 2, 26")
    }
  }

  @Test func checkpointOfOtherLabelsIsRejected() throws {
    let checkpoint = try trainer().checkpoint()
    let other = try dataset(train: file(train.map { $0 + 1 }), test: file(test.map { $0 + 1 }))
    let recipe = sampleRecipe(epochs: 2, batch: 4).validating(3)
    #expect(throws: RecipeError.self) {
      try Trainer(resuming: checkpoint, recipe: recipe, data: TrainingData(other, recipe.dataset))
    }
  }
}

extension Recipe {
  /// The recipe with another number of validation images.
  fileprivate func validating(_ count: Int) -> Recipe {
    var recipe = self
    recipe.dataset.validation = .count(count)
    return recipe
  }
}
