import Coordination
import Foundation
import GRDB
import Platform
import Search

/// The durable record of a search: `study.db` in its run directory.
///
/// One connection holds the file lock as long as this object exists, so that no second coordinator can open the file.
/// When `commit` returns, the decisions are durable.
package final class StudyDatabase {
  private var queue: DatabaseQueue
  /// The names in the table `metric`.
  var metricNames = MetricNames()
  /// A descriptor of the open file, to notice its deletion. Closed after the queue: closing it releases SQLite's lock.
  private var descriptor: Int32

  /// Creates the file of a search atomically.
  package convenience init(creatingAt path: String, search: SearchID, file text: String) throws(StudyError) {
    let draft = "\(path).new"
    for name in [draft, "\(draft)-wal"] { unlink(name) }
    do {
      let study = try StudyDatabase(path: draft)
      try study.run { db in
        try db.execute(
          sql: "INSERT INTO search (id, file, generation) VALUES (?, ?, 0)",
          arguments: [Int64(bitPattern: search.number), text])
      }
      try study.close()
    }
    guard rename(draft, path) == 0 else {
      throw .failed("\(path): \(String(cString: strerror(errno)))")
    }
    try self.init(openingAt: path)
  }

  /// The version of the loaded SQLite, for example "3.40.1".
  package static var libraryVersion: String {
    let answer = try? DatabaseQueue().read { db in try String.fetchOne(db, sql: "SELECT sqlite_version()") }
    return answer ?? "unknown"
  }

  /// Merges the write-ahead log into the file and closes it.
  private func close() throws(StudyError) {
    do { try queue.close() } catch { throw StudyError(error, path: queue.path) }
  }

  /// The search file.
  package func searchFile() throws(StudyError) -> String {
    try run { db in try String.fetchOne(db, sql: "SELECT file FROM search") ?? "" }
  }

  /// The final number of trials; nil while more may start.
  package func trialCount() throws(StudyError) -> Int? {
    try run { db in try Int.fetchOne(db, sql: "SELECT trials FROM search") }
  }

  /// Replaces the search file of a resumed search.
  package func replaceSearchFile(_ text: String) throws(StudyError) {
    try run { db in try db.execute(sql: "UPDATE search SET file = ?", arguments: [text]) }
  }

  /// Frees space on a full disk: merges the write-ahead log into the file.
  package func shrink() {
    // If this fails too, the next commit reports it.
    try? queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
  }

  /// Opens the file of an existing search.
  package convenience init(openingAt path: String) throws(StudyError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .damaged("\(path) is missing") }
    try self.init(path: path)
    guard try run({ db in try Int.fetchOne(db, sql: "SELECT count(*) FROM search") }) == 1 else {
      throw .damaged("\(path) holds no search")
    }
    metricNames = try run { db in try MetricNames(db) }
  }

  private init(path: String) throws(StudyError) {
    queue = try Self.open(path)
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
  }

  deinit {
    // All commits are durable, so an error loses nothing.
    try? queue.close()
    Glibc.close(descriptor)
  }

  /// Opens and locks a file.
  private static func open(_ path: String) throws(StudyError) -> DatabaseQueue {
    // SQLite would wait for data from a named pipe.
    for file in [path, "\(path)-wal"] {
      var status = stat()
      guard stat(file, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
        throw .damaged("\(file) is not a regular file")
      }
    }
    do {
      var configuration = Configuration()
      configuration.label = "study"
      configuration.busyMode = .immediateError
      configuration.prepareDatabase { db in
        try RowChecksums.define(db)
        try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
        try db.execute(sql: "PRAGMA journal_mode = WAL")
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 256")
        try db.execute(sql: "PRAGMA synchronous = FULL")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.read(RowChecksums.verify)
      guard try !queue.read(migrator.hasBeenSuperseded) else { throw StudyError.later(path) }
      let isCurrent = try queue.read(migrator.hasCompletedMigrations)
      try migrator.migrate(queue)
      try queue.write { db in
        if !isCurrent { try RowChecksums.compute(db) }
        try RowChecksums.createTriggers(db)
      }
      // GRDB relaxes this setting when it opens a file, so it is set and checked last.
      let synchronous = try queue.inDatabase { db in
        try db.execute(sql: "PRAGMA synchronous = FULL")
        return try Int.fetchOne(db, sql: "PRAGMA synchronous")
      }
      precondition(synchronous == 2, "commits would not be durable: synchronous is \(synchronous ?? -1)")
      // Acquires the lock now instead of at the first commit.
      try queue.write { db in try db.execute(sql: "UPDATE search SET generation = generation") }
      return queue
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

  /// Whether a write failed because the disk quota is exhausted. SQLite reports only ENOSPC as a full disk; the last
  /// system error shows the quota.
  private static func isOverQuota(_ code: Int32, _ error: any Error) -> Bool {
    code == EDQUOT && (error as? DatabaseError)?.extendedResultCode == .SQLITE_IOERR_WRITE
  }
}

// A file that is deleted while it is open.
extension StudyDatabase {
  /// Whether the open file was deleted, or replaced by another one.
  package var isGone: Bool {
    var status = stat()
    if stat(queue.path, &status) != 0 { return errno == ENOENT }
    return fstat(descriptor, &status) == 0 && status.st_nlink == 0
  }

  /// Writes the database to its path again and continues with the new file. Another file there is renamed to
  /// `study.db.other`.
  package func restore() throws(StudyError) {
    let path = queue.path
    let draft = "\(path).new"
    do {
      for name in [draft, "\(draft)-wal"] { unlink(name) }
      let copy = try DatabaseQueue(path: draft)
      try queue.backup(to: copy)
      try copy.close()
      // Deletes the write-ahead log, which belongs to the old file.
      try queue.close()
      unlink("\(path)-wal")
      rename(path, "\(path).other")
      guard rename(draft, path) == 0 else {
        throw StudyError.failed("\(path): \(String(cString: strerror(errno)))")
      }
    } catch {
      throw error as? StudyError ?? StudyError(error, path: path)
    }
    Glibc.close(descriptor)
    queue = try Self.open(path)
    descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
  }
}

/// The reason why the study database cannot be read or written.
package enum StudyError: ClassifiedError, CustomStringConvertible, Equatable {
  /// Another coordinator has the file open.
  case inUse(String)
  /// The disk is full: the commit did not happen and can be retried.
  case diskFull
  /// Not a study database, or a damaged one.
  case damaged(String)
  /// Created by a newer version of Trawl.
  case later(String)
  /// An I/O error; the last commit is uncertain until the file is reopened.
  case failed(String)

  init(_ error: any Error, path: String) {
    guard let error = error as? DatabaseError else {
      self = .failed("\(path): \(error)")
      return
    }
    let detail = "\(path): \(error.message ?? "SQLite error \(error.resultCode.rawValue)")"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path)
    case .SQLITE_FULL: self = .diskFull
    // Statements are correct, so an error in one is an error of the file.
    case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT:
      self = .damaged(detail)
    default: self = .failed(detail)
    }
  }

  /// Whether it is a system error rather than a user error: a retry may succeed.
  package var isSystemError: Bool {
    switch self {
    case .diskFull, .failed: true
    case .inUse, .damaged, .later: false
    }
  }

  package var description: String {
    switch self {
    case .inUse(let path): "\(path) is in use: another coordinator runs this search"
    case .diskFull: "the disk is full or your disk quota is exceeded"
    case .later(let path): "\(path) was made by a newer version of Trawl; resume it with that version"
    case .damaged(let detail):
      "\(detail); restore it from a backup, or run the search again with another --output: "
        + "the results are the same"
    case .failed(let detail): detail
    }
  }
}
