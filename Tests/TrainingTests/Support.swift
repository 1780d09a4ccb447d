import Foundation
import Testing

@testable import Training

/// A temporary folder for one test, deleted with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "trawl-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// Writes the four files of a dataset.
  func write(_ files: SampleFiles, to name: String = ".") throws {
    for (file, bytes) in zip(DatasetFiles.names, files.all) {
      try write(bytes, to: "\(name)/\(file)")
    }
  }
}

/// The bytes of the four files of a small dataset whose classes are blurred patterns.
struct SampleFiles {
  var trainImages: [UInt8]
  var trainLabels: [UInt8]
  var testImages: [UInt8]
  var testLabels: [UInt8]

  var all: [[UInt8]] { [trainImages, trainLabels, testImages, testLabels] }

  init(train: Int = 60, test: Int = 20, side: Int = 5, classes: Int = 3) {
    self.init(train: train, test: test, rows: side, columns: side, classes: classes)
  }

  init(train: Int = 60, test: Int = 20, rows: Int, columns: Int, classes: Int = 3) {
    (trainImages, trainLabels) = Self.part(train, rows, columns, classes: classes, salt: 1)
    (testImages, testLabels) = Self.part(test, rows, columns, classes: classes, salt: 2)
  }

  private static func part(
    _ count: Int, _ rows: Int, _ columns: Int, classes: Int, salt: Int
  ) -> (images: [UInt8], labels: [UInt8]) {
    let labels = (0..<count).map { UInt8($0 % classes) }
    let pixels = (0..<count * rows * columns).map { place in
      let pattern = (place % (rows * columns) * (3 + Int(labels[place / (rows * columns)]))) % 7
      return UInt8(pattern * 20 + (place * 7919 * salt + place / 3) % 90)
    }
    return (
      IDXHeader(sides: [count, rows, columns]).bytes + pixels,
      IDXHeader(sides: [count]).bytes + labels
    )
  }
}

/// A small dataset, mapped from files that are already deleted.
func sampleDataset(_ files: SampleFiles = SampleFiles()) throws -> Dataset {
  let folder = try TemporaryFolder()
  try folder.write(files, to: "sample")
  let locations = DatasetLocations(dataPath: [folder.path])
  return try DatasetCatalog(locations).load(.named("sample"))
}

extension ImageSet {
  /// Images of the classes 0 to 255 from the bytes of IDX files, which are written into a folder.
  init(in folder: TemporaryFolder, images: [UInt8], labels: [UInt8]) throws {
    let paths = try [folder.write(images, to: "images"), folder.write(labels, to: "labels")]
    try self.init(
      IDXImages(MappedFile(File.open(paths[0])), path: paths[0]),
      LabelFile(MappedFile(File.open(paths[1])), path: paths[1]), LabelSet(count: 256))
  }
}

/// A small recipe for `sampleDataset`.
func sampleRecipe(
  convolutions: [Convolution] = [], hidden: [Int] = [6], activation: Activation = .relu, epochs: Int = 4,
  batch: Int = 16,
  optimizer: OptimizerRule = .sgd, learningRate: Double = 0.1, l2: Double = 1e-3,
  decay: Decay? = nil, seed: UInt64 = 1
) -> Recipe {
  Recipe(
    dataset: DatasetSelection(source: .named("sample"), validation: .count(11), split: 5),
    model: ModelRecipe(convolutions: convolutions, hidden: hidden, activation: activation),
    training: TrainingRecipe(
      epochs: epochs, batch: batch, optimizer: optimizer, learningRate: learningRate, l2: [l2],
      decay: decay),
    seed: seed)
}

/// Two convolutions for the images of `sampleDataset`, with padding, strides and pooling.
let sampleConvolutions = [
  Convolution(channels: 3, kernel: 2, padding: 1, pool: 2),
  Convolution(channels: 4, kernel: 3, stride: 2, padding: 1),
]

extension Trainer {
  /// A trainer for the recipe on the small dataset.
  convenience init(sample recipe: Recipe) throws {
    try self.init(recipe, data: TrainingData(sampleDataset(), recipe.dataset))
  }

  /// Trains until the given number of epochs is complete.
  func train(epochs: Int) {
    while epoch < epochs {
      guard case .completed = trainEpoch() else { return }
    }
  }
}

extension Trainer {
  /// A new trainer that resumes from this one's encoded checkpoint.
  func resumed(_ recipe: Recipe) throws -> Trainer {
    let checkpoint = try Checkpoint(decoding: checkpoint().encoded(), name: "checkpoint")
    return try Trainer(resuming: checkpoint, recipe: recipe, data: data)
  }
}
