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
      curves: HistoryTable.curves(CSVFile(contentsOf: "\(directory)/history.csv"), of: file.metrics),
      attempts: AttemptTable.attempts(CSVFile(contentsOf: "\(directory)/attempts.csv")))
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
}
