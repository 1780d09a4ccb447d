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
  /// Written by 'trawl bench first-epoch' alone.
  var firstEpoch: String { "\(path)/first-epoch.csv" }
  var status: String { "\(path)/status.json" }
  var joinFile: String { "\(path)/join.json" }
  var keys: String { "\(path)/keys" }
  var checkpoints: String { "\(path)/checkpoints" }
  var report: String { "\(path)/report.html" }
  var log: String { "\(path)/trawl.log" }
  var best: String { "\(path)/best" }
  var bestRecipe: String { "\(best)/recipe.yaml" }

  /// What is there already.
  enum Content: Equatable {
    /// Nothing, or what a search leaves that was killed before it began.
    case nothing
    case search
    case other
  }

  var content: Content {
    if FileManager.default.fileExists(atPath: study) { return .search }
    guard FileManager.default.fileExists(atPath: path) else { return .nothing }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return .other }
    return names.allSatisfy(Self.isBeginning) ? .nothing : .other
  }

  private static func isBeginning(_ name: String) -> Bool {
    ["keys", "join.json", "trawl.log"].contains(name)
      || ["search.yaml", "study.db.new"].contains { name.hasPrefix($0) }
  }

  /// Refuses a directory that this search may not use; creates nothing.
  ///
  /// - Returns: whether the search was begun before.
  func check(resume: Bool) throws -> Bool {
    switch content {
    case .nothing: return false
    case .other: throw UserError("\(path) holds other files; choose a new directory with --output")
    case .search:
      guard resume else {
        guard !isInUse else { throw inUse }
        throw UserError(
          "\(path) already holds a search; go on with it by --resume, or choose another --output")
      }
      return true
    }
  }

  /// Says who has it, as far as that is known.
  var inUse: UserError {
    let holder = try? Status.read(status)
    let place = holder.map { ", process \($0.pid) on \($0.host.asShownText)" } ?? ""
    return UserError("\(path) is in use: another coordinator runs this search\(place)")
  }

  /// Whether a coordinator has it now.
  var isInUse: Bool {
    let descriptor = open(log, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// On network disks the lock of a machine that is gone lasts as long as its lease: 90 seconds or so.
  private static let patience = Duration.seconds(180)

  /// Takes the directory for this process as long as it lives, and makes it if need be: its log is locked.
  ///
  /// - Parameters:
  ///   - wait: whether to wait for a coordinator of another machine to be gone, until this says no more.
  ///   - tell: takes a line about that.
  func lock(while wait: () -> Bool, tell: (String) -> Void) throws {
    try System.makeFolder(path)
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(log)") }
    let begin = monotonicNow()
    var hasTold = false
    let holder = try? Status.read(status)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if hasTold, !wait() { throw ExitStatus.interrupted }
      guard wait(), let holder, holder.host != System.hostName else { throw inUse }
      // Whoever starts this again in a while may find it free.
      guard monotonicNow() - begin < Self.patience else { throw UserError(inUse.words, status: .failed) }
      if !hasTold { tell("\(inUse.words); waiting \(Self.patience.words) for it to be gone") }
      hasTold = true
      Thread.sleep(forTimeInterval: 0.5)
    }
  }

  /// A new record of a search in the locked directory. From now on there is a search in it.
  func makeStudy(_ file: SearchFile) throws -> StudyDatabase {
    try AtomicFile.write(file.text, to: searchFile)
    return try UserError.wrapping {
      try StudyDatabase(creatingAt: study, search: SearchID(.random(in: 1 ... .max)), file: file.text)
    }
  }

  /// The record of the search in the locked directory; nil where there is none.
  func openStudy(_ file: SearchFile, named name: String, resume: Bool) throws -> StudyDatabase? {
    guard try check(resume: resume) else { return nil }
    let database = try UserError.wrapping { try StudyDatabase(openingAt: study) }
    try change(database, to: file, named: name)
    return database
  }

  /// The file of the search that lies here, read under the name of the present one, from which an unnamed search has its
  /// name; nil where there is none that can be read.
  func searchFile(named name: String) -> SearchFile? {
    guard let bytes = FileManager.default.contents(atPath: searchFile) else { return nil }
    return try? SearchFileSource(path: name, bytes: Array(bytes)).parse()
  }

  private func change(_ study: StudyDatabase, to file: SearchFile, named name: String) throws {
    let text = try UserError.wrapping { try study.searchFile() }
    let before = try SearchFileSource(path: name, bytes: Array(text.utf8)).parse()
    let obstacles = file.obstacles(toGoingOnWith: before)
    if obstacles == ["search.trials"], file.halving != nil, file.trials > before.trials {
      throw UserError(
        "\(path) has \(before.trials) trials, and there cannot be more: which of them train on is decided among all, "
          + "unless search.halving.bracket divides them into whole brackets; begin another search with --output"
      )
    }
    guard before.isOpenEnded == file.isOpenEnded || obstacles != ["search.trials"] else {
      throw UserError("\(path): of the search there and this one, only one has a number of trials")
    }
    guard obstacles.isEmpty else {
      throw UserError(
        "\(path) holds another search: \(obstacles.joined(separator: ", ")) differ"
          + "\(obstacles.count == 1 ? "s" : "") from what it was begun with")
    }
    let differences = file.differences(from: before)
    let growth = differences.first { $0 == "search.trials" || $0.hasPrefix("search.stop_after.") }
    if let growth, let count = try UserError.wrapping({ try study.trialCount() }) {
      throw UserError(
        "\(path): no trials begin after the \(count) there are, whatever \(growth) says now; begin another search with "
          + "--output")
    }
    guard !differences.isEmpty else { return }
    try UserError.wrapping { try study.replaceSearchFile(file.text) }
    try AtomicFile.write(file.text, to: searchFile)
  }
}

/// The content of a search file and where it stands.
struct SearchFileSource {
  let path: String
  let bytes: [UInt8]

  static func read(_ path: String) throws -> SearchFileSource {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw UserError("\(path): no such file")
    }
    guard !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: SearchFile.mostBytes + 1) ?? Data()
    else { throw UserError("\(path): cannot be read as a file") }
    return SearchFileSource(path: path, bytes: Array(data))
  }

  func parse(overrides: [SearchFile.Override] = []) throws -> SearchFile {
    try UserError.wrapping { try SearchFile.parse(bytes, file: path, overrides: overrides) }
  }
}
