import Coordination
import Foundation
import GRDB
import Search

extension StudyDatabase {
  /// Deletes the results of failed and quarantined trials, so that they run again; their attempts are kept.
  ///
  /// - Returns: the numbers of these trials.
  package func reopenFailed() throws(StudyError) -> [Int] {
    try run { db in
      let names = TrialResult.Status.allCases.filter(\.isFailure).map { "'\($0.rawValue)'" }
      let failed = "SELECT trial FROM result WHERE status IN (\(names.joined(separator: ", ")))"
      let trials = try Int.fetchAll(db, sql: "\(failed) ORDER BY trial")
      try db.execute(sql: "UPDATE attempt SET is_past = 1 WHERE trial IN (\(failed))")
      try db.execute(sql: "DELETE FROM result WHERE trial IN (\(failed))")
      try Self.addEvents(trials.count, db)
      return trials
    }
  }

  /// Increments the generation and returns the state that a starting coordinator needs.
  ///
  /// - Parameters:
  ///   - needsCurves: whether to load the epochs of all completed trials.
  ///   - leastGeneration: the time in ms, so that an older copy of the database does not repeat a generation.
  package func begin(
    needsCurves: Bool = false, leastGeneration: Int64 = 0
  ) throws(StudyError) -> Snapshot {
    try run { db in
      try db.execute(
        sql: "UPDATE search SET generation = max(generation + 1, ?)", arguments: [leastGeneration])
      guard let row = try Row.fetchOne(db, sql: "SELECT id, generation, trials, data FROM search") else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "no search in it")
      }
      return Snapshot(
        search: SearchID(UInt64(bitPattern: row[0])), generation: UInt64(bitPattern: row[1]),
        incarnation: .random(in: 1 ... .max), lastAttempt: try Self.lastAttempt(db),
        results: try Self.results(db), openAttempts: try Self.openAttempts(db),
        checkpoints: try Self.checkpoints(db), rungs: try Self.rungs(db),
        data: (row[3] as Data?).map(Array.init), trialCount: row[2],
        curves: needsCurves ? try Self.curves(db) : [], excluded: try Self.excludedWorkers(db),
        hadRemoteWorkers: try Bool.fetchOne(
          db, sql: "SELECT EXISTS (SELECT 1 FROM worker WHERE NOT is_local)")
          ?? false)
    }
  }

  private static func lastAttempt(_ db: Database) throws -> AttemptID {
    let last = try Row.fetchOne(db, sql: "SELECT id, incarnation FROM attempt ORDER BY id DESC LIMIT 1")
    return last.map { AttemptID(rowID: $0[0], incarnation: $0[1]) } ?? AttemptID(0)
  }

  /// The start time of the first trial, in seconds since 1970; nil before it.
  package func beginning() throws(StudyError) -> Double? {
    try run { db in try Double.fetchOne(db, sql: "SELECT min(started) FROM attempt") }
  }

  private static func curves(_ db: Database) throws -> [[Metrics]] {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT result.trial, epoch.metrics FROM result JOIN epoch USING (attempt)
        WHERE status = 'done' AND result.trial < 4294967296 ORDER BY result.trial, number
        """)
    let names = try MetricNames(db)
    var curves: [Int: [Metrics]] = [:]
    while let row = try rows.next() { curves[row[0], default: []].append(try names.decode(row[1])) }
    return curves.sorted { $0.key < $1.key }.map(\.value)
  }

  static func rungs(_ db: Database) throws -> [[RungScore]] {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT rung.number, rung.trial, attempt.id, attempt.incarnation, rung.metrics
        FROM rung JOIN attempt ON attempt.id = rung.attempt ORDER BY rung.number, rung.trial
        """)
    let names = try MetricNames(db)
    var rungs: [[RungScore]] = []
    while let row = try rows.next() {
      let number: Int = row[0]
      while rungs.count <= number { rungs.append([]) }
      rungs[number].append(
        RungScore(
          trial: row[1], attempt: AttemptID(rowID: row[2], incarnation: row[3]),
          metrics: try names.decode(row[4])))
    }
    return rungs
  }

  static func results(_ db: Database) throws -> [TrialEnd] {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT trial, status, epochs, metrics FROM result ORDER BY trial")
    let names = try MetricNames(db)
    var results: [TrialEnd] = []
    while let row = try rows.next() {
      guard let status = TrialResult.Status(rawValue: row[1]) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an unknown status")
      }
      results.append(
        TrialEnd(
          trial: row[0], status: status, epochs: row[2], metrics: try (row[3] as Data?).map(names.decode)))
    }
    return results
  }

  private static func openAttempts(_ db: Database) throws -> [Snapshot.OpenAttempt] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT attempt.id, attempt.trial, attempt.worker, worker.is_local, attempt.key,
          attempt.ending, attempt.inherited, worker.host, attempt.detail, attempt.incarnation
        FROM attempt JOIN worker ON worker.id = attempt.worker
        WHERE NOT is_past AND attempt.trial NOT IN (SELECT trial FROM result) ORDER BY attempt.id
        """)
    let names = try MetricNames(db)
    return try rows.map { row in
      guard let worker = WorkerID(hexadecimal: row[2]) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an invalid worker ID")
      }
      return Snapshot.OpenAttempt(
        id: AttemptID(rowID: row[0], incarnation: row[9]), trial: row[1], worker: worker, host: row[7],
        isLocal: row[3], key: row[4], end: (row[5] as String?).flatMap(AttemptEnd.init), detail: row[8],
        epochs: try epochs(of: row[0], names, db), inherited: row[6])
    }
  }

  static func excludedWorkers(_ db: Database) throws -> [WorkerID: String] {
    let rows = try Row.fetchAll(db, sql: "SELECT id, excluded FROM worker WHERE excluded IS NOT NULL")
    return Dictionary(
      uniqueKeysWithValues: rows.compactMap { row in
        WorkerID(hexadecimal: row[0]).map { ($0, row[1]) }
      })
  }

  static func checkpoints(_ db: Database) throws -> [StoredCheckpoint] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT checkpoint.trial, attempt.id, epochs, size, digest, attempt.incarnation
        FROM checkpoint JOIN attempt ON attempt.id = checkpoint.attempt ORDER BY checkpoint.trial
        """
    ).map { row in
      let checkpoint = CheckpointFile(digest: Array(row[4] as Data), size: row[3], epochs: row[2])
      return StoredCheckpoint(
        trial: row[0], attempt: AttemptID(rowID: row[1], incarnation: row[5]), checkpoint: checkpoint)
    }
  }

  private static func epochs(of attempt: Int64, _ names: MetricNames, _ db: Database) throws -> [Metrics] {
    try Data.fetchAll(
      db, sql: "SELECT metrics FROM epoch WHERE attempt = ? ORDER BY number", arguments: [attempt]
    ).map(names.decode)
  }
}

