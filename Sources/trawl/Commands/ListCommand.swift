import ArgumentParser
import Foundation
import Platform
import RunFiles

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the searches in a folder, the latest first.")

  @Argument(help: "The folder with run directories.", completion: .directory)
  var folder = "runs"

  func run() throws {
    guard FileManager.default.fileExists(atPath: folder) else {
      throw UserError("\(folder): no such directory")
    }
    let runs = RunDirectory.all(in: folder)
    guard !runs.isEmpty else { throw UserError("\(folder) contains no run directories") }
    print(
      Self.table(of: runs).text(
        width: Terminal.size(of: STDOUT_FILENO)?.columns, of: runs.count, format: "a wider terminal"))
  }

  /// A row for each run directory, the one updated last first. A damaged one has the state `unreadable`.
  static func table(of runs: [RunDirectory]) -> Table {
    let statuses = runs.map { run in (run, try? run.readStatus()) }
      .sorted { ($0.1?.updated ?? 0, $1.0.path) > ($1.1?.updated ?? 0, $0.0.path) }
    var table = Table(columns: ["run", "state", "trials", "best", "time", "updated"])
    table.rows = statuses.map { run, status in
      guard let status else { return [run.path, "unreadable", "", "", "", ""] }
      let failed = status.failed > 0 ? " (\(status.failed) failed)" : ""
      let score = status.best?.shownScore
      let date = Date(timeIntervalSince1970: status.updated)
      return [
        run.path, status.shortState, "\(status.done)/\(status.trials.map(String.init) ?? "open")\(failed)",
        score.map { "\($0.rounded4)" } ?? "", status.seconds.map { Duration.seconds($0).text } ?? "",
        date.formatted(
          .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false)),
      ]
    }
    return table
  }
}
