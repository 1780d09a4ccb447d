import Coordination
import Foundation
import GRDB
import Search
import Testing

@testable import Storage

/// Databases of earlier versions, written by their statements.
@Suite struct MigrationTests {
  private let folder: TemporaryFolder
  private let worker = String(repeating: "ab", count: WorkerID.length)

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Creates a database with the migrations up to one with this number.
  private func create(migration: Int, _ statements: String) throws {
    let migrator = StudyDatabase.migrator
    let name = try #require(migrator.migrations.first { $0.hasPrefix("\(migration):") })
    let queue = try DatabaseQueue(path: folder.study)
    try migrator.migrate(queue, upTo: name)
    try queue.write { try $0.execute(sql: statements) }
    try queue.close()
  }

  private func open() throws -> StudyDatabase { try StudyDatabase(openingAt: folder.study) }

  @Test func firstVersionOpens() throws {
    try create(
      migration: 1,
      """
      INSERT INTO search VALUES (7, 'name: x', 1);
      INSERT INTO worker VALUES ('\(worker)', 'node1', 42, 2, 0, 'avx2');
      INSERT INTO attempt (id, trial, worker, started) VALUES (1, 0, '\(worker)', 1000);
      """)
    let open = try open().begin().openAttempts
    #expect(open.map(\.worker.description) == [worker])
    #expect(open.map(\.key) == [""])
  }

  @Test func pausesOfTheFourthVersionAreRungs() throws {
    try create(
      migration: 4,
      """
      INSERT INTO search VALUES (7, 'name: x', 1);
      INSERT INTO worker VALUES ('\(worker)', 'node1', 42, 2, 0, 'avx2', 'a key');
      INSERT INTO attempt (id, trial, worker, started, ended, ending, inherited)
      VALUES (1, 3, '\(worker)', 1000, 1001, 'paused', 0), (2, 3, '\(worker)', 1001, 1002, 'paused', 1);
      INSERT INTO epoch VALUES (1, 1, 0, 0, 0.25, 0.5, 1), (2, 1, 0, 0, 0.25, 0.5, 1), (2, 2, 0, 0, 0.125, 0.75, 1);
      """)
    let rungs = try open().begin().rungs
    #expect(rungs.map { $0.map { $0.metrics["val_accuracy"] } } == [[0.5], [0.75]])
    #expect(rungs.map { $0.map(\.attempt.number) } == [[1], [2]])
  }

  @Test func metricsOfTheTwelfthVersionAreKept() throws {
    try create(
      migration: 12,
      """
      INSERT INTO search (id, file, generation) VALUES (7, 'name: x', 1);
      INSERT INTO worker (id, host, pid, slots, is_local, numerics, key)
      VALUES ('\(worker)', 'node1', 42, 2, 0, 'avx2', 'a key');
      INSERT INTO attempt (id, trial, worker, started, ended, ending)
      VALUES (1, 0, '\(worker)', 1000, 1001, 'finished'), (2, 1, '\(worker)', 1000, 1001, 'finished'),
        (3, 2, '\(worker)', 1000, NULL, NULL);
      INSERT INTO epoch (attempt, number, train_loss, train_accuracy, val_loss, val_accuracy, seconds)
      VALUES (1, 1, 0.1, 0.2, 0.30000000000000004, 1e-300, 1), (3, 1, 0, 1, 2, 3, 1);
      INSERT INTO rung (trial, number, attempt, val_accuracy, val_loss) VALUES (0, 0, 1, 0.1, 0.7);
      INSERT INTO result (trial, attempt, status, epochs, val_accuracy, val_loss)
      VALUES (0, 1, 'done', 1, 1e-300, 0.30000000000000004), (1, 2, 'diverged', 0, NULL, NULL);
      """)
    try addChecksums()
    let snapshot = try open().begin(needsCurves: true)
    let epoch: Metrics = [
      "train_loss": 0.1, "train_accuracy": 0.2, "val_loss": 0.30000000000000004, "val_accuracy": 1e-300,
    ]
    #expect(snapshot.curves == [[epoch]])
    #expect(
      snapshot.results == [
        TrialEnd(
          trial: 0, status: .done, epochs: 1,
          metrics: ["val_loss": 0.30000000000000004, "val_accuracy": 1e-300]),
        TrialEnd(trial: 1, status: .diverged, epochs: 0),
      ])
    #expect(snapshot.rungs.map { $0.map(\.metrics) } == [[["val_loss": 0.7, "val_accuracy": 0.1]]])
    #expect(
      snapshot.openAttempts.map(\.epochs) == [
        [["train_loss": 0, "train_accuracy": 1, "val_loss": 2, "val_accuracy": 3]]
      ])
    // The checksums are those of the new rows.
    #expect(try open().begin().results.count == 2)
  }

  @Test func eventsOfTheThirteenthVersionAreReplayed() throws {
    try create(
      migration: 13,
      """
      INSERT INTO search (id, file, generation) VALUES (7, 'name: x', 1);
      INSERT INTO worker (id, host, pid, slots, is_local, numerics, key)
      VALUES ('\(worker)', 'node1', 42, 2, 0, 'avx2', 'a key');
      INSERT INTO attempt (id, trial, worker, started, ended, ending)
      VALUES (1, 0, '\(worker)', 1000, 1001, 'finished');
      INSERT INTO epoch (attempt, number, metrics, seconds) VALUES (1, 1, X'03000000000000E03F', 1);
      INSERT INTO result (trial, attempt, status, epochs, metrics)
      VALUES (0, 1, 'done', 1, X'03000000000000E03F');
      """)
    try addChecksums()
    let study = try open()
    var decisions: [Decision] = []
    try study.replay(rungs: []) { decision, _ in decisions.append(decision) }
    #expect(
      decisions.dropFirst(2) == [
        .epochEnded(AttemptID(1), number: 1, ["val_accuracy": 0.5], seconds: 1),
        .attemptEnded(AttemptID(1), .finished, detail: ""),
        .trialEnded(
          TrialEnd(trial: 0, status: .done, epochs: 1, metrics: ["val_accuracy": 0.5]), by: AttemptID(1)),
      ])
    #expect(try study.eventCount() == nil, "the file was never written")
    try study.setEventCount(decisions.count)
    try study.commit([.trialsComplete(count: 1)], at: Date())
    #expect(try study.eventCount() == 6)
  }

  /// Writes the checksums that these versions would have written.
  private func addChecksums() throws {
    var configuration = Configuration()
    configuration.prepareDatabase { try RowChecksums.define($0) }
    let queue = try DatabaseQueue(path: folder.study, configuration: configuration)
    try queue.write { try RowChecksums.compute($0) }
    try queue.close()
  }
}
