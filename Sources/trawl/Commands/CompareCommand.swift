import ArgumentParser
import Foundation
import Platform
import RunFiles
import Search

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Print searches side by side: the best trial, the cost, and the settings that differ.")

  @Argument(help: .init("Two or more run directories.", valueName: "run"), completion: .directory)
  var directories: [String]

  func validate() throws {
    if directories.count < 2 { throw ValidationError("give at least two run directories") }
  }

  func run() throws {
    let runs = try directories.map { try RunDirectory(existing: $0) }
    let searches = try runs.map { run in (status: try run.readStatus(), record: try run.record()) }
    var table = Table(columns: [""] + directories.map { $0.asShownText })
    table.rows = Self.rows(searches)
    print(
      table.text(
        width: Terminal.size(of: STDOUT_FILENO)?.columns, of: table.rows.count, format: "a wider terminal"))
  }

  /// The rows of the comparison: a label and a cell for each search.
  static func rows(_ searches: [(status: SearchStatus, record: RunRecord)]) -> [[String]] {
    let bests = searches.map(\.status.best)
    func row(_ label: String, _ cell: (SearchStatus, RunRecord) -> String?) -> [String] {
      [label] + searches.map { cell($0.status, $0.record) ?? "" }
    }
    var rows = [
      row("state") { status, _ in status.shortState },
      row("trials") { status, _ in "\(status.done)/\(status.trials.map(String.init) ?? "open")" },
      row("failed") { status, _ in status.failed > 0 ? "\(status.failed)" : nil },
      row("epochs trained") { _, record in
        record.attempts.reduce(0) { $0 + $1.epochs }.description
      },
      row("time") { status, _ in status.seconds.map { Duration.seconds($0).text } },
      row("best trial") { status, _ in status.best.map { "\($0.trial)" } },
    ]
    for name in Set(bests.flatMap { ($0?.metrics ?? [:]).keys }).sorted() {
      rows.append(row(name) { status, _ in status.best?.metrics?[name].map { "\($0.rounded4)" } })
    }
    rows.append(
      row("with new seeds") { status, _ in
        status.best?.mean.map { mean in
          "\(mean.rounded4)" + (status.best?.ci95.map { " ± \($0.rounded4)" } ?? "")
        }
      })
    for name in Set(bests.flatMap { ($0?.parameters ?? [:]).keys }).sorted() {
      rows.append(row("best \(name)") { status, _ in status.best?.parameters?[name]?.shown })
    }
    let files = searches.map(\.record.file)
    let changed = Set(files.dropFirst().flatMap { $0.differences(from: files[0]) }).sorted()
    for key in changed where key != "name" {
      rows.append(row(key) { _, record in record.file.isUsed(key) ? record.file.text(of: key) : "not used" })
    }
    return rows.filter { $0.dropFirst().contains { !$0.isEmpty } }
  }
}

extension SearchFile {
  /// Whether the search uses the section of a key: some have defaults although they are not used.
  fileprivate func isUsed(_ key: String) -> Bool {
    let needed = [
      "search.halving.": "min_epochs", "search.asha.": "min_epochs", "search.confirm.": "top",
    ]
    guard let (section, own) = needed.first(where: { key.hasPrefix($0.key) }) else { return true }
    return isSet(section + own)
  }
}
