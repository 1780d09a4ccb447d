import Coordination
import Foundation
import GRDB
import Search

/// The durable record of a search: `study.db` in its run directory.
///
/// One connection holds the file's lock as long as this object lives, so that no second coordinator can open it. What a
/// `commit` returned from is on the disk.
package final class StudyDatabase {
  private let queue: DatabaseQueue

  /// Makes a new file for a search. Only when it is whole it appears at its path.
  package convenience init(creatingAt path: String, search: SearchID, file text: String) throws(StudyError) {
    let draft = "\(path).new"
    for name in [draft, "\(draft)-wal"] { unlink(name) }
    do {
      let study = try StudyDatabase(path: draft)
      try study.run { db in
        try db.execute(
          sql: "INSERT INTO search (id, file, epoch) VALUES (?, ?, 0)",
          arguments: [Int64(bitPattern: search.number), text])
      }
      try study.close()
    }
    guard rename(draft, path) == 0 else {
      throw .failed("\(path): \(String(cString: strerror(errno)))")
    }
    try self.init(openingAt: path)
  }

  /// The version of the SQLite that this process has loaded, such as "3.40.1".
  package static var libraryVersion: String {
    let answer = try? DatabaseQueue().read { db in try String.fetchOne(db, sql: "SELECT sqlite_version()") }
    return answer ?? "unknown"
  }

  /// Moves everything into the one file and lets go of it.
  private func close() throws(StudyError) {
    do { try queue.close() } catch { throw StudyError(error, path: queue.path) }
  }

  /// The search file.
  package func searchFile() throws(StudyError) -> String {
    try run { db in try String.fetchOne(db, sql: "SELECT file FROM search") ?? "" }
  }

  /// How many trials there are, once no more begin; nil before.
  package func trialCount() throws(StudyError) -> Int? {
    try run { db in try Int.fetchOne(db, sql: "SELECT trials FROM search") }
  }

  /// The search goes on by another file.
  package func replaceSearchFile(_ text: String) throws(StudyError) {
    try run { db in try db.execute(sql: "UPDATE search SET file = ?", arguments: [text]) }
  }

  /// Makes room on a full disk: what waits in the log beside the file moves into it.
  package func shrink() {
    // If that fails too, the next commit will tell.
    try? queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
  }

  /// Opens the file of a search that was begun before.
  package convenience init(openingAt path: String) throws(StudyError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .damaged("\(path) is missing") }
    try self.init(path: path)
    guard try run({ db in try Int.fetchOne(db, sql: "SELECT count(*) FROM search") }) == 1 else {
      throw .damaged("\(path) holds no search")
    }
  }

  private init(path: String) throws(StudyError) {
    do {
      var configuration = Configuration()
      configuration.label = "study"
      configuration.busyMode = .immediateError
      configuration.prepareDatabase { db in
        try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
        try db.execute(sql: "PRAGMA journal_mode = WAL")
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 256")
        try db.execute(sql: "PRAGMA synchronous = FULL")
      }
      queue = try DatabaseQueue(path: path, configuration: configuration)
      guard try !queue.read(Self.migrator.hasBeenSuperseded) else { throw StudyError.later(path) }
      try Self.migrator.migrate(queue)
      // GRDB relaxes this setting while it opens a file, so it is made and checked last.
      let synchronous = try queue.inDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = FULL")
        return try Int.fetchOne(db, sql: "PRAGMA synchronous")
      }
      precondition(synchronous == 2, "commits would not be durable: synchronous is \(synchronous ?? -1)")
      // Takes the lock now rather than with the first commit.
      try queue.write { db in try db.execute(sql: "UPDATE search SET epoch = epoch") }
    } catch let error as StudyError {
      throw error
    } catch {
      throw StudyError(error, path: path)
    }
  }

  /// Runs statements in one transaction.
  func run<Value>(_ body: (Database) throws -> Value) throws(StudyError) -> Value {
    do {
      return try queue.write(body)
    } catch {
      throw Self.isOverQuota(errno, error) ? .diskFull : StudyError(error, path: queue.path)
    }
  }

  /// Whether a write failed because the user may not fill more of the disk. For SQLite only a full disk is one where it did
  /// nothing, and what the system said of its last call tells the rest.
  private static func isOverQuota(_ code: Int32, _ error: any Error) -> Bool {
    code == EDQUOT && (error as? DatabaseError)?.extendedResultCode == .SQLITE_IOERR_WRITE
  }
}

/// Why the study's file cannot be read or written.
package enum StudyError: Error, CustomStringConvertible, Equatable {
  /// Another coordinator has it open.
  case inUse(String)
  /// The disk is full: the commit did not happen and may be tried again.
  case diskFull
  /// Not a study, or a damaged one.
  case damaged(String)
  /// A newer version of Trawl made it.
  case later(String)
  /// The disk failed; what was committed last is uncertain until the file is opened anew.
  case failed(String)

  init(_ error: any Error, path: String) {
    guard let error = error as? DatabaseError else {
      self = .failed("\(path): \(error)")
      return
    }
    let words = "\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path)
    case .SQLITE_FULL: self = .diskFull
    case .SQLITE_NOTADB, .SQLITE_CORRUPT: self = .damaged(words)
    default: self = .failed(words)
    }
  }

  /// Whether nobody made a mistake: the same may do another time.
  package var isOfTheMachine: Bool {
    switch self {
    case .diskFull, .failed: true
    case .inUse, .damaged, .later: false
    }
  }

  package var description: String {
    switch self {
    case .inUse(let path): "\(path) is in use: another coordinator runs this search"
    case .diskFull: "the disk is full, or your quota"
    case .later(let path): "\(path) was made by a newer version of Trawl, which must go on with it"
    case .damaged(let words), .failed(let words): words
    }
  }
}
