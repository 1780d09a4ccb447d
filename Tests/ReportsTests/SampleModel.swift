import Foundation

@testable import Training

/// A dataset of 6x6 images in three classes, each a bright row with noise. The labels begin at a number.
func sampleDataset(labelsFrom first: Int = 0) throws -> Dataset {
  let folder = NSTemporaryDirectory() + "trawl-reports-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer {
    do {
      try FileManager.default.removeItem(atPath: folder)
    } catch {
      print("\(folder) is left: \(error)")
    }
  }
  for (name, count) in [("train", 60), ("t10k", 30)] {
    let pixels = (0..<count * 36).map { place -> UInt8 in
      let (image, row) = (place / 36, place % 36 / 6)
      return UInt8((row / 2 == image % 3 ? 90 : 0) + place * 7919 % 101)
    }
    let images = [0, 0, 8, 3] + sides([count, 6, 6]) + pixels
    let labels = [0, 0, 8, 1] + sides([count]) + (0..<count).map { UInt8(first + $0 % 3) }
    try Data(images).write(to: URL(fileURLWithPath: "\(folder)/\(name)-images-idx3-ubyte"))
    try Data(labels).write(to: URL(fileURLWithPath: "\(folder)/\(name)-labels-idx1-ubyte"))
  }
  return try DatasetCatalog(DatasetLocations(dataPath: [])).load(.idx(path: folder))
}

/// Numbers as the header of an IDX file has them.
private func sides(_ numbers: [Int]) -> [UInt8] {
  numbers.flatMap { [0, 0, UInt8($0 >> 8), UInt8($0 & 255)] }
}

/// A network that has been trained for a few epochs.
struct SampleRun {
  let dataset: Dataset
  let recipe: Recipe
  let model: Model
  let history: [EpochMetrics]

  init(convolutions: [Convolution] = [], epochs: Int = 2, labelsFrom first: Int = 0) throws {
    dataset = try sampleDataset(labelsFrom: first)
    recipe = Recipe(
      dataset: DatasetSelection(source: .idx(path: "sample"), validation: .count(12)),
      model: ModelRecipe(convolutions: convolutions, hidden: [7]),
      training: TrainingRecipe(epochs: epochs, batch: 16, learningRate: 0.02), seed: 1)
    let trainer = try Trainer(recipe, data: TrainingData(dataset, recipe.dataset))
    while trainer.epoch < epochs { _ = trainer.trainEpoch() }
    model = trainer.model()
    history = trainer.progress.history
  }
}

/// A network with its initial weights.
func untrainedModel(_ architecture: Architecture) -> Model {
  let network = Network(architecture)
  network.initialize(.he, seed: 3)
  return Model(network, dataset: "none", labels: LabelSet(count: architecture.classes))
}
