import Search

/// The table of `history.csv`.
package struct HistoryTable {
  private static let columns = [
    "trial", "replicate", "epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy",
  ]

  private var csv = CSV(columns: columns)

  /// A table without rows.
  package init() {}

  /// The bytes of the file.
  package var bytes: [UInt8] { csv.bytes }

  /// Adds a row.
  package mutating func append(_ point: CurvePoint, of trial: Replicate) {
    let metrics = [point.trainLoss, point.trainAccuracy, point.valLoss, point.valAccuracy]
    csv.append(
      [.integer(trial.trial), .integer(trial.index), .real(point.epochs)] + metrics.map(CSV.Cell.real))
  }

  /// The rows by trial, without those of replicates. Throws if one is damaged.
  static func curves(_ table: CSVFile) throws(RunFileError) -> [Int: [CurvePoint]] {
    var curves: [Int: [CurvePoint]] = [:]
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
}
