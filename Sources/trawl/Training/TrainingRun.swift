import Foundation
import Platform
import Reports
import RunFiles
import Search
import Training
import Trials

/// Trains a recipe, writes a checkpoint after every epoch, and writes the model and its report into a folder.
struct TrainingRun {
  /// The content of `report.json`.
  struct Report: Codable {
    var epochs: Int
    /// The epoch of the model and of its losses and accuracies.
    var modelEpoch: Int
    var diverged: Bool
    var trainLoss: Double?
    var trainAccuracy: Double?
    var valLoss: Double?
    var valAccuracy: Double?
    var testLoss: Double?
    var testAccuracy: Double?
    var seconds: Double
    var precision: String
    var numerics: String

    /// The report in a folder; nil if there is none that can be read.
    static func read(in folder: String) -> Report? {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return FileManager.default.contents(atPath: "\(folder)/report.json").flatMap {
        try? decoder.decode(Report.self, from: $0)
      }
    }
  }

  private let isQuiet: Bool
  private let testImages: TestImages
  private let configuration: Configuration
  /// The name of the recipe.
  private let name: String
  private let recipe: Recipe
  private let folder: String
  private let store = DatasetStore()
  /// What the user should know about the data, one line each.
  let notes: [String]

  /// The use of the test images after training.
  enum TestImages {
    case unused
    /// The pictures show the model's predictions.
    case drawn
    /// The report also has the loss and the accuracy.
    case reported
  }

  /// The run of a file without distributions; throws if the file has any.
  init(
    _ file: SearchFile, into folder: String, isQuiet: Bool, testImages: TestImages = .drawn
  ) throws {
    guard file.space.isEmpty, let configuration = file.configuration(values: []) else {
      let parameter = file.space.parameters[0]
      throw UserError(
        file.error(
          at: parameter.path,
          "is a distribution; run 'trawl search', or set one value with --set \(parameter.field)=VALUE"))
    }
    notes = try file.checkTraining(with: store)
    try InstructionSet.set(file.numerics)
    self.configuration = configuration
    name = file.name
    recipe = Recipe(configuration, seed: file.seed)
    self.folder = folder
    self.isQuiet = isQuiet
    self.testImages = testImages
  }

  /// The prefix of the column names for the images that are evaluated after each epoch: `test` or `val`.
  private var judge: String { recipe.dataset.validation == .test ? "test" : "val" }
  private var model: String { "\(folder)/model.safetensors" }
  private var checkpoint: String { "\(folder)/checkpoint.safetensors" }

  /// The treatment of an existing checkpoint in the folder.
  enum Beginning {
    /// Throw.
    case fromStart
    /// Resume from it.
    case resumed
    /// Resume from it if it is from this recipe, otherwise start from the beginning.
    case resumedWhereItFits
  }

  /// Trains to the end and writes everything.
  func run(_ beginning: Beginning, stop: Latch) throws -> Report {
    let data = try UserError.wrapping { try store.data(for: recipe.dataset) }
    let trainer = try UserError.wrapping { try makeTrainer(data, beginning) }
    try System.makeFolder(folder)
    try AtomicFile.write(configuration.recipe(seed: recipe.seed), to: "\(folder)/recipe.yaml")
    var terminal = Terminal()
    let begin = monotonicNow()
    let isComplete = trainer.isComplete
    let diverged = try train(trainer, &terminal, stop)
    let result = diverged ? nil : trainer.result()
    let seconds = (isComplete ? Report.read(in: folder)?.seconds : nil) ?? (monotonicNow() - begin).seconds
    var report = report(trainer, diverged: diverged, seconds: seconds)
    if testImages == .reported, judge != "test", let result {
      let test = try UserError.wrapping { try result.test(on: data.dataset).overall }
      (report.testLoss, report.testAccuracy) = (test.loss, test.accuracy)
    }
    try write(report, trainer.progress.history)
    guard let result else {
      throw UserError(
        "training diverged after epoch \(trainer.epoch) (the loss is not finite); try a lower train.lr")
    }
    try UserError.wrapping { try result.write(to: model) }
    print("model: \(model)")
    draw(result, trainer.progress.history, on: data.dataset)
    return report
  }

