import ArgumentParser
import Foundation
import Platform
import RunFiles
import Training
import Trials

struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Evaluate a model on the test images of a dataset.",
    discussion: """
      Prints for each label the number of its test images, the accuracy on them, and the wrong labels that \
      the model predicts for them most often, with counts.
      """)

  /// The output of `--json`.
  struct Report: Encodable {
    var dataset: String
    var images: Int
    var testLoss: Double
    var testAccuracy: Double
    /// The label of each class.
    var labels: [Int]
    var accuracyByClass: [Double?]
    /// Rows: true classes. Columns: predicted classes.
    var confusion: [[Int]]
  }

  @Argument(
    help: "The model: a safetensors file of Trawl, or its folder.",
    completion: .file(extensions: ["safetensors"]))
  var model: String

  @Option(help: "The dataset's name or its folder of IDX files (default: the training dataset).")
  var dataset: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let (report, trained) = try UserError.wrapping { try makeReport() }
    if json { return try JSON.print(report) }
    print("dataset: \(report.dataset), \(report.images) test images")
    print("test accuracy: \(report.testAccuracy)")
    print("test loss: \(report.testLoss)")
    print(report.table(meanings: KnownDataset.named(trained)?.meanings ?? []).text)
  }

  /// The report, and the dataset on which the model was trained.
  private func makeReport() throws -> (Report, trained: String) {
    let model = try Model(contentsOf: TrainedModel.file(at: model))
    let name = dataset ?? model.dataset
    let dataset = try DatasetCatalog(.ofThisMachine).load(.init(argument: name))
    let report = try model.test(on: dataset)
    let result = Report(
      dataset: name, images: dataset.test.count, testLoss: report.overall.loss,
      testAccuracy: report.overall.accuracy, labels: model.labels.values,
      accuracyByClass: report.accuracyByClass, confusion: report.confusion)
    return (result, model.dataset)
  }
}

extension TestCommand.Report {
  /// A row for each label, with its meaning if there is one.
  fileprivate func table(meanings: [String]) -> Table {
    var table = Table(columns: ["label", "images", "accuracy", "taken for"])
    for (index, answers) in confusion.enumerated() {
      table.rows.append([
        meanings.indices.contains(labels[index])
          ? "\(labels[index]) \(meanings[labels[index]])" : "\(labels[index])",
        "\(answers.reduce(0, +))",
        accuracyByClass[index].map { String(format: "%.4f", $0) } ?? "", confusions(answers, of: index),
      ])
    }
    return table
  }

  /// The three most frequent wrong answers with their numbers, such as "9 (12), 4 (7), 8 (1)".
  private func confusions(_ answers: [Int], of index: Int) -> String {
    let wrong = answers.indices.filter { $0 != index && answers[$0] > 0 }
    return wrong.sorted { (answers[$1], $0) < (answers[$0], $1) }.prefix(3)
      .map { "\(labels[$0]) (\(answers[$0]))" }.joined(separator: ", ")
  }
}
