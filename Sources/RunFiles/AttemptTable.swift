import Search

/// The table of `attempts.csv`.
package struct AttemptTable {
  private static let columns = [
    "attempt", "trial", "replicate", "host", "pid", "numerics", "started", "seconds", "inherited", "epochs",
    "ending", "detail",
  ]

  private var csv = CSV(columns: columns)

  /// A table without rows.
  package init() {}

  /// The bytes of the file.
  package var bytes: [UInt8] { csv.bytes }

  /// Adds a row.
  package mutating func append(_ attempt: AttemptRecord) {
    csv.append([
      .integer(attempt.number), .integer(attempt.trial), .integer(attempt.replicate), .text(attempt.host),
      .integer(attempt.pid), .text(attempt.numerics), .text(UTCTime.text(of: attempt.started)),
      CSV.Cell(attempt.seconds), .integer(attempt.inherited), .integer(attempt.epochs),
      .text(attempt.ending), .text(attempt.detail),
    ])
  }

  /// The rows of a file. Throws if one is damaged.
  static func attempts(_ table: CSVFile) throws(RunFileError) -> [AttemptRecord] {
    var attempts: [AttemptRecord] = []
    // Earlier versions named this column `words`.
    let detail = table.columns.contains("detail") ? "detail" : "words"
    let columns = Array(Self.columns.dropLast()) + [detail]
    try table.forEachRow(of: columns, defaults: ["replicate": "0", "inherited": "0"]) { cells in
      let numbers = [0, 1, 2, 4, 8, 9].compactMap { cells[$0].integer }
      guard numbers.count == 6, let started = UTCTime.seconds(since1970: cells[6].text) else { return false }
      attempts.append(
        AttemptRecord(
          number: numbers[0], trial: numbers[1], replicate: numbers[2], host: cells[3].text, pid: numbers[3],
          numerics: cells[5].text, started: started, seconds: cells[7].number, inherited: numbers[4],
          epochs: numbers[5], ending: cells[10].text, detail: cells[11].text))
      return true
    }
    return attempts
  }
}
