import Foundation
import Platform

/// The files of a search.
package struct RunDirectory {
  package let path: String

  package var searchFile: String { "\(path)/search.yaml" }
  package var study: String { "\(path)/study.db" }
  package var results: String { "\(path)/results.csv" }
  package var attempts: String { "\(path)/attempts.csv" }
  package var history: String { "\(path)/history.csv" }
  /// Written by 'trawl bench first-epoch'.
  package var firstEpoch: String { "\(path)/first-epoch.csv" }
  package var status: String { "\(path)/status.json" }
  package var events: String { "\(path)/events.jsonl" }
  package var joinFile: String { "\(path)/join.json" }
  package var keys: String { "\(path)/keys" }
  package var checkpoints: String { "\(path)/checkpoints" }
  package var report: String { "\(path)/report.html" }
  package var log: String { "\(path)/trawl.log" }
  package var best: String { "\(path)/best" }
  package var bestRecipe: String { "\(best)/recipe.yaml" }

  package init(path: String) {
    self.path = path
  }

  /// The run directory at a path given by the user, which may also be the path of its results.csv. Throws if there is
  /// none; the error then lists the run directories in the folder.
  package init(existing path: String) throws {
    let folder = path.hasSuffix("/results.csv") ? String(path.dropLast("/results.csv".count)) : path
    self.init(path: folder)
    guard !isRun else { return }
    guard FileManager.default.fileExists(atPath: folder) else {
      throw UserError("\(folder): no such directory")
    }
    let runs = Self.all(in: folder)
    let examples = runs.prefix(5).map(\.path.asShellWord).joined(separator: ", ")
    let more = runs.count > 5 ? " and \(runs.count - 5) more" : ""
    let hint = runs.isEmpty ? "" : "; it contains the run directories \(examples)\(more)"
    throw UserError("\(folder) is not the run directory of a search\(hint)")
  }

  /// Whether it is the run directory of a search. A search that was killed at its start has only the database; a copy
  /// to look at may lack it.
  package var isRun: Bool { [status, results, study].contains(where: FileManager.default.fileExists) }

  /// The run directories in a folder, by name.
  package static func all(in folder: String) -> [RunDirectory] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { RunDirectory(path: "\(folder)/\($0)") }.filter {
      FileManager.default.fileExists(atPath: $0.status)
    }
  }
}
