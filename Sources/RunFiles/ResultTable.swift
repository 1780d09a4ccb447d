import Search

/// The table of results.csv.
package enum ResultTable {
  /// The table of ranked results, best first.
  package static func csv(_ ranked: [TrialResult], of file: SearchFile) -> CSV {
    let columns = ResultColumns.leading + file.space.parameters.map(\.column)
    var csv = CSV(columns: columns + ResultColumns.trailing(file.metrics))
    for (index, (result, tie)) in zip(ranked, Ranking.ties(ranked)).enumerated() {
      let estimate = result.reevaluated?.shown
      csv.append(
        [.integer(index + 1), .integer(result.trial)] + result.values.map { $0.map(CSV.Cell.init) ?? .empty }
          + file.metrics.ranked.map { CSV.Cell(result.metrics?[$0]) }
          + [
            .real(result.epochs), .text(result.status.rawValue), .integer(estimate?.count ?? 1),
            CSV.Cell(estimate?.mean), CSV.Cell(estimate?.interval95), tie.map(CSV.Cell.integer) ?? .empty,
          ])
    }
    return csv
  }
}
