import Coordination
import Foundation
import Search
import Testing

@testable import Storage

/// The number of events, and the decisions from which events are written again.
@Suite struct ReplayTests {
  private let folder: TemporaryFolder
  private let workers: [WorkerID]

  init() throws {
    folder = try TemporaryFolder()
    workers = try (1...2).map { try #require(WorkerID([UInt8](repeating: $0, count: WorkerID.length))) }
  }

  private func create() throws -> StudyDatabase {
    try StudyDatabase(creatingAt: folder.study, search: SearchID(7), file: "name: x")
  }

  private func joined(_ worker: Int) -> Decision {
    .workerJoined(
      workers[worker],
      WorkerDescription(
        host: "node\(worker)", pid: 42, slots: 2, isLocal: false, numerics: "avx2", key: "key \(worker)"))
  }

  private func started(_ attempt: UInt64, _ trial: Int, on worker: Int = 0) -> Decision {
    .attemptStarted(AttemptID(attempt), trial: trial, worker: workers[worker])
  }

  private func epoch(_ attempt: UInt64, _ number: Int) -> Decision {
    let metrics: Metrics = ["val_accuracy": 1 / Double(number + 1), "val_loss": Double(number)]
    return .epochEnded(
      AttemptID(attempt), number: number, metrics, seconds: Double(attempt) + Double(number) / 8)
  }

  private func rung(_ attempt: UInt64, _ trial: Int, _ number: Int) -> Decision {
    .rungReached(
      RungScore(
        trial: trial, attempt: AttemptID(attempt),
        metrics: ["val_accuracy": 0.5, "loss \(number)": Double(number)]), rung: number)
  }

  private func ended(_ attempt: UInt64, _ end: AttemptEnd, _ detail: String = "") -> Decision {
    .attemptEnded(AttemptID(attempt), end, detail: detail)
  }

  private func result(_ attempt: UInt64, _ trial: Int, _ status: TrialResult.Status = .done) -> Decision {
    let end = TrialEnd(trial: trial, status: status, epochs: 3, metrics: ["val_accuracy": 0.25])
    return .trialEnded(end, by: AttemptID(attempt))
  }

  private func checkpoint(_ attempt: UInt64, _ trial: Int, epochs: Int) -> Decision {
    let checkpoint = CheckpointFile(digest: [1, 2, 3], size: 100, epochs: epochs)
    return .checkpointStored(
      StoredCheckpoint(trial: trial, attempt: AttemptID(attempt), checkpoint: checkpoint))
  }

  /// Decisions in an order in which a replay passes them.
  private var decisions: [Decision] {
    [
      joined(0), started(1, 0), rung(1, 0, 0), epoch(1, 1), rung(1, 0, 1), epoch(1, 2),
      ended(1, .lost, "no heartbeat"),
      joined(1), started(2, 1, on: 1),
      rung(2, 1, 0), epoch(2, 1), ended(2, .finished), result(2, 1, .stopped),
      // Continues the lost attempt; a speculative attempt is superseded.
      started(3, 0, on: 1), .epochsInherited(AttemptID(3), from: AttemptID(1), count: 2), epoch(3, 3),
      ended(3, .finished), started(4, 0), ended(4, .superseded), result(3, 0),
      started(5, 2), epoch(5, 1), checkpoint(5, 2, epochs: 1), ended(5, .released, "it leaves"),
      started(6, 3, on: 1),
      .workerExcluded(workers[1], reason: "it fails"), .dataKnown([1, 2, 255]), .trialsComplete(count: 4),
    ]
  }

  private func replay(_ study: StudyDatabase) throws -> [(Decision, Date)] {
    var all: [(Decision, Date)] = []
    try study.replay(rungs: [0.5, 1, 3]) { all.append(($0, $1)) }
    return all
  }

  @Test func aReplayPassesTheDecisionsInCausalOrder() throws {
    let study = try create()
    #expect(try replay(study).isEmpty)
    for (index, decision) in decisions.enumerated() {
      try study.commit([decision], at: Date(timeIntervalSince1970: 1000 + 10 * Double(index)))
    }
    let replayed = try replay(study)
    #expect(replayed.map(\.0) == decisions)
    // Recorded times, and times from the durations of epochs.
    let times = replayed.map { $0.1.timeIntervalSince1970 }
    #expect(times[1] == 1010 && times[3] == 1011.125 && times[5] == 1012.375 && times[6] == 1060)
  }

  /// What another study with the replayed decisions holds.
  @Test func replayedDecisionsLeadToTheSameState() throws {
    let study = try create()
    try study.commit(decisions, at: Date(timeIntervalSince1970: 1000))
    // A trial that failed, was retried and failed again; an attempt that was lost and resumed.
    try study.commit(
      [
        started(7, 4), ended(7, .failed, "out of memory"), result(7, 4, .failed), started(8, 5), epoch(8, 1),
        ended(8, .lost), .attemptResumed(AttemptID(8)), epoch(8, 2),
      ], at: Date(timeIntervalSince1970: 2000))
    #expect(try study.reopenFailed() == [4])
    try study.commit(
      [started(9, 4), ended(9, .crashed), result(9, 4, .quarantined)], at: Date(timeIntervalSince1970: 3000))
    let other = try StudyDatabase(creatingAt: "\(folder.study).2", search: SearchID(7), file: "name: x")
    for (decision, date) in try replay(study) { try other.commit([decision], at: date) }
    #expect(try contents(of: other) == contents(of: study))
  }

  private func contents(of study: StudyDatabase) throws -> [String] {
    var snapshot = try study.begin(needsCurves: true)
    snapshot.incarnation = 0
    // Attempts with deleted results are open in a study without this mark.
    snapshot.openAttempts.removeAll { $0.trial == 4 }
    var lines = try study.attempts().map { "\($0)" }
    try study.history { lines.append("\($0) \($1)") }
    return lines + ["\(snapshot)"]
  }

  @Test func eventsAreCountedWithTheirCommit() throws {
    do {
      let study = try create()
      try study.commit([joined(0)], at: Date())
      #expect(try study.eventCount() == nil, "the file was never written")
      try study.setEventCount(1)
      try study.commit([started(1, 0), epoch(1, 1), epoch(1, 2)], at: Date())
      #expect(throws: StudyError.self) { try study.commit([result(1, 0), result(1, 0)], at: Date()) }
      try study.commit([], at: Date())
      #expect(try study.eventCount() == 4)
      try study.commit([result(1, 0, .failed)], at: Date())
      #expect(try study.reopenFailed() == [0])
    }
    #expect(try StudyDatabase(openingAt: folder.study).eventCount() == 6)
  }
}
