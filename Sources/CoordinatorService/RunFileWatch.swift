import Foundation
import Messaging
import Platform
import RunFiles
import Storage

/// Restores files of the run directory that are deleted while the search runs, because a resume needs them.
struct RunFileWatch {
  private let directory: RunDirectory
  /// The contents of files that do not change while the search runs, by path.
  private let contents: [String: Data]
  private var join: JoinFile?
  private var lastLook = Duration.zero

  private static let interval = Duration.seconds(1)

  /// Reads the files of a search that has just started.
  init(_ directory: RunDirectory) {
    self.directory = directory
    let paths = [directory.searchFile, directory.optionsFile]
    contents = Dictionary(
      uniqueKeysWithValues: paths.compactMap { path in
        (try? RegularFile.contents(of: path)).map { (path, $0) }
      })
    join = try? JoinFile.load(from: directory.joinFile)
  }

  /// Restores the missing files if the interval has passed.
  ///
  /// - Returns: the names of the restored files.
  mutating func look(_ study: StudyDatabase, at now: Duration) throws -> [String] {
    guard now - lastLook >= Self.interval else { return [] }
    lastLook = now
    var restored: [String] = []
    if study.isGone {
      try System.makeFolder(directory.path)
      try UserError.wrapping { try study.restore() }
      restored.append(directory.study)
    }
    for (path, data) in contents.sorted(by: { $0.key < $1.key }) where Self.isMissing(path) {
      try AtomicFile.write(data, to: path, as: .runFile)
      restored.append(path)
    }
    if !Self.isMissing(directory.joinFile) {
      join = (try? JoinFile.load(from: directory.joinFile)) ?? join
    } else if let join {
      try UserError.wrapping { try join.write(to: directory.joinFile) }
      restored.append(directory.joinFile)
    }
    return restored
  }

  private static func isMissing(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) != 0 && errno == ENOENT
  }
}
