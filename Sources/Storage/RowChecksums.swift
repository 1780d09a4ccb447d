import GRDB
import GRDBSQLite

/// Checksums of all rows, so that a file damaged on the disk is rejected and does not change results.
///
/// Each table has a column `checksum` over the other columns. Frequent statements write it; for all others, temporary
/// triggers of the connection do. `verify` compares all of them.
enum RowChecksums {
  private struct Table {
    let name: String
    /// All columns but the checksum.
    let columns: [String]
    let keys: [String]
    let hasChecksum: Bool

    /// The expression for the checksum of a row.
    var expression: String { "row_checksum(\(columns.joined(separator: ", ")))" }
  }

  /// Defines the SQL function `row_checksum` for a connection.
  static func define(_ db: Database) throws {
    let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC
    let code = sqlite3_create_function_v2(
      db.sqliteConnection, "row_checksum", -1, flags, nil,
      { context, count, values in
        var hash = Hash()
        for index in 0..<Int(count) { hash.add(values![index]) }
        sqlite3_result_int64(context, hash.value)
      }, nil, nil, nil)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }

  /// Throws if the file or a row is damaged. Databases of earlier versions have no checksums.
  static func verify(_ db: Database) throws {
    let problem = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "ok"
    guard problem == "ok" else {
      throw damage(
        "the file is damaged: \(problem.split(whereSeparator: \.isNewline).joined(separator: ": "))")
    }
    // A file and the -wal of another time can fit, with rows missing.
    guard try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") == nil else {
      throw damage("the file is damaged: rows are missing")
    }
    for table in try tables(db) where table.hasChecksum {
      let damaged = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM \(table.name) WHERE checksum IS NOT \(table.expression)")
      if let damaged, damaged > 0 {
        throw damage(
          "the file is damaged: \(damaged) row\(damaged == 1 ? "" : "s") of the table '\(table.name)'")
      }
    }
  }

  private static func damage(_ problem: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: problem)
  }

  /// Computes the checksums of all rows, after a migration.
  static func compute(_ db: Database) throws {
    for table in try tables(db) {
      try db.execute(sql: "UPDATE \(table.name) SET checksum = \(table.expression)")
    }
  }

  /// Creates the triggers that maintain the checksums as long as the connection is open.
  static func createTriggers(_ db: Database) throws {
    for table in try tables(db) {
      let row = table.keys.map { "\($0) = NEW.\($0)" }.joined(separator: " AND ")
      for (event, isMissing) in [("INSERT", "NEW.checksum = 0"), ("UPDATE", "NEW.checksum = OLD.checksum")] {
        try db.execute(
          sql: """
            CREATE TEMP TRIGGER checksum_\(table.name)_\(event) AFTER \(event) ON main.\(table.name)
            WHEN \(isMissing) BEGIN
              UPDATE \(table.name) SET checksum = \(table.expression) WHERE \(row);
            END
            """)
      }
    }
  }

  private static func tables(_ db: Database) throws -> [Table] {
    let names = [
      "search", "worker", "attempt", "metric", "epoch", "result", "checkpoint", "rung", "event",
    ]
    return try names.compactMap { name in
      guard try db.tableExists(name) else { return nil }
      let columns = try db.columns(in: name).map(\.name)
      return Table(
        name: name, columns: columns.filter { $0 != "checksum" },
        keys: try db.primaryKey(name).columns, hasChecksum: columns.contains("checksum"))
    }
  }
}

/// A 64-bit hash of SQL values: FNV-1a over words of 64 bits, with a rotation so that high bits matter, too.
private struct Hash {
  private(set) var value: Int64 = 0
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ value: OpaquePointer?) {
    let type = sqlite3_value_type(value)
    add(UInt64(type))
    switch type {
    case SQLITE_INTEGER: add(UInt64(bitPattern: sqlite3_value_int64(value)))
    case SQLITE_FLOAT: add(sqlite3_value_double(value).bitPattern)
    case SQLITE_NULL: break
    default:
      let bytes = UnsafeRawBufferPointer(
        start: sqlite3_value_blob(value), count: Int(sqlite3_value_bytes(value)))
      add(UInt64(bytes.count))
      for byte in bytes { add(UInt64(byte)) }
    }
    self.value = Int64(bitPattern: state)
  }

  private mutating func add(_ word: UInt64) {
    state = (state ^ word) &* 0x100_0000_01b3
    state = state << 31 | state >> 33
  }
}