  /// Writes the pictures of the model beside it. The model is complete without them.
  private func draw(_ model: Model, _ history: [EpochMetrics], on dataset: Dataset) {
    do {
      try drawAll(model, history, on: dataset)
      if !isQuiet { StandardError.say("pictures: \(folder)/*.svg") }
    } catch {
      let detail = (error as? UserError)?.message ?? "\(error)"
      StandardError.say(
        "no pictures: \(detail); 'trawl plot \(folder)' draws them")
    }
  }

  private func drawAll(_ model: Model, _ history: [EpochMetrics], on dataset: Dataset) throws {
    var pictures = ModelPictures(
      model, name: name, recipe: recipe,
      history: TrainingHistory(history, validationName: judge == "test" ? "test" : "validation"))
    if testImages != .unused {
      pictures.test = try UserError.wrapping { try TestEvaluation(model, on: dataset) }
    }
    let folder = PictureFolder(path: folder)
    for kind in ModelPictures.Kind.allCases where kind != .initialWeights {
      for picture in pictures.pictures(kind) { _ = try folder.write(picture) }
    }
  }

  private func makeTrainer(_ data: TrainingData, _ beginning: Beginning) throws -> Trainer {
    guard FileManager.default.fileExists(atPath: checkpoint) else {
      return try Trainer(recipe, data: data)
    }
    do {
      guard beginning != .fromStart else {
        throw UserError(
          "\(folder) already holds a training run; resume it with --resume, or choose another --output")
      }
      return try Trainer(resuming: Checkpoint(contentsOf: checkpoint), recipe: recipe, data: data)
    } catch {
      guard beginning == .resumedWhereItFits else { throw error }
      return try Trainer(recipe, data: data)
    }
  }

  /// Trains the remaining epochs; returns true if the loss diverged.
  private func train(_ trainer: Trainer, _ terminal: inout Terminal, _ stop: Latch) throws -> Bool {
    while !trainer.isComplete {
      switch trainer.trainEpoch(observe: { _ in !stop.isRaised }) {
      case .stopped:
        try UserError.wrapping { try trainer.checkpoint().write(to: checkpoint) }
        terminal.say(
          "stopped in epoch \(trainer.epoch + 1) of \(recipe.training.epochs); resume with the same command and --resume"
        )
        throw ExitStatus.interrupted
      case .diverged: return true
      case .completed(let metrics):
        try UserError.wrapping { try trainer.checkpoint().write(to: checkpoint) }
        if !isQuiet { terminal.say(line(metrics)) }
      }
    }
    return false
  }

  private func line(_ metrics: EpochMetrics) -> String {
    String(
      format: "epoch %d/%d  train loss %.4f accuracy %.4f  \(judge) loss %.4f accuracy %.4f",
      metrics.epoch, recipe.training.epochs, metrics.trainLoss, metrics.trainAccuracy,
      metrics.validationLoss, metrics.validationAccuracy)
  }

  private func report(_ trainer: Trainer, diverged: Bool, seconds: Double) -> Report {
    let epoch = trainer.progress.history.first { $0.epoch == trainer.resultEpoch }
    var report = Report(
      epochs: trainer.epoch, modelEpoch: trainer.resultEpoch, diverged: diverged, trainLoss: epoch?.trainLoss,
      trainAccuracy: epoch?.trainAccuracy, seconds: seconds, precision: recipe.training.precision.rawValue,
      numerics: "\(NumericsFingerprint.current)")
    if recipe.dataset.validation == .test {
      (report.testLoss, report.testAccuracy) = (epoch?.validationLoss, epoch?.validationAccuracy)
    } else {
      (report.valLoss, report.valAccuracy) = (epoch?.validationLoss, epoch?.validationAccuracy)
    }
    return report
  }

  private func write(_ report: Report, _ history: [EpochMetrics]) throws {
    try AtomicFile.write(JSON.data(report), to: "\(folder)/report.json")
    var csv = CSV(columns: ["epoch", "train_loss", "train_accuracy", "\(judge)_loss", "\(judge)_accuracy"])
    for epoch in history {
      csv.append([
        .integer(epoch.epoch), .real(epoch.trainLoss), .real(epoch.trainAccuracy),
        .real(epoch.validationLoss), .real(epoch.validationAccuracy),
      ])
    }
    try AtomicFile.write(Data(csv.bytes), to: "\(folder)/history.csv")
  }
}
