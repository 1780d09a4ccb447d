import ArgumentParser
import Foundation
import RunFiles
import Search

struct ResultsCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, csv, json
  }

  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract: "Print the ranking of a running or finished search, best first.",
    discussion: """
      The table is followed by diagnostics on standard error: parameter importance (from ten trials on), ranges whose edge \
      holds the best values, and with halving the rank correlation between rungs. In JSON these are in 'insight'.
      """)

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Option(help: "The output format; csv prints the file results.csv.")
  var format = Format.table

  @Option(parsing: .unconditional, help: "Show only the top N trials.")
  var top: Int?

  @Flag(
    help: """
      Show only failed and quarantined trials, in table and json with the reason; \
      'trawl search ... --resume --retry failed' runs them again.
      """)
  var failed = false

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be a number of at least 1") }
    if failed, top != nil { throw ValidationError("--failed and --top exclude each other") }
  }

  func run() throws {
    let run = RunDirectory(path: directory)
    let all = try Table(file: run.results)
    let chosen = failed ? all.failures : Array(all.rows.indices.prefix(top ?? all.rows.count))
    var table = all
    table.rows = chosen.map { all.rows[$0] }
    if failed { table.addReasons(from: try UserError.wrapping { try run.record().attempts }) }
    switch format {
    case .table where table.rows.isEmpty: print(failed ? "no trial has failed" : "no trial has ended yet")
    case .table:
      print(table.withoutEmptyColumns.text)
      if !failed { try run.printInsight() }
    case .csv: print(try lines(chosen, of: run.results), terminator: "")
    case .json where failed: print("{\n  \"results\": \(table.json)\n}")
    case .json:
      let insight = try run.insight()?.json ?? "null"
      print("{\n  \"results\": \(table.json),\n  \"insight\": \(insight)\n}")
    }
  }

  /// The header and the chosen rows, byte for byte as in the file. No cell contains a line break.
  private func lines(_ rows: [Int], of path: String) throws -> String {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return ([0] + rows.map { $0 + 1 }).map { lines[$0] + "\n" }.joined()
  }
}

extension Table {
  /// The rows of failed and quarantined trials.
  fileprivate var failures: [Int] {
    guard let status = columns.firstIndex(of: "status") else { return [] }
    return rows.indices.filter { TrialResult.Status(rawValue: rows[$0][status])?.isFailure == true }
  }

  /// Adds the host and the detail of the last attempt of each trial that has a detail.
  fileprivate mutating func addReasons(from attempts: [AttemptRecord]) {
    guard let trial = columns.firstIndex(of: "trial") else { return }
    let failed = attempts.filter { !$0.detail.isEmpty }
    let reasons = Dictionary(failed.map { ("\($0.trial)", [$0.host, $0.detail]) }) { _, last in last }
    columns += ["host", "why"]
    rows = rows.map { row in row + (reasons[row[trial]] ?? ["", ""]) }
  }
}
