import Foundation
import Platform
import Reports
import RunFiles
import Search
import Training
import Trials

/// A model file and the files that `trawl train` wrote into its folder.
struct TrainedModel {
  /// The folder of the model.
  let folder: String
  private let model: Model

  /// - Parameter path: the model file or its folder.
  init(at path: String) throws {
    let file = try Self.file(at: path)
    folder = URL(filePath: file).deletingLastPathComponent().relativePath
    model = try UserError.wrapping { try Model(contentsOf: file) }
  }

  /// The model file that a path names: the file itself, or `model.safetensors` in a folder.
  static func file(at path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw UserError("\(path): no such file; name a run directory, a model file or the folder of a model")
    }
    let file = isFolder.boolValue ? "\(path)/model.safetensors" : path
    guard FileManager.default.fileExists(atPath: file) else {
      throw UserError(missingModel(in: path))
    }
    return file
  }

  private static func missingModel(in folder: String) -> String {
    if RunDirectory(path: folder).isRun {
      return "\(folder) is a search; name the folder of its best trial, \(folder)/best"
    }
    guard FileManager.default.fileExists(atPath: "\(folder)/recipe.yaml") else {
      return "\(folder) holds neither a search nor a model.safetensors"
    }
    let recipe = "\(folder)/recipe.yaml".asShellWord
    return
      "\(folder) holds a recipe, but no model.safetensors; 'trawl train \(recipe) --output NAME' trains one"
  }

  /// What models are called in a picture of several: the shortest ends of their paths that differ.
  static func names(of models: [TrainedModel]) -> [String] {
    let parts = models.map { URL(filePath: $0.folder).standardizedFileURL.pathComponents }
    let longest = parts.map(\.count).max() ?? 1
    let names = (1...max(1, longest)).lazy.map { count in
      parts.map { $0.suffix(count).joined(separator: "/") }
    }
    return names.first { Set($0).count == models.count } ?? models.map(\.folder)
  }

  /// The parts of the model's pictures that lie beside it.
  ///
  /// - Parameter showsTest: whether the test images are evaluated.
  func pictures(showsTest: Bool) throws -> ModelPictures {
    let file = try recipeFile()
    let recipe = file.flatMap { file in file.configuration(values: []).map { Recipe($0, seed: file.seed) } }
    let name = file?.name ?? URL(filePath: folder).lastPathComponent
    var pictures = ModelPictures(model, name: name, recipe: recipe, history: try history(named: name))
    guard showsTest else { return pictures }
    do {
      let source = recipe?.dataset.source ?? DatasetSelection.Source(argument: model.dataset)
      pictures.test = try TestEvaluation(model, on: DatasetCatalog(.ofThisMachine).load(source))
    } catch {
      pictures.testProblem = "\(error)"
    }
    return pictures
  }

  /// The recipe beside the model; nil if there is none.
  private func recipeFile() throws -> SearchFile? {
    let path = "\(folder)/recipe.yaml"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try SearchFileSource.read(path).parse()
  }

  /// The history in the model's folder, with a name for the legend; nil if there is none.
  func history(named name: String) throws -> TrainingHistory? {
    let path = "\(folder)/history.csv"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let table = try UserError.wrapping { try CSVFile(contentsOf: path) }
    // Training with 'validation: test' writes columns named test_*.
    let judge = table.columns.contains("test_loss") ? "test" : "val"
    var epochs: [EpochMetrics] = []
    let columns = ["epoch", "train_loss", "train_accuracy", "\(judge)_loss", "\(judge)_accuracy"]
    try UserError.wrapping {
      try table.forEachRow(of: columns) { cells in
        let numbers = cells[1...].compactMap(\.number)
        guard numbers.count == 4, let epoch = cells[0].integer else { return false }
        epochs.append(
          EpochMetrics(
            epoch: epoch, train: Evaluation(loss: numbers[0], accuracy: numbers[1]),
            validation: Evaluation(loss: numbers[2], accuracy: numbers[3])))
        return true
      }
    }
    return TrainingHistory(epochs, name: name, validationName: judge == "test" ? "test" : "validation")
  }
}
