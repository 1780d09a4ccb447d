import Coordination
import Foundation
import GRDB
import Randomness
import Search
import Testing

@testable import Storage

/// Damage of `study.db` on the disk.
@Suite struct DamageTests {
  private let folder: TemporaryFolder
  private let intact: Data

  init() throws {
    folder = try TemporaryFolder()
    do {
      let study = try StudyDatabase(
        creatingAt: folder.study, search: SearchID(7),
        file: "name: damage\n# \(String(repeating: "x", count: 900))")
      var decisions: [Decision] = []
      for trial in 0..<40 {
        let worker = try #require(WorkerID([UInt8](repeating: UInt8(trial), count: WorkerID.length)))
        let attempt = AttemptID(UInt64(trial + 1), incarnation: 9)
        decisions += [
          .workerJoined(
            worker,
            WorkerDescription(
              host: "node\(trial)", pid: 42, slots: 2, isLocal: false, numerics: "avx2", key: "key \(trial)")),
          .attemptStarted(attempt, trial: trial, worker: worker),
        ]
        for number in 1...3 {
          let epoch: Metrics = ["val_accuracy": Double(trial) / 64, "val_loss": 1 / Double(number + trial)]
          decisions.append(.epochEnded(attempt, number: number, epoch, seconds: 0.5))
        }
        let metrics: Metrics = ["val_accuracy": 0.5, "val_loss": Double(trial)]
        decisions.append(.rungReached(RungScore(trial: trial, attempt: attempt, metrics: metrics), rung: 0))
        guard trial % 3 > 0 else { continue }
        decisions.append(.attemptEnded(attempt, .finished, detail: ""))
        let end = TrialEnd(trial: trial, status: .done, epochs: 3, metrics: ["auc": 0.25, "val_loss": 0.5])
        decisions.append(.trialEnded(end, by: attempt))
      }
      try study.commit(decisions + [.dataKnown([1, 2, 3])], at: Date(timeIntervalSince1970: 1_000_000))
      study.shrink()
    }
    intact = try Data(contentsOf: URL(filePath: folder.study))
  }

  /// All that is read from a study.
  private func contents() throws(StudyError) -> String {
    let study = try StudyDatabase(openingAt: folder.study)
    var snapshot = try study.begin(needsCurves: true)
    snapshot.incarnation = 0
    var history: [String] = []
    try study.history { trial, moment in history.append("\(trial) \(moment)") }
    return "\(try study.searchFile()) \(snapshot) \(try study.attempts()) \(history)"
  }

  private func store(_ data: Data) throws {
    for suffix in ["", "-wal", "-shm"] { unlink(folder.study + suffix) }
    try data.write(to: URL(filePath: folder.study))
  }

  /// As after a copy of another time with the -wal of this one.
  @Test(arguments: ["attempt WHERE id > 20", "worker"])
  func missingRowsAreDamage(rows: String) throws {
    try store(intact)
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: folder.study, configuration: configuration).write { db in
      try db.execute(sql: "DELETE FROM \(rows)")
    }
    let error = try #require(throws: StudyError.self) { try contents() }
    #expect("\(error)".contains("the file is damaged: rows are missing"), "\(error)")
  }

  /// A flipped bit is refused, or it is where it does not matter.
  @Test func flippedBitsNeverChangeWhatIsRead() throws {
    let expected = try contents()
    var generator = Philox(seed: 1, stream: 1)
    var refused = 0
    for _ in 0..<500 {
      var data = intact
      let (byte, bit) = (Int(generator.below(UInt64(data.count))), UInt8(generator.below(8)))
      data[byte] ^= 1 << bit
      try store(data)
      do throws(StudyError) {
        let found = try contents()
        #expect(found == expected, "byte \(byte), bit \(bit)")
      } catch {
        refused += 1
      }
    }
    #expect(refused > 100, "most of the file is in use")
  }

  @Test func damagedRowsAreNamed() throws {
    let position = try #require(intact.range(of: Data("node17".utf8))?.lowerBound)
    var data = intact
    data[position] ^= 1
    try store(data)
    let message = "\(folder.study): the file is damaged: 1 row of the table 'worker'"
    #expect(throws: StudyError.damaged(message)) { try contents() }
  }
}
