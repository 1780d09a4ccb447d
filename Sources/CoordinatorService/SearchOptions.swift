import Foundation
import Platform
import RunFiles

/// The options of a search that its run directory keeps in `launch.json`, so that its path is enough to resume it.
struct SearchOptions: Codable {
  /// The path of the search file as given, from which a search without a name gets its name.
  var file: String
  /// The working directory, where relative paths in the search file start.
  var folder: String
  var workers: Int?
  var listen: String?
  var advertise: String?
  /// The absolute path of the cluster's keys.
  var keys: String?

  init(_ request: SearchRequest) {
    file = request.path
    folder = FileManager.default.currentDirectoryPath
    (workers, listen, advertise) = (request.workers, request.listen, request.advertise)
    keys = request.keys?.asAbsolutePath
  }

  /// Whether workers on other machines may join.
  var isOpen: Bool { listen != nil || keys != nil }

  /// The options of a resumed search: those that are given now, otherwise those it had before.
  ///
  /// - Parameter report: called with a warning if the earlier options cannot be read.
  func resuming(_ directory: RunDirectory, report: (String) -> Void) -> SearchOptions {
    let before = directory.options
    if before == nil, FileManager.default.fileExists(atPath: directory.optionsFile) {
      report(
        "warning: \(directory.optionsFile) cannot be read; give the options of the last start again")
    }
    var options = self
    // Searches of earlier versions have no options, but a status with their name.
    options.file = before?.file ?? (try? directory.readStatus()).map { "\($0.name).yaml" } ?? file
    options.folder = before?.folder ?? folder
    options.workers = workers ?? before?.workers
    if !isOpen { (options.listen, options.keys) = (before?.listen, before?.keys) }
    options.advertise = advertise ?? before?.advertise
    return options
  }
}

extension RunDirectory {
  var optionsFile: String { "\(path)/launch.json" }

  /// The options of the search; nil if they cannot be read.
  var options: SearchOptions? {
    guard let data = try? RegularFile.contents(of: optionsFile, limit: 1 << 20) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let options = try? decoder.decode(SearchOptions.self, from: data),
      options.workers.map((0...1024).contains) ?? true
    else { return nil }
    return options
  }

  func write(_ options: SearchOptions) throws {
    try AtomicFile.write(JSON.data(options), to: optionsFile, as: .runFile)
  }
}
