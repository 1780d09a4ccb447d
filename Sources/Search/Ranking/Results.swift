/// The table of results.csv.
package enum Results {
  /// The columns other than those of the searched parameters.
  static let fixedColumns = leading + trailing

  private static let leading = ["rank", "trial"]
  private static let trailing = [
    "val_accuracy", "val_loss", "epochs", "status", "seeds", "val_accuracy_mean",
    "val_accuracy_ci95", "tie",
  ]

  /// The table of ranked results, best first.
  package static func csv(_ ranked: [TrialResult], of space: SearchSpace) -> CSV {
    var csv = CSV(columns: leading + space.parameters.map(\.column) + trailing)
    for (index, (result, tie)) in zip(ranked, Ranking.ties(ranked)).enumerated() {
      let accuracy = result.reevaluated?.valAccuracy
      csv.append(
        [.integer(index + 1), .integer(result.trial)] + result.values.map { $0.map(CSV.Cell.init) ?? .empty }
          + [
            CSV.Cell(result.valAccuracy), CSV.Cell(result.valLoss), .real(result.epochs),
            .text(result.status.rawValue), .integer(accuracy?.count ?? 1), CSV.Cell(accuracy?.mean),
            CSV.Cell(accuracy?.interval95), tie.map(CSV.Cell.integer) ?? .empty,
          ])
    }
    return csv
  }
}
