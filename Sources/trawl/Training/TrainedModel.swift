import Foundation
import Reports
import RunFiles
import Search
import Training

/// A model file and the files that `trawl train` wrote into its folder.
struct TrainedModel {
  /// The folder of the model.
  let folder: String
  private let model: Model

  /// - Parameter path: the model file or its folder.
  init(at path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw UserError("\(path): no such file; name a run directory, a model file or the folder of a model")
    }
    let file = isFolder.boolValue ? "\(path)/model.safetensors" : path
    guard FileManager.default.fileExists(atPath: file) else {
      throw UserError("\(path) holds neither a search nor a model.safetensors")
    }
    folder = isFolder.boolValue ? path : URL(filePath: path).deletingLastPathComponent().relativePath
    model = try UserError.wrapping { try Model(contentsOf: file) }
  }

  /// The name of the model in a picture of several models.
  var name: String { URL(filePath: folder).lastPathComponent }

  /// Draws all pictures for which the folder has the files. The result names the reasons for missing pictures.
  func draw() throws -> ModelPictures.Result {
    let recipe = try recipe()
    var pictures = ModelPictures(model, recipe: recipe, history: try history(named: ""))
    do {
      let source = recipe?.dataset.source ?? DatasetSelection.Source(argument: model.dataset)
      pictures.test = try TestEvaluation(model, on: DatasetCatalog(.ofThisMachine).load(source))
      return pictures.draw(showsInitialWeights: true)
    } catch {
      var result = pictures.draw(showsInitialWeights: true)
      result.omissions.append("\(error)")
      return result
    }
  }

  /// The recipe in the model's folder; nil if there is none.
  private func recipe() throws -> Recipe? {
    let path = "\(folder)/recipe.yaml"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file = try SearchFileSource.read(path).parse()
    return file.configuration(values: []).map { Recipe($0, seed: file.seed) }
  }

  /// The history in the model's folder, with a name for the legend; nil if there is none.
  func history(named name: String) throws -> RunHistory? {
    let path = "\(folder)/history.csv"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let table = try UserError.wrapping { try CSVFile(contentsOf: path) }
    // Training with 'validation: test' writes columns named test_*.
    let judge = table.columns.contains("test_loss") ? "test" : "val"
    var epochs: [EpochMetrics] = []
    let columns = ["epoch", "train_loss", "train_accuracy", "\(judge)_loss", "\(judge)_accuracy"]
    table.forEachRow(of: columns) { cells in
      let numbers = cells.compactMap(\.number)
      guard numbers.count == 5 else { return }
      epochs.append(
        EpochMetrics(
          epoch: Int(numbers[0]), train: Evaluation(loss: numbers[1], accuracy: numbers[2]),
          validation: Evaluation(loss: numbers[3], accuracy: numbers[4])))
    }
    return RunHistory(epochs, name: name, validationName: judge == "test" ? "test" : "validation")
  }
}
