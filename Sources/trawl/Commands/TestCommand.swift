import ArgumentParser
import Foundation
import Training

struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Evaluate a model on the test images of a dataset.")

  /// The output of `--json`.
  struct Report: Encodable {
    var dataset: String
    var images: Int
    var testLoss: Double
    var testAccuracy: Double
    var accuracyByClass: [Double?]
    /// Rows: true classes. Columns: predicted classes.
    var confusion: [[Int]]
  }

  @Argument(help: "The model: a safetensors file of Trawl.", completion: .file(extensions: ["safetensors"]))
  var model: String

  @Option(help: "The dataset's name or its folder of IDX files (default: the training dataset).")
  var dataset: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let report = try UserError.wrapping { try makeReport() }
    if json { return try JSON.print(report) }
    print("dataset: \(report.dataset), \(report.images) test images")
    print("test accuracy: \(report.testAccuracy)")
    print("test loss: \(report.testLoss)")
    for (index, accuracy) in report.accuracyByClass.enumerated() {
      print("class \(index): \(accuracy.map { String(format: "%.4f", $0) } ?? "no images")")
    }
  }

  private func makeReport() throws -> Report {
    let model = try Model(contentsOf: model)
    let name = dataset ?? model.dataset
    let dataset = try DatasetCatalog(.ofThisMachine).load(.init(argument: name))
    let report = try model.test(on: dataset)
    return Report(
      dataset: name, images: dataset.test.count, testLoss: report.overall.loss,
      testAccuracy: report.overall.accuracy, accuracyByClass: report.accuracyByClass,
      confusion: report.confusion)
  }
}
