import Coordination
import Foundation
import Platform
import RunFiles
import Search
import Storage
import Trials

extension RunDirectory {
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
    guard
      obstacles != ["search.trials"] || file.trials >= before.trials || file.isOpenEnded != before.isOpenEnded
    else {
      throw UserError(
        "\(path) has \(before.trials) trials; a search can be extended, but not shortened to \(file.trials)")
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
