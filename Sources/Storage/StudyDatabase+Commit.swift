import Coordination
import Foundation
import GRDB

extension StudyDatabase {
  /// Writes all decisions in one transaction. They are durable when it returns; if it throws, none is written.
  package func commit(_ decisions: [Decision], at date: Date) throws(StudyError) {
    guard !decisions.isEmpty else { return }
    let now = date.timeIntervalSince1970
    // Kept only if the transaction succeeds.
    var names = metricNames
    try run { db in
      for decision in decisions { try Self.write(decision, now, &names, db) }
      try Self.addEvents(decisions.count, db)
    }
    metricNames = names
  }

  private static func write(
    _ decision: Decision, _ now: Double, _ names: inout MetricNames, _ db: Database
  ) throws {
    switch decision {
    case .workerJoined(let id, let worker): try insert(id, worker, db)
    case .attemptStarted(let id, let trial, let worker):
      try execute(
        """
        INSERT INTO attempt (id, incarnation, trial, worker, started, key, checksum)
        SELECT ?1, ?2, ?3, id, ?4, key, row_checksum(?1, ?3, id, ?4, NULL, NULL, '', 0, 0, key, ?2)
        FROM worker WHERE id = ?5
        """, [id.rowID, Int64(id.incarnation), trial, now, worker.description], db)
    case .epochsInherited(let id, let source, let count):
      try inherit(id, source, count, db)
    case .epochEnded(let id, let number, let metrics, let seconds):
      try execute(
        """
        INSERT INTO epoch (attempt, number, metrics, seconds, checksum)
        VALUES (?1, ?2, ?3, ?4, row_checksum(?1, ?2, ?3, ?4))
        """, [id.rowID, number, names.encode(metrics, db), seconds], db)
    case .attemptEnded(let id, let end, let detail):
      try execute(
        """
        UPDATE attempt SET ended = ?1, ending = ?2, detail = ?3, checksum = row_checksum(
          id, trial, worker, started, ?1, ?2, ?3, inherited, is_past, key, incarnation)
        WHERE id = ?4
        """,
        [now, end.rawValue, detail, id.rowID], db)
    case .attemptResumed(let id):
      try execute(
        "UPDATE attempt SET ended = NULL, ending = NULL, detail = '' WHERE id = ?", [id.rowID], db)
    case .checkpointStored(let stored):
      try execute(
        "INSERT OR REPLACE INTO checkpoint (trial, attempt, epochs, size, digest) VALUES (?, ?, ?, ?, ?)",
        [
          stored.trial, stored.attempt.rowID, stored.checkpoint.epochs, stored.checkpoint.size,
          Data(stored.checkpoint.digest),
        ], db)
    case .rungReached(let reached, let rung):
      try execute(
        "INSERT INTO rung (trial, number, attempt, metrics) VALUES (?, ?, ?, ?)",
        [reached.trial, rung, reached.attempt.rowID, names.encode(reached.metrics, db)], db)
    case .dataKnown(let digest): try execute("UPDATE search SET data = ?", [Data(digest)], db)
    case .workerExcluded(let id, let reason):
      try execute("UPDATE worker SET excluded = ? WHERE id = ?", [reason, id.description], db)
    case .trialsComplete(let count): try execute("UPDATE search SET trials = ?", [count], db)
    case .trialEnded(let result, let id):
      try execute("DELETE FROM checkpoint WHERE trial = ?", [result.trial], db)
      try execute(
        """
        INSERT INTO result (trial, attempt, status, epochs, metrics, checksum)
        VALUES (?1, ?2, ?3, ?4, ?5, row_checksum(?1, ?2, ?3, ?4, ?5))
        """,
        [
          result.trial, id.rowID, result.status.rawValue, result.epochs,
          result.metrics.map { try names.encode($0, db) },
        ], db)
    }
  }

  private static func insert(_ id: WorkerID, _ worker: WorkerDescription, _ db: Database) throws {
    try execute(
      """
      INSERT INTO worker (id, host, pid, slots, is_local, numerics, key) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET slots = excluded.slots, key = excluded.key
      """,
      [
        id.description, worker.host, Int(worker.pid), worker.slots, worker.isLocal, worker.numerics,
        worker.key,
      ], db)
  }

  private static func inherit(_ id: AttemptID, _ source: AttemptID, _ count: Int, _ db: Database) throws {
    try execute("UPDATE attempt SET inherited = ? WHERE id = ?", [count, id.rowID], db)
    try execute(
      """
      INSERT INTO epoch (attempt, number, metrics, seconds)
      SELECT ?, number, metrics, seconds FROM epoch WHERE attempt = ? AND number <= ?
      """, [id.rowID, source.rowID, count], db)
  }

  private static func execute(
    _ sql: String, _ arguments: [(any DatabaseValueConvertible)?], _ db: Database
  ) throws {
    let statement = try db.cachedStatement(sql: sql)
    try statement.execute(arguments: StatementArguments(arguments))
  }
}

extension AttemptID {
  var rowID: Int64 { Int64(number) }

  /// The attempt of a row.
  init(rowID: Int64, incarnation: Int64) {
    self.init(UInt64(truncatingIfNeeded: rowID), incarnation: UInt32(truncatingIfNeeded: incarnation))
  }
}
