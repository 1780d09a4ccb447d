import Foundation
import Testing

@testable import Training

@Suite struct DatasetFilesTests {
  private let folder: TemporaryFolder
  private let files = SampleFiles()

  init() throws {
    folder = try TemporaryFolder()
  }

  private var catalog: DatasetCatalog {
    DatasetCatalog(DatasetLocations(dataPath: [folder.path], home: folder.path))
  }

  /// Writes the four files, some under other names.
  private func write(_ names: [String], to place: String = "own") throws {
    for (name, bytes) in zip(names, files.all) {
      try folder.write(name.hasSuffix(".gz") ? gzip(bytes) : bytes, to: "\(place)/\(name)")
    }
  }

  @Test(
    arguments: [
      [
        "train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte",
        "t10k-labels.idx1-ubyte",
      ],
      [
        "emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte",
        "emnist-letters-test-images-idx3-ubyte", "emnist-letters-test-labels-idx1-ubyte",
      ],
      [
        "qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int", "qmnist-test-images-idx3-ubyte",
        "qmnist-test-labels-idx2-int",
      ],
    ], ["", ".gz"])
  func namesOfOtherMirrorsAreFound(names: [String], suffix: String) throws {
    try write(names.map { $0 + suffix })
    let dataset = try catalog.load(.named("own"))
    #expect(dataset.test.image(19) == Array(files.testImages.suffix(25)))
    #expect(dataset.train.histogram(classes: 3) == [20, 20, 20])
    #expect(dataset.notes.isEmpty)
  }

  @Test func twoFilesOfAPartAreAmbiguous() throws {
    try write(DatasetFiles.names)
    try folder.write(files.testImages, to: "own/t10k-images.idx3-ubyte")
    #expect(
      throws: DatasetError(
        "\(folder.path)/own", .ambiguous("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"))
    ) { try catalog.load(.named("own")) }
  }

  @Test func filesOfTwoDatasetsAreNotMixed() throws {
    try write(DatasetFiles.names)
    let (old, new) = (DatasetFiles.names[3], "emnist-test-labels-idx1-ubyte")
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/own/\(old)", toPath: "\(folder.path)/own/\(new)")
    #expect {
      try catalog.load(.named("own"))
    } throws: {
      "\($0)".contains("holds both train-images-idx3-ubyte and \(new)")
    }
  }

  @Test func plainFileIsReadAndThePackedOneIsNot() throws {
    try write(DatasetFiles.names)
    try folder.write([1, 2, 3], to: "own/\(DatasetFiles.names[2]).gz")
    let dataset = try catalog.load(.named("own"))
    let path = "\(folder.path)/own/\(DatasetFiles.names[2]).gz"
    #expect(dataset.notes == ["\(path) is not read because the plain file there is used"])
    #expect(try catalog.inspect(.named("own")).notes == dataset.notes)
  }

  @Test func tildeIsTheHomeFolder() throws {
    try write(DatasetFiles.names)
    #expect(try catalog.load(.idx(path: "~/own")).train.count == 60)
    #expect(try catalog.folder(.idx(path: "~/own")) == "\(folder.path)/own")
    #expect(throws: DatasetError.self) { try catalog.load(.idx(path: "~own")) }
  }

  @Test func missingFolderIsNamedWithItsAbsolutePath() {
    let current = FileManager.default.currentDirectoryPath
    for path in ["./no-such-folder", "no-such-folder"] {
      #expect(throws: DatasetError(path, .noFolder("\(current)/no-such-folder"))) {
        try catalog.load(.idx(path: path))
      }
    }
  }

  @Test func fileIsNoFolder() throws {
    let path = try folder.write([1], to: "file")
    #expect(throws: DatasetError(path, .unreadable("Not a directory"))) { try catalog.load(.idx(path: path)) }
  }

  @Test func missingFilesAreNamed() throws {
    try write(Array(DatasetFiles.names.prefix(2)))
    #expect {
      try catalog.load(.idx(path: "\(folder.path)/own"))
    } throws: {
      "\($0)".contains("own: lacks t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte")
    }
  }

  @Test func folderOfTheNameIsSuggested() {
    // The tests run in the root of the repository.
    #expect {
      try catalog.load(.named("Tests"))
    } throws: {
      "\($0)".contains("for the folder of this name, write ./Tests, or idx: ./Tests in a search file")
    }
  }

  @Test(arguments: [(1, 1), (1, 2), (2, 1), (3, 7), (1, 4096)])
  func imagesOfAnySizeAreTrained(rows: Int, columns: Int) throws {
    try folder.write(SampleFiles(rows: rows, columns: columns), to: "own")
    let dataset = try catalog.load(.named("own"))
    #expect((dataset.test.rows, dataset.test.columns) == (rows, columns))
    for mode in [Augmentation.Mode.append, .online] {
      var recipe = sampleRecipe(epochs: 1)
      recipe.augmentation = Augmentation(rotation: 20, shift: 0.2, scale: 0.1, mode: mode)
      let trainer = try Trainer(recipe, data: TrainingData(dataset, recipe.dataset))
      guard case .completed = trainer.trainEpoch() else {
        Issue.record("training on \(rows) x \(columns) pixels did not complete")
        continue
      }
      #expect(try trainer.model().test(on: dataset).confusion.joined().reduce(0, +) == 20)
    }
  }
}
