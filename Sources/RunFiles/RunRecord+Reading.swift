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
      curves: Self.curves(CSVFile(contentsOf: "\(directory)/history.csv"), of: file.metrics),
      attempts: Self.attempts(CSVFile(contentsOf: "\(directory)/attempts.csv")))
  }

  /// The rows of `results.csv`. Throws if one does not fit the search file.
  package static func results(
    _ table: CSVFile, of file: SearchFile
  ) throws(RunFileError) -> (results: [TrialResult], reevaluations: [ReevaluationRow]) {
    let parameters = file.space.parameters
    let metrics = file.metrics.ranked
    let estimated = file.metrics.estimated
    let optional = ["seeds", "\(estimated)_mean", "\(estimated)_ci95", "tie"]
    let fixed = ["trial", "status", "epochs"] + optional + metrics
    var results: [TrialResult] = []
    var reevaluations: [ReevaluationRow] = []
    // Earlier versions have no columns of re-evaluation.
    let defaults = Dictionary(uniqueKeysWithValues: optional.map { ($0, "") })
    try table.forEachRow(of: fixed + parameters.map(\.column), defaults: defaults) { cells in
      let cellValues = zip(parameters, cells[fixed.count...]).map { $0.distribution.value(cell: $1.text) }
      let values = file.completed(cellValues)
      guard let trial = cells[0].integer, let status = TrialResult.Status(rawValue: cells[1].text),
        let epochs = cells[2].number,
        cellValues.indices.allSatisfy({ cellValues[$0] != nil || file.conditional.contains($0) })
      else { return false }
      let measured = zip(metrics, cells[7...]).compactMap { name, cell in cell.number.map { (name, $0) } }
      let end = TrialEnd(
        trial: trial, status: status, epochs: epochs, metrics: measured.isEmpty ? nil : Metrics(measured))
      var result = file.result(of: end, values)
      // The parameter of an empty cell has no effect, so its completed value is removed.
      for (index, value) in cellValues.enumerated() where value == nil { result.values[index] = nil }
      results.append(result)
      guard let seeds = cells[3].integer, let mean = cells[4].number else { return true }
      reevaluations.append(
        ReevaluationRow(
          trial: trial, seeds: seeds, mean: mean, interval95: cells[5].number, tie: cells[6].integer))
      return true
    }
    return (results, reevaluations)
  }

  private static func curves(
    _ table: CSVFile, of schema: MetricSchema
  ) throws(RunFileError) -> [Int: [TrialMeasurement]] {
    var curves: [Int: [TrialMeasurement]] = [:]
    let names = schema.metrics.map(\.name)
    try table.forEachRow(of: ["trial", "replicate", "epoch"] + names, defaults: ["replicate": "0"]) { cells in
      guard let trial = cells[0].integer, let replicate = cells[1].integer, let epochs = cells[2].number
      else {
        return false
      }
      guard replicate == 0 else { return true }
      let metrics = zip(names, cells[3...]).compactMap { name, cell in cell.number.map { (name, $0) } }
      curves[trial, default: []].append(TrialMeasurement(step: epochs, Metrics(metrics)))
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
      guard numbers.count == 6, let started = Self.seconds(since1970: cells[8].text) else { return false }
      attempts.append(
        AttemptRecord(
          number: numbers[0], trial: numbers[1], replicate: numbers[2], host: cells[6].text, pid: numbers[3],
          numerics: cells[7].text, started: started, seconds: cells[9].number, inherited: numbers[4],
          epochs: numbers[5], ending: cells[10].text, detail: cells[11].text))
      return true
    }
    return attempts
  }

  /// The time of a text such as 2026-11-28T02:15:31.25Z; nil if it is none.
  static func seconds(since1970 text: String) -> Double? {
    let parts = text.split { "-T:Z".contains($0) }
    let numbers = parts.prefix(5).compactMap { Int($0) }
    guard parts.count == 6, numbers.count == 5, let second = Double(parts[5]), (0..<61).contains(second),
      zip([1...9999, 1...12, 1...31, 0...23, 0...59], numbers).allSatisfy({ $0.contains($1) })
    else { return nil }
    // Years that begin in March end with the leap day. Source: Hinnant, "chrono-compatible low-level date algorithms".
    let year = numbers[1] > 2 ? numbers[0] : numbers[0] - 1
    let month = (numbers[1] + 9) % 12
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + numbers[2] - 719_469
    return Double(days * 86400 + numbers[3] * 3600 + numbers[4] * 60) + second
  }
}
