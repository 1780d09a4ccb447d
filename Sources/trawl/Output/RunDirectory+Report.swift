import Foundation
import Platform
import Reports
import RunFiles

extension RunDirectory {
  /// Writes the HTML report from the exported files.
  func writeReport(to path: String) throws {
    guard isRun else {
      throw UserError("\(self.path) is not the run directory of a search; 'trawl plot' draws models")
    }
    let report = SearchReport(
      try record(),
      at: .init(
        directory: self.path, state: state, version: Versions.program, libraries: Versions.libraries,
        time: Date().formatted(.iso8601), finalModel: finalModel))
    try AtomicFile.write(
      UserError.wrapping { try ReportPage(report).html() }, to: path,
      as: path == self.report ? .runFile : .output)
  }

  /// The state of the search, if it can be read.
  private var state: String {
    do { return try readStatus().state } catch { return "state unknown: no readable status.json" }
  }

  /// What is known of the model in `best`; nil if there is none.
  private var finalModel: [String]? {
    let model = "\(best)/model.safetensors"
    guard FileManager.default.fileExists(atPath: model) else { return nil }
    var sentences = ["The best configuration was trained once more: \(model), with pictures beside it."]
    if let report = TrainingRun.Report.read(in: best) {
      if let accuracy = report.testAccuracy, let loss = report.testLoss {
        sentences.append("Test accuracy \(accuracy), test loss \(loss).")
      }
      let time = Duration.seconds(report.seconds).text
      sentences.append("It was trained for \(report.modelEpoch) epochs, in \(time).")
    }
    return sentences
  }
}
