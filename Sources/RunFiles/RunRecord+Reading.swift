import Foundation
import Search

extension RunRecord {
  /// Reads the files of a run directory. While a search runs, each file is replaced as a whole, but not all at the same
  /// time, so one may contain a trial that another does not contain yet.
  ///
  /// - Parameters:
  ///   - directory: the path of the run directory.
  ///   - file: its search file.
  package init(directory: String, file: SearchFile) throws(RunFileError) {
    let (results, reevaluations) = try Self.results(CSVFile(contentsOf: "\(directory)/results.csv"), of: file)
    try self.init(
      file: file, results: results, reevaluations: reevaluations,
      curves: Self.curves(CSVFile(contentsOf: "\(directory)/history.csv")),
      attempts: Self.attempts(CSVFile(contentsOf: "\(directory)/attempts.csv")))
  }

  /// The rows of `results.csv`. Throws if one does not fit the search file.
  package static func results(
    _ table: CSVFile, of file: SearchFile
  ) throws(RunFileError) -> (results: [TrialResult], reevaluations: [ReevaluationRow]) {
    let parameters = file.space.parameters
    let fixed = [
      "trial", "status", "epochs", "val_accuracy", "val_loss", "seeds", "val_accuracy_mean",
      "val_accuracy_ci95", "tie",
    ]
    var results: [TrialResult] = []
    var reevaluations: [ReevaluationRow] = []
    // Earlier versions have no columns of re-evaluation.
    let defaults = Dictionary(uniqueKeysWithValues: fixed[5...].map { ($0, "") })
    try table.forEachRow(of: fixed + parameters.map(\.column), defaults: defaults) { cells in
      let cellValues = zip(parameters, cells[fixed.count...]).map { $0.distribution.value(cell: $1.text) }
      let values = file.completed(cellValues)
      guard let trial = cells[0].integer, let status = TrialResult.Status(rawValue: cells[1].text),
        let epochs = cells[2].number,
        cellValues.indices.allSatisfy({ cellValues[$0] != nil || file.conditional.contains($0) })
      else { return false }
      let end = TrialEnd(
        trial: trial, status: status, epochs: epochs, valAccuracy: cells[3].number, valLoss: cells[4].number)
      var result = file.result(of: end, values)
      // The parameter of an empty cell has no effect, so its completed value is removed.
      for (index, value) in cellValues.enumerated() where value == nil { result.values[index] = nil }
      results.append(result)
      guard let mean = cells[6].number, let seeds = cells[5].integer else { return true }
      reevaluations.append(
        ReevaluationRow(
          trial: trial, seeds: seeds, mean: mean, interval95: cells[7].number, tie: cells[8].integer))
      return true
    }
    return (results, reevaluations)
  }

  private static func curves(_ table: CSVFile) throws(RunFileError) -> [Int: [CurvePoint]] {
    var curves: [Int: [CurvePoint]] = [:]
    let columns = ["trial", "replicate", "epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"]
    try table.forEachRow(of: columns, defaults: ["replicate": "0"]) { cells in
      guard let trial = cells[0].integer, let replicate = cells[1].integer, let epochs = cells[2].number
      else {
        return false
      }
      guard replicate == 0 else { return true }
      let numbers = cells[3...].map { $0.number ?? .nan }
      curves[trial, default: []].append(
        CurvePoint(
          epochs: epochs, trainLoss: numbers[0], trainAccuracy: numbers[1], valLoss: numbers[2],
          valAccuracy: numbers[3]))
      return true
    }
    return curves
  }

  private static func attempts(_ table: CSVFile) throws(RunFileError) -> [AttemptRecord] {
    var attempts: [AttemptRecord] = []
    // Earlier versions named this column `words`.
    let detail = table.columns.contains("detail") ? "detail" : "words"
    let columns = [
      "attempt", "trial", "replicate", "pid", "inherited", "epochs", "host", "numerics", "started", "seconds",
      "ending",
      detail,
    ]
    try table.forEachRow(of: columns, defaults: ["replicate": "0", "inherited": "0"]) { cells in
      let numbers = cells[..<6].compactMap(\.integer)
      guard numbers.count == 6, let started = UTCTime.seconds(since1970: cells[8].text) else { return false }
      attempts.append(
        AttemptRecord(
          number: numbers[0], trial: numbers[1], replicate: numbers[2], host: cells[6].text, pid: numbers[3],
          numerics: cells[7].text, started: started, seconds: cells[9].number, inherited: numbers[4],
          epochs: numbers[5], ending: cells[10].text, detail: cells[11].text))
      return true
    }
    return attempts
  }
}
