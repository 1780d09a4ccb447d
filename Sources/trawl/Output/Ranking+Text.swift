import Foundation
import Platform
import RunFiles
import Search

/// The table of results.csv for people, with the duration of each trial.
struct RankingTable {
  private let all: Table
  private let seconds: [String: Double]

  /// Reads results.csv and attempts.csv of a search.
  init(_ directory: RunDirectory) throws {
    all = try Table(file: directory.results)
    seconds = try Self.seconds(directory)
  }

  /// The number of trials in the ranking.
  var count: Int { all.rows.count }

  /// The rows at these indices, with the column `seconds`: how long the attempts of the trial ran.
  func table(_ indices: [Int]) -> Table {
    var table = all
    table.rows = indices.map { all.rows[$0] }
    guard let trial = all.columns.firstIndex(of: "trial"), !seconds.isEmpty else { return table }
    table.columns.append("seconds")
    table.rows = table.rows.map { row in row + [seconds[row[trial]].map { "\($0.rounded1)" } ?? ""] }
    return table
  }

  /// The failed and quarantined trials, by index.
  var failures: [Int] { all.failures }

  private static func seconds(_ directory: RunDirectory) throws -> [String: Double] {
    guard FileManager.default.fileExists(atPath: directory.attempts) else { return [:] }
    let attempts = try Table(file: directory.attempts)
    let columns = ["trial", "replicate", "seconds"].map(attempts.columns.firstIndex(of:))
    guard let trial = columns[0], let replicate = columns[1], let duration = columns[2] else { return [:] }
    return attempts.rows.reduce(into: [:]) { sums, row in
      guard row[replicate] == "0", let seconds = Double(row[duration]) else { return }
      sums[row[trial], default: 0] += seconds
    }
  }

  /// The top trials, and below them how many of how many these are and which columns are left out.
  ///
  /// - Parameters:
  ///   - top: the number of trials; nil for all.
  ///   - width: the columns of the terminal; nil for all columns of the table.
  func text(top: Int?, width: Int?) -> String {
    let shown = table(Array((0..<count).prefix(top ?? count))).withoutEmptyColumns
    return shown.text(width: width, of: count, format: "'trawl results --format csv'")
  }
}

extension Table {
  /// The table, with a last line if trials or columns are left out.
  func text(width: Int?, of count: Int, format: String) -> String {
    let (text, omitted) = width.map { self.text(width: $0) } ?? (self.text, [])
    var notes: [String] = []
    if rows.count < count { notes.append("\(rows.count) of \(count) trials") }
    // The duration is only in tables, not in results.csv.
    let left = omitted.filter { $0 != "seconds" }
    if !left.isEmpty { notes.append("not shown: \(left.joined(separator: ", ")); \(format) has all") }
    guard !notes.isEmpty else { return text }
    return "\(text)\n\("(\(notes.joined(separator: "; ")))".wrapped(to: width))"
  }

  /// The rows of failed and quarantined trials, by index.
  var failures: [Int] {
    guard let status = columns.firstIndex(of: "status") else { return [] }
    return rows.indices.filter { TrialResult.Status(rawValue: rows[$0][status])?.isFailure == true }
  }
}
