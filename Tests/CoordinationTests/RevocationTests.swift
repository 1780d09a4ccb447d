import Search
import Testing

@testable import Coordination

/// Revoked keys, and worker ids used with another key.
@Suite struct RevocationTests {
  private func hello(_ number: UInt8, held: [UInt64] = []) -> WireToCoordinator {
    var hello = WireHello()
    hello.version = Limits.version
    hello.slots = 1
    hello.held = held.map { attempt in
      var progress = WireProgress()
      progress.attempt = attempt
      return progress
    }
    return message(number, .hello(hello))
  }

  private func message(_ number: UInt8, _ body: WireToCoordinator.OneOf_Body) -> WireToCoordinator {
    var message = WireToCoordinator()
    message.worker = .init([UInt8](repeating: number, count: WorkerID.length))
    message.search = 7
    message.body = body
    return message
  }

  private func endings(_ cluster: Cluster) -> [AttemptEnd] {
    cluster.persisted.compactMap { if case .attemptEnded(_, let end, _) = $0 { end } else { nil } }
  }

  @Test func aRevokedKeysTrialsRunElsewhereAtOnce() throws {
    var cluster = try Cluster()
    let outcast = cluster.join(1)
    cluster.kill(outcast)
    cluster.perform(cluster.coordinator.handle(.keysRevoked(["another"]), at: cluster.now))
    #expect(endings(cluster).isEmpty)
    cluster.perform(cluster.coordinator.handle(.keysRevoked(["key"]), at: cluster.now))
    #expect(endings(cluster) == [.killed])
    #expect(cluster.coordinator.slotCount == 0)
    #expect(cluster.coordinator.runningCount == 0)
    let honest = cluster.join(2)
    #expect(cluster.running[honest]?.map(\.trial) == [0])
    for _ in 0..<4 { cluster.finishAttempt(of: honest) }
    #expect(cluster.coordinator.isFinished)
    #expect(cluster.coordinator.results.values.allSatisfy { $0.status == .done })
  }

  @Test func workersWithARevokedKeyAreRejected() throws {
    var cluster = try Cluster()
    let outcast = cluster.join(1)
    cluster.perform(cluster.coordinator.handle(.keysRevoked(["key"]), at: cluster.now))
    #expect(cluster.exits[outcast] == .unable("the coordinator refused this worker: its key was revoked"))
  }

  @Test func attemptsOfARevokedKeyCannotBeClaimed() throws {
    var cluster = try Cluster()
    let outcast = cluster.join(1)
    cluster.trainEpochs(1, of: outcast)
    cluster.kill(outcast)
    cluster.perform(cluster.coordinator.handle(.keysRevoked(["key"]), at: cluster.now))
    cluster.deliver(hello(1, held: [1]), from: outcast, key: "its next key")
    #expect(!cluster.persisted.contains { if case .attemptResumed = $0 { true } else { false } })
    cluster.deliver(message(1, .result(done(1, 3))), from: outcast, key: "its next key")
    #expect(cluster.coordinator.results.isEmpty)
  }

  private func done(_ attempt: UInt64, _ sequence: UInt32) -> WireResult {
    var result = WireResult()
    result.attempt = attempt
    result.sequence = sequence
    result.outcome = .done
    return result
  }

  @Test func afterARestartAnotherKeyCannotUseAWorkersId() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.trainEpochs(1, of: worker)
    cluster.restart()
    // Without the key check, it could take over the attempt or have it counted as lost.
    for held: [UInt64] in [[1], []] {
      cluster.deliver(hello(1, held: held), from: worker, key: "another")
      #expect(cluster.coordinator.slotCount == 0)
    }
    #expect(endings(cluster).isEmpty)
    cluster.deliver(hello(1, held: [1]), from: worker)
    #expect(cluster.coordinator.slotCount == 1)
    #expect(endings(cluster).isEmpty)
    #expect(cluster.coordinator.runningCount == 1)
  }

  @Test func attemptsRecordedWithoutAKeyAreAdopted() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    var snapshot = cluster.snapshot()
    snapshot.generation = 2
    for index in snapshot.openAttempts.indices { snapshot.openAttempts[index].key = "" }
    cluster.coordinator = Coordinator(
      file: cluster.file, text: cluster.text, intervals: Cluster.intervals, from: snapshot,
      at: cluster.now)
    cluster.deliver(hello(1, held: [1]), from: worker)
    #expect(cluster.coordinator.runningCount == 1)
    #expect(cluster.coordinator.slotCount == 1)
  }
}
