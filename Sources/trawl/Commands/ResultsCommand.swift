import ArgumentParser
import Foundation

struct ResultsCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, csv, json
  }

  static let configuration = CommandConfiguration(
    commandName: "results",
    abstract: "Print the ranking of a search, running or ended, best first.")

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Option(help: "table, csv (the file results.csv) or json.")
  var format = Format.table

  @Option(parsing: .unconditional, help: "Only the best so many.")
  var top: Int?

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be a number of at least 1") }
  }

  func run() throws {
    let path = RunDirectory(path: directory).results
    let table = try Table(file: path).top(top)
    switch format {
    case .table:
      print(table.rows.isEmpty ? "no trial has ended yet" : table.withoutEmptyColumns.text)
    case .csv: print(try csv(path), terminator: "")
    case .json: print("{\n  \"results\": \(table.json)\n}")
    }
  }

  /// The file's own lines, so that they are the same to the last byte. No cell of it holds a line break.
  private func csv(_ path: String) throws -> String {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    guard let top else { return text }
    return text.split(separator: "\n").prefix(top + 1).map { $0 + "\n" }.joined()
  }
}
