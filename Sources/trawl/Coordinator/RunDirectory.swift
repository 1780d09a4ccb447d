import Coordination
import Foundation
import Platform
import RunFiles
import Search
import Storage
import Trials

/// The files of a search.
struct RunDirectory {
  let path: String

  var searchFile: String { "\(path)/search.yaml" }
  var study: String { "\(path)/study.db" }
  var results: String { "\(path)/results.csv" }
  var attempts: String { "\(path)/attempts.csv" }
  var history: String { "\(path)/history.csv" }
  /// Written by 'trawl bench first-epoch'.
  var firstEpoch: String { "\(path)/first-epoch.csv" }
  var status: String { "\(path)/status.json" }
  var events: String { "\(path)/events.jsonl" }
  var joinFile: String { "\(path)/join.json" }
  var keys: String { "\(path)/keys" }
  var checkpoints: String { "\(path)/checkpoints" }
  var report: String { "\(path)/report.html" }
  var log: String { "\(path)/trawl.log" }
  var best: String { "\(path)/best" }
  var bestRecipe: String { "\(best)/recipe.yaml" }

  init(path: String) {
    self.path = path
  }

  /// The run directory at a path given by the user, which may also be the path of its results.csv. Throws if there is
  /// none; the error then lists the run directories in the folder.
  init(existing path: String) throws {
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
  var isRun: Bool { [status, results, study].contains(where: FileManager.default.fileExists) }

  /// The run directories in a folder, by name.
  static func all(in folder: String) -> [RunDirectory] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { RunDirectory(path: "\(folder)/\($0)") }.filter {
      FileManager.default.fileExists(atPath: $0.status)
    }
  }

  /// The existing content of the directory.
  enum Content: Equatable {
    /// Nothing, or files of a search that was killed while it started.
    case nothing
    case search
    /// A file instead of a directory.
    case file
    case other
  }

