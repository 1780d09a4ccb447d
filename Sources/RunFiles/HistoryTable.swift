import Search

/// The table of `history.csv`.
package struct HistoryTable {
  private static let columns = ["trial", "replicate", "epoch"]

  /// The names of the metrics, in the order of their columns.
  private let metrics: [String]
  private var csv: CSV

  /// A table without rows.
  ///
  /// - Parameter metrics: the names of the metrics, in the order of their columns.
  package init(metrics: [String]) {
    self.metrics = metrics
    csv = CSV(columns: Self.columns + metrics)
  }

  /// The bytes of the file.
  package var bytes: [UInt8] { csv.bytes }

  /// Adds a row.
  package mutating func append(_ point: TrialMeasurement, of trial: Replicate) {
    csv.append(
      [.integer(trial.trial), .integer(trial.index), .real(point.step)]
        + metrics.map { CSV.Cell(point.metrics[$0]) })
  }

  /// The rows by trial, without those of replicates. Throws if one is damaged.
  ///
  /// - Parameter schema: the metrics; with an open one, those of all other columns as well.
  static func curves(
    _ table: CSVFile, of schema: MetricSchema
  ) throws(RunFileError) -> [Int: [TrialMeasurement]] {
    var names = schema.metrics.map(\.name)
    if schema.isOpen { names += table.columns.filter { !columns.contains($0) && !names.contains($0) } }
    var curves: [Int: [TrialMeasurement]] = [:]
    try table.forEachRow(of: columns + names, defaults: ["replicate": "0"]) { cells in
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
}
