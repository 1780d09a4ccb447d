import Testing

@testable import Training

@Suite struct TrainingDataTests {
  private func split(_ selection: DatasetSelection) throws -> TrainingData {
    try TrainingData(sampleDataset(), selection)
  }

  @Test func everyImageIsOnOneSide() throws {
    let data = try split(DatasetSelection(source: .named("sample"), validation: .fraction(0.25)))
    #expect(data.validation.count == 15)
    #expect((data.train + data.validation).sorted() == Array(0..<60))
  }

  @Test func subsetIsTakenBeforeTheValidationImages() throws {
    let data = try split(
      DatasetSelection(source: .named("sample"), subset: 0.5, validation: .fraction(1 / 6.0)))
    #expect(data.validation.count == 5)
    #expect(data.train.count == 25)
    #expect(Set(data.train).isDisjoint(with: data.validation))
  }

  @Test func splitSeedDecides() throws {
    let selections = [1, 1, 2].map {
      DatasetSelection(source: .named("sample"), validation: .count(20), split: $0)
    }
    let splits = try selections.map { try split($0).validation }
    #expect(splits[0] == splits[1])
    #expect(splits[0] != splits[2])
  }

  @Test(arguments: [DatasetSelection.Validation.count(60), .fraction(0.001)])
  func sideWithoutImagesIsRefused(validation: DatasetSelection.Validation) {
    #expect {
      try split(DatasetSelection(source: .named("sample"), validation: validation))
    } throws: { error in
      (error as? RecipeError)?.field == "dataset.validation"
    }
  }
}
