import Coordination
import Foundation
import Search
import Storage

/// Where a search lives on disk.
struct RunDirectory {
  let path: String

  var searchFile: String { "\(path)/search.yaml" }
  var study: String { "\(path)/study.db" }
  var results: String { "\(path)/results.csv" }
  var attempts: String { "\(path)/attempts.csv" }
  var history: String { "\(path)/history.csv" }
  var status: String { "\(path)/status.json" }
  var joinFile: String { "\(path)/join.json" }
  var keys: String { "\(path)/keys" }
  var log: String { "\(path)/trawl.log" }
  var best: String { "\(path)/best" }
  var bestRecipe: String { "\(best)/recipe.yaml" }

  /// What is there already.
  enum Content: Equatable {
    case nothing
    case search
    case other
  }

  var content: Content {
    if FileManager.default.fileExists(atPath: study) { return .search }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return .nothing }
    guard isFolder.boolValue,
      let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    else { return .other }
    return names.isEmpty ? .nothing : .other
  }

  /// Refuses a directory that this search may not use; creates nothing.
  ///
  /// - Returns: whether the search was begun before.
  func check(_ file: SearchFile, from source: SearchFileSource, resume: Bool) throws -> Bool {
    switch content {
    case .nothing: return false
    case .other: throw Complaint("\(path) holds other files; choose a new directory with --output")
    case .search:
      guard resume else {
        throw Complaint(
          "\(path) already holds a search; go on with it by --resume, or choose another --output")
      }
      try checkSame(file, source)
      return true
    }
  }

  private func checkSame(_ file: SearchFile, _ source: SearchFileSource) throws {
    // Read under the name of the present file, from which an unnamed search has its name.
    let kept = SearchFileSource(path: source.path, bytes: try SearchFileSource.read(searchFile).bytes)
    let before = try kept.parse()
    let keys = file.differences(from: before)
    guard keys.isEmpty else {
      throw Complaint(
        "\(path) holds another search: \(keys.joined(separator: ", ")) differ"
          + "\(keys.count == 1 ? "s" : "") from \(searchFile)")
    }
  }

  /// Makes the directory for a new search. The study comes last: only with it the directory holds a search.
  func create(_ text: String, search: SearchID) throws -> StudyDatabase {
    try System.makeFolder(path)
    try AtomicFile.write(text, to: searchFile)
    return try Complaint.asking {
      try StudyDatabase(creatingAt: study, search: search, fileName: searchFile)
    }
  }
}

/// The content of a search file and where it stands.
struct SearchFileSource {
  let path: String
  let bytes: [UInt8]

  /// The text; only of a file that could be parsed.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  static func read(_ path: String) throws -> SearchFileSource {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Complaint("\(path): no such file")
    }
    guard !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: SearchFile.mostBytes + 1) ?? Data()
    else { throw Complaint("\(path): cannot be read as a file") }
    return SearchFileSource(path: path, bytes: Array(data))
  }

  func parse(overrides: [SearchFile.Override] = []) throws -> SearchFile {
    try Complaint.asking { try SearchFile.parse(bytes, file: path, overrides: overrides) }
  }
}
