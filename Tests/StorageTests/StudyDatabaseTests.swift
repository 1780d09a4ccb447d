import Coordination
import Foundation
import Search
import Testing

@testable import Storage

@Suite struct StudyDatabaseTests {
  private let folder: TemporaryFolder
  private let worker: WorkerID
  private let date = Date(timeIntervalSince1970: 1_000_000)

  init() throws {
    folder = try TemporaryFolder()
    worker = try #require(WorkerID([UInt8](repeating: 0xab, count: WorkerID.length)))
  }

  private func create() throws -> StudyDatabase {
    try StudyDatabase(creatingAt: folder.study, search: SearchID(.max - 1), file: "name: x")
  }

  private var joined: Decision {
    .workerJoined(
      worker,
      WorkerDescription(
        host: "node1", pid: 42, slots: 2, isLocal: false, numerics: "avx2", key: "a key"))
  }

  private func epoch(_ accuracy: Double) -> Metrics { ["val_loss": 1 - accuracy, "val_accuracy": accuracy] }

  @Test func commitsAreDurable() throws {
    do {
      let study = try create()
      #expect(try study.begin().generation == 1)
      try study.commit(
        [
          joined, .attemptStarted(AttemptID(1), trial: 0, worker: worker),
          .attemptStarted(AttemptID(2), trial: 1, worker: worker),
          .epochEnded(AttemptID(1), number: 1, epoch(0.5), seconds: 1),
          .epochEnded(AttemptID(2), number: 1, epoch(0.25), seconds: 1),
          .attemptEnded(AttemptID(1), .finished, detail: ""),
          .trialEnded(
            TrialEnd(trial: 0, status: .done, epochs: 1, metrics: ["val_accuracy": 0.5, "auc": 0.1 + 0.2]),
            by: AttemptID(1)),
          .dataKnown([1, 2, 3]), .trialsComplete(count: 2), .workerExcluded(worker, reason: "it fails"),
        ], at: date)
    }
    let snapshot = try StudyDatabase(openingAt: folder.study).begin()
    #expect(snapshot.search == SearchID(.max - 1))
    #expect(snapshot.generation == 2)
    #expect(snapshot.lastAttempt == AttemptID(2))
    #expect(
      snapshot.results == [
        TrialEnd(trial: 0, status: .done, epochs: 1, metrics: ["val_accuracy": 0.5, "auc": 0.1 + 0.2])
      ])
    #expect(snapshot.data == [1, 2, 3])
    #expect(snapshot.trialCount == 2)
    #expect(snapshot.excluded == [worker: "it fails"])
    #expect(snapshot.hadRemoteWorkers)
    let open = try #require(snapshot.openAttempts.first)
    #expect(snapshot.openAttempts.count == 1)
    #expect(open.id == AttemptID(2) && open.trial == 1 && open.worker == worker)
    #expect(open.end == nil && !open.isLocal && open.key == "a key")
    #expect(open.epochs == [epoch(0.25)])
  }

  @Test func anAttemptKeepsItsWorkersKey() throws {
    let study = try create()
    try study.commit([joined, .attemptStarted(AttemptID(1), trial: 0, worker: worker)], at: date)
    let thief = WorkerDescription(
      host: "h", pid: 2, slots: 1, isLocal: false, numerics: "n", key: "another key")
    try study.commit([.workerJoined(worker, thief)], at: date)
    #expect(try study.begin().openAttempts.map(\.key) == ["a key"])
  }

  @Test func aDatabaseOfALaterVersionIsRejected() throws {
    try create().run { db in
      try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: from the future')")
    }
    #expect(throws: StudyError.later(folder.study)) { try StudyDatabase(openingAt: folder.study) }
  }

  @Test func failedTrialsRunAgainAndTheirAttemptsAreKept() throws {
    let study = try create()
    var decisions = [joined]
    let ends = TrialResult.Status.allCases.filter { $0 != .paused }.enumerated().map { trial, status in
      TrialEnd(trial: trial, status: status, epochs: 0)
    }
    for end in ends {
      let attempt = AttemptID(UInt64(end.trial + 1))
      decisions.append(.attemptStarted(attempt, trial: end.trial, worker: worker))
      decisions.append(.trialEnded(end, by: attempt))
    }
    try study.commit(decisions, at: date)
    #expect(try study.reopenFailed() == [3, 4])
    let snapshot = try study.begin()
    #expect(Set(snapshot.results.map(\.status)) == [.done, .stopped, .diverged])
    #expect(snapshot.openAttempts.isEmpty && snapshot.lastAttempt == AttemptID(5))
    #expect(try study.attempts().count == 5)
    #expect(try study.reopenFailed().isEmpty)
  }

  @Test func theSearchFileIsKept() throws {
    try create().replaceSearchFile("name: y")
    #expect(try StudyDatabase(openingAt: folder.study).searchFile() == "name: y")
  }

  @Test func aStudyIsCreatedAtomically() throws {
    try Data("half made".utf8).write(to: URL(fileURLWithPath: folder.study + ".new"))
    #expect(throws: StudyError.self) { try StudyDatabase(openingAt: folder.study) }
    let study = try create()
    #expect(try study.begin().generation == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.study + ".new"))
  }

  @Test func aFailedCommitWritesNothing() throws {
    let study = try create()
    #expect(throws: StudyError.self) {
      try study.commit(
        [
          joined, .attemptStarted(AttemptID(1), trial: 0, worker: worker),
          .attemptStarted(AttemptID(1), trial: 1, worker: worker),
        ], at: date)
    }
    #expect(try study.attempts().isEmpty)
    #expect(try study.begin().lastAttempt == AttemptID(0))
  }

  @Test func aTrialHasOneResult() throws {
    let study = try create()
    let end = TrialEnd(trial: 0, status: .failed, epochs: 0)
    try study.commit(
      [
        joined, .attemptStarted(AttemptID(1), trial: 0, worker: worker),
        .attemptStarted(AttemptID(2), trial: 0, worker: worker),
        .trialEnded(end, by: AttemptID(1)),
      ], at: date)
    #expect(throws: StudyError.self) {
      try study.commit([.trialEnded(end, by: AttemptID(2))], at: date)
    }
  }

  @Test func aSecondCoordinatorCannotOpenTheStudy() throws {
    let study = try create()
    #expect(throws: StudyError.inUse(folder.study)) {
      try StudyDatabase(openingAt: folder.study)
    }
    #expect(try study.begin().generation == 1)
  }

  @Test func filesThatAreNotStudiesAreRejected() throws {
    #expect(throws: StudyError.self) { try StudyDatabase(openingAt: folder.study) }
    try Data("not a database, but long enough to be looked at".utf8).write(
      to: URL(fileURLWithPath: folder.study))
    #expect(throws: StudyError.self) { try StudyDatabase(openingAt: folder.study) }
  }

  @Test func historyIsOrderedAndFromTheDecisiveAttempt() throws {
    let study = try create()
    try study.commit(
      [
        joined, .attemptStarted(AttemptID(1), trial: 1, worker: worker),
        .attemptStarted(AttemptID(2), trial: 0, worker: worker),
        .epochEnded(AttemptID(1), number: 1, epoch(0.1), seconds: 1),
        .attemptEnded(AttemptID(1), .lost, detail: ""),
        .attemptStarted(AttemptID(3), trial: 1, worker: worker),
        .epochEnded(AttemptID(3), number: 1, epoch(0.3), seconds: 1),
        .epochEnded(AttemptID(3), number: 2, epoch(0.4), seconds: 1),
        .epochEnded(AttemptID(2), number: 1, epoch(0.2), seconds: 1),
        .rungReached(
          RungScore(trial: 1, attempt: AttemptID(1), metrics: ["val_accuracy": 0.05, "val_loss": 3]),
          rung: 0),
        .trialEnded(TrialEnd(trial: 1, status: .done, epochs: 2), by: AttemptID(3)),
      ], at: date)
    var rows: [[Double]] = []
    try study.history { trial, moment in
      switch moment {
      case .rung(let rung, let metrics):
        rows.append([Double(trial), Double(rung)] + metrics.all.map(\.value))
      case .epoch(let number, let metrics):
        rows.append([Double(trial), Double(number), metrics["val_accuracy"] ?? .nan])
      }
    }
    #expect(rows == [[0, 1, 0.2], [1, 0, 0.05, 3], [1, 1, 0.3], [1, 2, 0.4]])
  }

  @Test func attemptsShowHostAndEnding() throws {
    let study = try create()
    try study.commit(
      [joined, .attemptStarted(AttemptID(1), trial: 3, worker: worker)], at: date)
    try study.commit(
      [.attemptEnded(AttemptID(1), .lost, detail: "no heartbeat")], at: date + 5)
    try study.commit([.attemptResumed(AttemptID(1))], at: date + 6)
    #expect(try study.attempts().first?.ending == nil)
    try study.commit([.attemptEnded(AttemptID(1), .superseded, detail: "")], at: date + 7)
    let row = try #require(try study.attempts().first)
    #expect(row.trial == 3 && row.host == "node1" && row.pid == 42)
    #expect(row.ending == .superseded && row.ended == row.started + 7)
  }
}