  var content: Content {
    if FileManager.default.fileExists(atPath: study) { return .search }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return .nothing }
    guard isFolder.boolValue else { return .file }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return .other }
    return names.allSatisfy(Self.isBeginning) ? .nothing : .other
  }

  private static func isBeginning(_ name: String) -> Bool {
    ["keys", "join.json", "launch.json", "trawl.log"].contains(name)
      || ["search.yaml", "study.db.new"].contains { name.hasPrefix($0) }
  }

  /// Throws if this search cannot use the directory. Creates nothing.
  ///
  /// - Returns: whether the directory holds a search to resume.
  func check(resume: Bool) throws -> Bool {
    switch content {
    case .nothing: return false
    case .file: throw UserError("\(path) is a file; --output needs a directory")
    case .other:
      guard !resume || !FileManager.default.fileExists(atPath: results) else {
        throw UserError(
          "\(study) is missing, so the search cannot be resumed; restore it, or start a new search")
      }
      throw UserError("\(path) holds other files; choose a new directory with --output")
    case .search:
      guard resume else {
        guard !isInUse else { throw inUse }
        throw UserError(
          "\(path) already holds a search; resume it with 'trawl search --resume \(path.asShellWord)', or choose "
            + "another --output")
      }
      return true
    }
  }

  /// The error if another coordinator uses the directory, with its process and host if known.
  var inUse: UserError {
    let holder = try? readStatus()
    let owner = holder.map { ", process \($0.pid) on \($0.host.asShownText)" } ?? ""
    return UserError("\(path) is in use: another coordinator runs this search\(owner)")
  }

  /// Whether a coordinator holds the lock.
  var isInUse: Bool {
    let descriptor = open(log, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// The time to wait for the lock. On a network file system, the lock of a dead machine lasts about 90 s.
  private static let patience = Duration.seconds(180)

  /// Creates the directory if needed and locks its log until this process ends.
  ///
  /// - Parameters:
  ///   - wait: whether to keep waiting for a coordinator on another machine.
  ///   - report: called with a line about the wait.
  func lock(waitingWhile wait: () -> Bool, report: (String) -> Void) throws {
    try System.makeFolder(path)
    guard !LogFile.isBlocked(log) else { throw UserError("\(log) is not a regular file; remove it") }
    let descriptor = LogFile.open(log)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(log)") }
    let begin = monotonicNow()
    var hasReported = false
    let holder = try? readStatus()
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if hasReported, !wait() { throw ExitStatus.interrupted }
      guard wait(), let holder, holder.host != System.hostName else { throw inUse }
      // Exit status 1: a later start may succeed.
      guard monotonicNow() - begin < Self.patience else { throw UserError(inUse.message, status: .failed) }
      if !hasReported { report("\(inUse.message); waiting \(Self.patience.text) for it to end") }
      hasReported = true
      Thread.sleep(forTimeInterval: 0.5)
    }
  }

  /// Creates the study in the locked directory.
  func makeStudy(_ file: SearchFile) throws -> StudyDatabase {
    try AtomicFile.write(file.text, to: searchFile, as: .runFile)
    return try UserError.wrapping {
      try StudyDatabase(creatingAt: study, search: SearchID(.random(in: 1 ... .max)), file: file.text)
    }
  }

  /// Opens the study in the locked directory; nil if there is none.
  func openStudy(_ file: SearchFile, named name: String, resume: Bool) throws -> StudyDatabase? {
    guard try check(resume: resume) else { return nil }
    let database = try UserError.wrapping { try StudyDatabase(openingAt: study) }
    try change(database, to: file, named: name)
    return database
  }

  /// The stored search file, from the study if the file is gone or damaged.
  ///
  /// - Parameter name: the path of the original search file, from which a search without a name gets its name.
  func storedSearchFile(named name: String) throws -> SearchFileSource {
    _ = try check(resume: true)
    let stored = (try? RegularFile.contents(of: searchFile)).map { bytes in
      SearchFileSource(path: searchFile, name: name, bytes: Array(bytes))
    }
    if let stored, (try? stored.parse()) != nil || content != .search { return stored }
    let text = try UserError.wrapping { try StudyDatabase(openingAt: study).searchFile() }
    return SearchFileSource(path: study, name: name, bytes: Array(text.utf8))
  }

  /// The stored search file; nil if it cannot be read.
  ///
  /// - Parameter name: the path of the current search file, from which a search without a name gets its name.
  func searchFile(named name: String) -> SearchFile? {
    guard let bytes = try? RegularFile.contents(of: searchFile) else { return nil }
    return try? SearchFileSource(path: searchFile, name: name, bytes: Array(bytes)).parse()
  }

  /// The values of keys in the stored and in the given file: `train.epochs is 9, not 5`.
  private func differences(_ keys: [String], _ before: SearchFile, _ file: SearchFile) -> String {
    keys.prefix(5).map { "\($0) is \(before.text(of: $0)), not \(file.text(of: $0))" }.joined(separator: "; ")
      + (keys.count > 5 ? "; and \(keys.count - 5) more" : "")
  }

  private func change(_ study: StudyDatabase, to file: SearchFile, named name: String) throws {
    let text = try UserError.wrapping { try study.searchFile() }
    let before = try SearchFileSource(path: self.study, name: name, bytes: Array(text.utf8)).parse()
    let obstacles = file.changesPreventingResume(of: before)
    if obstacles == ["search.trials"], file.halving != nil, file.trials > before.trials {
      throw UserError(
        "\(path) has \(before.trials) trials and cannot be extended: halving compares all of them, "
          + "unless search.halving.bracket divides them into whole brackets; start another search with --output"
      )
    }
    guard before.isOpenEnded == file.isOpenEnded || obstacles != ["search.trials"] else {
      throw UserError(
        "\(path) holds another search: either its search.yaml or this file is open-ended (search.trials); "
          + "start another search with --output")
    }
    guard obstacles.isEmpty else {
      throw UserError(
        "\(path) holds another search: \(differences(obstacles, before, file)); start another search with --output"
      )
    }
    let differences = file.differences(from: before)
    let growth = differences.first { $0 == "search.trials" || $0.hasPrefix("search.stop_after.") }
    if let growth, let count = try UserError.wrapping({ try study.trialCount() }) {
      throw UserError(
        "\(path): the search was ended with \(count) trials, and \(growth) cannot extend it; start another search with "
          + "--output")
    }
    guard !differences.isEmpty else {
      if searchFile(named: name) == nil { try AtomicFile.write(text, to: searchFile, as: .runFile) }
      return
    }
    try UserError.wrapping { try study.replaceSearchFile(file.text) }
    try AtomicFile.write(file.text, to: searchFile, as: .runFile)
  }
}

/// The path and content of a search file.
struct SearchFileSource {
  let path: String
  /// The path of the original file, from which a search without a name gets its name.
  let name: String
  let bytes: [UInt8]

  init(path: String, name: String? = nil, bytes: [UInt8]) {
    (self.path, self.name, self.bytes) = (path, name ?? path, bytes)
  }

  static func read(_ path: String) throws -> SearchFileSource {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw UserError("\(path): no such file")
    }
    guard !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: SearchFile.mostBytes + 1) ?? Data()
    else { throw UserError("\(path): not a readable file") }
    return SearchFileSource(path: path, bytes: Array(data))
  }

  func parse(
    overrides: [SearchFile.Override] = [], inertKeys: SearchFile.InertKeys = .noted
  ) throws -> SearchFile {
    do throws(SearchFileError) {
      return try SearchFile.parse(bytes, file: name, overrides: overrides, inertKeys: inertKeys)
    } catch {
      var error = error
      error.file = path
      throw UserError(error)
    }
  }
}