/// The intermediate results of a trial.
package enum HistoryMoment: Sendable {
  case rung(Int, Metrics)
  case epoch(Int, Metrics)
}

/// A row of `attempts.csv`.
package struct AttemptRow: Sendable {
  package var attempt: Int64
  package var trial: Int
  package var host: String
  package var pid: Int
  package var numerics: String
  /// Seconds since 1970.
  package var started: Double
  package var ended: Double?
  /// Epochs at its start that an earlier attempt trained.
  package var inherited: Int
  /// Epochs that it trained and reported.
  package var epochs: Int
  package var ending: AttemptEnd?
  package var detail: String
}

extension StudyDatabase {
  /// Every attempt, in order.
  package func attempts() throws(StudyError) -> [AttemptRow] {
    try run { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT attempt.id, attempt.trial, worker.host, worker.pid, worker.numerics, attempt.started,
            attempt.ended, (SELECT count(*) FROM epoch WHERE epoch.attempt = attempt.id),
            attempt.ending, attempt.detail, attempt.inherited
          FROM attempt JOIN worker ON worker.id = attempt.worker ORDER BY attempt.id
          """
      ).map { row in
        AttemptRow(
          attempt: row[0], trial: row[1], host: row[2], pid: row[3], numerics: row[4],
          started: row[5], ended: row[6], inherited: row[10], epochs: (row[7] as Int) - (row[10] as Int),
          ending: (row[8] as String?).flatMap(AttemptEnd.init), detail: row[9])
      }
    }
  }

  /// The rung scores and then the epochs of every trial, from the attempt with its result, or else from its latest
  /// attempt.
  package func history(
    _ body: (_ trial: Int, _ moment: HistoryMoment) -> Void
  ) throws(StudyError) {
    try run { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT trial, FALSE AS is_epoch, number, metrics FROM rung
          UNION ALL
          SELECT chosen.trial, TRUE, number, metrics
          FROM (
            SELECT trial, max(id) AS attempt FROM attempt
            WHERE NOT is_past AND trial NOT IN (SELECT trial FROM result) GROUP BY trial
            UNION ALL SELECT trial, attempt FROM result
          ) AS chosen JOIN epoch ON epoch.attempt = chosen.attempt
          ORDER BY trial, is_epoch, number
          """)
      let names = try MetricNames(db)
      while let row = try rows.next() {
        let metrics = try names.decode(row[3])
        body(row[0], row[1] ? .epoch(row[2], metrics) : .rung(row[2], metrics))
      }
    }
  }
}
