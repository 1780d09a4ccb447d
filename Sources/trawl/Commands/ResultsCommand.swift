import ArgumentParser
import Foundation
import Platform
import RunFiles
import Search

struct ResultsCommand: ParsableCommand {
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
  var format = TableFormat.table

  @Option(parsing: .unconditional, help: "Show only the top N trials.")
  var top: Int?

  @Flag(
    help: """
      Show only failed and quarantined trials, in table and json with the reason; \
      'trawl search ... --resume --retry failed' runs them again.
      """)
  var failed = false

  @Flag(help: "Print the ranking every two seconds until the search ends; Ctrl-C quits.")
  var watch = false

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be a number of at least 1") }
    if failed, top != nil { throw ValidationError("--failed and --top exclude each other") }
    if watch, format != .table { throw ValidationError("--watch needs --format table") }
  }

  func run() throws {
    let run = try RunDirectory(existing: directory)
    while watch, try run.readStatus().isAlive {
      let text = try text(of: run, top: top ?? Terminal.size(of: STDOUT_FILENO).map { max(1, $0.rows - 5) })
      // On a terminal, clear the screen first.
      print((isatty(STDOUT_FILENO) == 1 ? "\u{1b}[H\u{1b}[2J" : "\n") + text)
      fflush(nil)
      Thread.sleep(forTimeInterval: 2)
    }
    if watch, isatty(STDOUT_FILENO) == 1 { print("\u{1b}[H\u{1b}[2J", terminator: "") }
    switch format {
    case .table:
      print(try text(of: run, top: top))
      if !failed { try run.insight()?.print() }
    case .csv: print(try lines(chosen(RankingTable(run)), of: run.results), terminator: "")
    case .json:
      let table = try table(of: run)
      guard !failed else { return print("{\n  \"results\": \(table.json)\n}") }
      let insight = try run.insight()?.json ?? "null"
      print("{\n  \"results\": \(table.json),\n  \"insight\": \(insight)\n}")
    }
  }

  private func text(of run: RunDirectory, top: Int?) throws -> String {
    let ranking = try RankingTable(run)
    let width = Terminal.size(of: STDOUT_FILENO)?.columns
    if failed {
      guard !ranking.failures.isEmpty else { return "no trial has failed" }
      return try table(of: run).withoutEmptyColumns.text(
        width: width, of: ranking.failures.count, format: "'--format json'")
    }
    return ranking.count == 0 ? "no trial has ended yet" : ranking.text(top: top, width: width)
  }

  private func chosen(_ ranking: RankingTable) -> [Int] {
    failed ? ranking.failures : Array((0..<ranking.count).prefix(top ?? ranking.count))
  }

  private func table(of run: RunDirectory) throws -> Table {
    let ranking = try RankingTable(run)
    var table = ranking.table(chosen(ranking))
    if failed { table.addReasons(from: try UserError.wrapping { try run.record().attempts }) }
    return table
  }

  /// The header and the chosen rows, byte for byte as in the file. No cell contains a line break.
  private func lines(_ rows: [Int], of path: String) throws -> String {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return ([0] + rows.map { $0 + 1 }).map { lines[$0] + "\n" }.joined()
  }
}

extension Table {
  /// Adds the host and the detail of the last attempt of each trial that has a detail.
  fileprivate mutating func addReasons(from attempts: [AttemptRecord]) {
    guard let trial = columns.firstIndex(of: "trial") else { return }
    let failed = attempts.filter { !$0.detail.isEmpty }
    let reasons = Dictionary(failed.map { ("\($0.trial)", [$0.host, $0.detail]) }) { _, last in last }
    columns += ["host", "why"]
    rows = rows.map { row in row + (reasons[row[trial]] ?? ["", ""]) }
  }
}
