import Testing

@testable import Training

@Suite struct TrainingDataTests {
  private func split(_ selection: DatasetSelection) throws -> TrainingData {
    try TrainingData(sampleDataset(), selection)
  }

  @Test func trainingAndValidationAreDisjoint() throws {
    let data = try split(DatasetSelection(source: .named("sample"), validation: .fraction(0.25)))
    #expect(data.validation.count == 15)
    #expect((data.train + data.validation).sorted() == Array(0..<60))
  }

  @Test(arguments: [false, true])
  func validatingOnTestImagesTrainsOnAllOthers(isStratified: Bool) throws {
    var selection = DatasetSelection(
      source: .named("sample"), validation: .test, isStratified: isStratified)
    let all = try split(selection)
    #expect(all.train == Array(0..<60))
    #expect(all.validation == Array(0..<20))
    #expect(all.validationImages.image(7) == all.dataset.test.image(7))
    selection.subset = 0.5
    let half = try split(selection)
    #expect(half.train.count == 30)
    #expect(half.validation.count == 20)
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

  @Test(
    arguments: [
      (DatasetSelection.Validation.count(60), "holds out 60 of 60 images and leaves none for training"),
      (.fraction(1), "holds out 60 of 60 images and leaves none for training; give a share below 1"),
      (.fraction(0.001), "holds out none of 60 images; give a larger share, or a number of images"),
    ])
  func emptySplitIsRejected(validation: DatasetSelection.Validation, words: String) {
    #expect {
      try split(DatasetSelection(source: .named("sample"), validation: validation))
    } throws: {
      "\($0)".hasPrefix("dataset.validation: \(words)")
    }
  }

  @Test(
    arguments: [
      (.count(12), "validation accuracy is measured on 12 images; one image is 8.3 %"),
      (.count(1), "validation accuracy is measured on 1 image; one image is 100.0 %"),
      (.fraction(0.099), "validation accuracy is measured on 99 images; one image is 1.0 %"),
      (.fraction(0.1), nil), (.test, nil),
    ] as [(DatasetSelection.Validation, String?)])
  func fewValidationImagesAreReported(validation: DatasetSelection.Validation, words: String?) throws {
    var recipe = sampleRecipe()
    recipe.dataset.validation = validation
    #expect(try recipe.validationWarning(images: 1000) == words)
  }

  @Test(arguments: [DatasetSelection.Validation.count(20), .test])
  func notesOfTheDataHaveTheNumberOfValidationImages(validation: DatasetSelection.Validation) throws {
    let data = try split(DatasetSelection(source: .named("sample"), validation: validation))
    #expect(data.notes == ["validation accuracy is measured on 20 images; one image is 5.0 %"])
  }

  @Test(arguments: [0.0, 1e-9, 0.02])
  func emptySubsetIsRejected(subset: Double) throws {
    #expect {
      try split(DatasetSelection(source: .named("sample"), subset: subset))
    } throws: { error in
      (error as? RecipeError)?.field == "dataset.subset"
    }
  }

  /// Three classes of unequal size: 40, 13 and 7 images.
  private func unequal() throws -> Dataset {
    var files = SampleFiles()
    files.trainLabels.replaceSubrange(
      8..., with: (0..<60).map { $0 % 3 != 0 ? 0 : $0 % 9 == 0 ? 2 : 1 })
    return try sampleDataset(files)
  }

  private func classes(_ dataset: Dataset, _ indices: [Int32]) -> [Int] {
    indices.reduce(into: [0, 0, 0]) { $0[Int(dataset.train.label(Int($1)))] += 1 }
  }

  @Test(
    arguments: [
      (1.0, DatasetSelection.Validation.fraction(0.25), [10, 3, 2], [30, 10, 5]),
      (1.0, .count(15), [10, 3, 2], [30, 10, 5]),
      (0.5, .fraction(0.2), [4, 1, 1], [16, 6, 2]),
      (1.0, .count(57), [38, 12, 7], []),
    ])
  func stratifiedSplitKeepsClassProportions(
    subset: Double, validation: DatasetSelection.Validation, held: [Int], trained: [Int]
  ) throws {
    let dataset = try unequal()
    #expect(dataset.train.histogram(classes: 3) == [40, 13, 7])
    let selection = DatasetSelection(
      source: .named("sample"), subset: subset, validation: validation, isStratified: true)
    guard !trained.isEmpty else {
      #expect {
        try TrainingData(dataset, selection)
      } throws: {
        "\($0)".hasPrefix("dataset.validation: 7 of the 7 images of class 2")
      }
      return
    }
    let data = try TrainingData(dataset, selection)
    #expect(classes(dataset, data.validation) == held)
    #expect(classes(dataset, data.train) == trained)
    #expect(Set(data.train).isDisjoint(with: data.validation))
    #expect(data.train == data.train.sorted() && data.validation == data.validation.sorted())
  }

  @Test func splitSeedDecidesStratifiedSplitsToo() throws {
    let splits = try [1, 1, 2].map {
      try split(
        DatasetSelection(
          source: .named("sample"), validation: .count(21), isStratified: true, split: $0))
    }
    #expect(splits[0].validation == splits[1].validation)
    #expect(splits[0].validation != splits[2].validation)
    #expect(classes(splits[2].dataset, splits[2].validation) == [7, 7, 7])
  }

  @Test func partsAddUpAndFollowTheWeights() {
    #expect(apportion(5, by: [1, 1, 1, 1, 1, 1]) == [1, 1, 1, 1, 1, 0])
    #expect(apportion(7, by: [3, 0, 4]) == [3, 0, 4])
    #expect(apportion(0, by: [3, 4]) == [0, 0])
    #expect(apportion(0, by: []) == [])
    for total in 0...70 {
      let weights = [40, 13, 7, 10]
      let parts = apportion(total, by: weights)
      #expect(parts.reduce(0, +) == total)
      for (part, weight) in zip(parts, weights) {
        #expect(abs(Double(part) - Double(total * weight) / 70) < 1 && part <= weight)
      }
    }
  }
}
