import Foundation
import Platform
import RunFiles
import Search
import Trials

/// The search that a request names: by a search file, or by the run directory to resume.
struct RequestedSearch {
  /// The run directory; nil if the argument is a search file.
  let run: RunDirectory?
  let options: SearchOptions
  let file: SearchFile
  private let source: SearchFileSource

  /// - Parameter report: called with a warning if the options of an earlier start cannot be read.
  init(_ request: SearchRequest, report: (String) -> Void) throws {
    run = try Self.runDirectory(request)
    let given = SearchOptions(request)
    options = run.map { given.resuming($0, report: report) } ?? given
    source = try run?.storedSearchFile(named: options.file) ?? SearchFileSource.read(request.path)
    file = try Self.parse(source, request, trials: request.trials)
    if run != nil { try enterFolder() }
  }

  /// The search file with another number of trials.
  func parse(_ request: SearchRequest, trials: Int) throws -> SearchFile {
    try Self.parse(source, request, trials: trials)
  }

  private static func runDirectory(_ request: SearchRequest) throws -> RunDirectory? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: request.path, isDirectory: &isFolder), isFolder.boolValue
    else { return nil }
    let run = try RunDirectory(existing: request.path.asAbsolutePath)
    guard request.resumes else {
      throw UserError("\(request.path) is the run directory of a search; to resume it, add --resume")
    }
    guard request.output == nil else {
      throw UserError("--output cannot be combined with --resume RUN, which continues in \(request.path)")
    }
    return run
  }

  /// Changes to the folder where a resumed search was started if its file has paths that are relative to it.
  private func enterFolder() throws {
    let folder = file.datasetFolder.flatMap { $0.hasPrefix("/") || $0.hasPrefix("~") ? nil : $0 }
    guard file.runsProgram || folder != nil else { return }
    guard FileManager.default.changeCurrentDirectoryPath(options.folder) else {
      throw UserError(
        "\(folder.map { "dataset.idx: \($0)" } ?? "program.command") is relative to the start folder \(options.folder), which no longer exists; "
          + "resume the search where this path is valid: trawl search FILE --output RUN --resume")
    }
  }

  private static func parse(
    _ source: SearchFileSource, _ request: SearchRequest, trials: Int?
  ) throws -> SearchFile {
    let trials = trials.map { [SearchFile.Override(key: "search.trials", value: "\($0)")] } ?? []
    return try source.parse(
      overrides: request.overrides + trials, inertKeys: request.resumes ? .noted : .rejected)
  }
}
