import Coordination
import Foundation
import GRDB
import Search

// The events of a search: their number, and decisions to write them again.
extension StudyDatabase {
  /// The number of events that `events.jsonl` holds if it is complete; nil before it is first written.
  package func eventCount() throws(StudyError) -> Int? {
    try run { db in try Int.fetchOne(db, sql: "SELECT count FROM event") }
  }

  /// Records that `events.jsonl` was written again with this number of events.
  package func setEventCount(_ count: Int) throws(StudyError) {
    try run { db in try db.execute(sql: "UPDATE event SET count = ?", arguments: [count]) }
  }

  /// Counts events with the transaction that commits them.
  static func addEvents(_ count: Int, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "UPDATE event SET count = count + ?1, checksum = row_checksum(id, count + ?1)")
    try statement.execute(arguments: [count])
  }

  /// Calls the body with decisions that lead to the stored state, and their times. The attempts follow each other in
  /// the order of their starts; the decisions of a trial are in causal order.
  ///
  /// What the study does not store is missing: losses of attempts that resumed, checkpoints that were replaced, second
  /// joins of workers, results that were deleted. Times that it does not store are estimated.
  ///
  /// - Parameter budgets: the epochs to each rung.
  package func replay(
    rungs budgets: [Double], _ body: (Decision, Date) -> Void
  ) throws(StudyError) {
    try run { db in
      var replay = try Replay(db, budgets)
      while let row = try replay.attempts.next() { try replay.add(row, body) }
      try replay.end(db, body)
    }
  }
}

/// Reads the study attempt by attempt.
private struct Replay {
  let attempts: RowCursor
  /// The epochs of all attempts, in the same order.
  private let epochs: RowCursor
  private let names: MetricNames
  /// The first epoch that was not passed yet.
  private var nextEpoch: Row?
  /// The rungs that an attempt has reached, by attempt: number, epochs and score.
  private var rungs: [Int64: [(number: Int, epochs: Double, RungScore)]] = [:]
  private var checkpoints: [Int64: StoredCheckpoint] = [:]
  /// The results and the attempts that delivered them, by the last attempt of the trial.
  private var results: [Int64: (TrialEnd, AttemptID)] = [:]
  private let excluded: [WorkerID: String]
  /// The times of the last decisions about the workers that have joined.
  private var workers: [WorkerID: Double] = [:]

  init(_ db: Database, _ budgets: [Double]) throws {
    // Inherited epochs are copies, which have the durations of the originals.
    attempts = try Row.fetchCursor(
      db,
      sql: """
        SELECT attempt.id, attempt.incarnation, trial, worker, started, ended, ending, detail, inherited,
          host, pid, slots, is_local, numerics, worker.key,
          CASE WHEN inherited > 0 THEN (
            SELECT source.id FROM attempt AS source
              JOIN epoch AS original ON original.attempt = source.id AND original.number = attempt.inherited
              JOIN epoch AS copy ON copy.attempt = attempt.id AND copy.number = attempt.inherited
            WHERE source.trial = attempt.trial AND source.id < attempt.id AND original.seconds = copy.seconds
            ORDER BY source.id DESC LIMIT 1) END
        FROM attempt JOIN worker ON worker.id = attempt.worker ORDER BY attempt.id
        """)
    epochs = try Row.fetchCursor(
      db, sql: "SELECT attempt, number, metrics, seconds FROM epoch ORDER BY attempt, number")
    names = try MetricNames(db)
    for (number, scores) in try StudyDatabase.rungs(db).enumerated() {
      let budget = number < budgets.count ? budgets[number] : .infinity
      for score in scores { rungs[score.attempt.rowID, default: []].append((number, budget, score)) }
    }
    for stored in try StudyDatabase.checkpoints(db) { checkpoints[stored.attempt.rowID] = stored }
    results = try Self.results(db)
    excluded = try StudyDatabase.excludedWorkers(db)
    nextEpoch = try epochs.next()?.copy()
  }

  private static func results(_ db: Database) throws -> [Int64: (TrialEnd, AttemptID)] {
    let attempts = try Row.fetchAll(
      db,
      sql: """
        SELECT attempt.id, attempt.incarnation,
          (SELECT max(id) FROM attempt AS other WHERE other.trial = result.trial)
        FROM result JOIN attempt ON attempt.id = result.attempt ORDER BY result.trial
        """)
    let pairs = zip(attempts, try StudyDatabase.results(db)).map { row, end in
      (row[2] as Int64, (end, AttemptID(rowID: row[0], incarnation: row[1])))
    }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Passes the decisions about an attempt.
  mutating func add(_ row: Row, _ body: (Decision, Date) -> Void) throws {
    guard let worker = WorkerID(hexadecimal: row[3]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an invalid worker ID")
    }
    let id = AttemptID(rowID: row[0], incarnation: row[1])
    var time: Double = row[4]
    let end = row[5] as Double?
    func pass(_ decision: Decision) { body(decision, Date(timeIntervalSince1970: time)) }
    if workers.updateValue(time, forKey: worker) == nil {
      let description = WorkerDescription(
        host: row[9], pid: row[10], slots: row[11], isLocal: row[12], numerics: row[13], key: row[14])
      pass(.workerJoined(worker, description))
    }
    pass(.attemptStarted(id, trial: row[2], worker: worker))
    let source = (row[15] as Int64?).map { AttemptID(rowID: $0, incarnation: 0) }
    if let source { pass(.epochsInherited(id, from: source, count: row[8])) }
    var reached = rungs.removeValue(forKey: id.rowID) ?? []
    let inherited: Int = source == nil ? 0 : row[8]
    while let (number, metrics, seconds) = try takeEpoch(of: id) {
      while let first = reached.first, first.epochs < Double(number) {
        pass(.rungReached(first.2, rung: first.number))
        reached.removeFirst()
      }
      guard number > inherited else { continue }
      time = min(time + seconds, end ?? .infinity)
      pass(.epochEnded(id, number: number, metrics, seconds: seconds))
    }
    for rung in reached { pass(.rungReached(rung.2, rung: rung.number)) }
    if let stored = checkpoints[id.rowID] { pass(.checkpointStored(stored)) }
    if let end, let ending = (row[6] as String?).flatMap(AttemptEnd.init) {
      time = end
      pass(.attemptEnded(id, ending, detail: row[7]))
    }
    if let (result, winner) = results.removeValue(forKey: id.rowID) {
      pass(.trialEnded(result, by: winner))
    }
    workers[worker] = time
  }

  /// The next epoch of an attempt; nil after its last.
  private mutating func takeEpoch(of id: AttemptID) throws -> (number: Int, Metrics, seconds: Double)? {
    guard let row = nextEpoch, id.rowID == row[0] else { return nil }
    nextEpoch = try epochs.next()?.copy()
    return (row[1], try names.decode(row[2]), seconds: row[3])
  }

  /// Passes the decisions that belong to no attempt.
  func end(_ db: Database, _ body: (Decision, Date) -> Void) throws {
    let last = Date(timeIntervalSince1970: workers.values.max() ?? 0)
    for (worker, reason) in excluded.sorted(by: { $0.key.description < $1.key.description }) {
      let time = workers[worker].map(Date.init(timeIntervalSince1970:)) ?? last
      body(.workerExcluded(worker, reason: reason), time)
    }
    guard let row = try Row.fetchOne(db, sql: "SELECT data, trials FROM search") else { return }
    if let data = row[0] as Data? { body(.dataKnown(Array(data)), last) }
    if let count = row[1] as Int? { body(.trialsComplete(count: count), last) }
  }
}
