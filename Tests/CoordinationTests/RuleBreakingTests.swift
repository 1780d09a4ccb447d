import Search
import Testing

@testable import Coordination

/// Protocol violations by a worker or another holder of its key.
@Suite struct RuleBreakingTests {
  private func message(_ worker: UInt8, _ body: WireToCoordinator.OneOf_Body) -> WireToCoordinator {
    var message = WireToCoordinator()
    message.worker = .init([UInt8](repeating: worker, count: WorkerID.length))
    message.search = 7
    message.body = body
    return message
  }

  private func report(_ attempt: UInt64, _ sequence: UInt32, accuracy: Double) -> WireToCoordinator.OneOf_Body
  {
    var report = WireReport()
    report.attempt = attempt
    report.sequence = sequence
    report.measurement = WireMeasurement(TrialMeasurement(epoch: Int(sequence), accuracy: accuracy))
    return .report(report)
  }

  private func result(_ attempt: UInt64, _ sequence: UInt32) -> WireToCoordinator.OneOf_Body {
    var result = WireResult()
    result.attempt = attempt
    result.sequence = sequence
    result.outcome = .done
    return .result(result)
  }

  @Test func anUnknownWorkerIsAskedForAHello() throws {
    var cluster = try Cluster()
    let id = try #require(WorkerID([UInt8](repeating: 9, count: 16)))
    let sender = Coordinator.Sender(address: ReturnAddress(9), key: "key")
    let effects = cluster.coordinator.handle(
      .received(message(9, .heartbeat(WireHeartbeat())), from: sender), at: .zero)
    guard case .send(let answer, _) = effects.first else {
      Issue.record("no answer to \(id)")
      return
    }
    #expect(answer.reject.code == .unknownWorker)
  }

  @Test func aResultBeforeTheLastEpochIsRejected() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.deliver(message(1, result(1, 1)), from: worker)
    #expect(cluster.coordinator.results.isEmpty)
    #expect(cluster.running[worker]?.contains { $0.attempt == 1 } == false)
  }

  @Test(arguments: [-0.1, 1.1, .nan, .infinity])
  func anAccuracyOutOfRangeIsRefused(accuracy: Double) throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.deliver(message(1, report(1, 1, accuracy: accuracy)), from: worker)
    #expect(!cluster.persisted.contains { if case .epochEnded = $0 { true } else { false } })
    #expect(cluster.running[worker]?.contains { $0.attempt == 1 } == false)
  }

  @Test func aWorkerCannotReportAnothersAttempt() throws {
    var cluster = try Cluster()
    cluster.join(1)
    let thief = cluster.join(2)
    cluster.deliver(message(2, report(1, 1, accuracy: 1)), from: thief)
    #expect(!cluster.persisted.contains { if case .epochEnded = $0 { true } else { false } })
  }

  @Test func anotherKeyCannotSendMessagesOfAWorker() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.deliver(message(1, report(1, 1, accuracy: 1)), from: worker, key: "another")
    #expect(!cluster.persisted.contains { if case .epochEnded = $0 { true } else { false } })
  }

  @Test func duplicateOrReorderedMessagesChangeNothing() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    for sequence in [2, 1, 1, 3, 2, 1] as [UInt32] {
      cluster.deliver(message(1, report(1, sequence, accuracy: 0.5)), from: worker)
    }
    let numbers = cluster.persisted.compactMap { decision -> Int? in
      if case .epochEnded(_, let number, _, _) = decision { number } else { nil }
    }
    #expect(numbers == [1, 2])
  }

  @Test func anAttemptThatWasNeverAssignedIsRejected() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    for attempt in [0, 99, UInt64.max] {
      cluster.deliver(message(1, result(attempt, 1)), from: worker)
    }
    #expect(cluster.coordinator.results.isEmpty)
  }

  @Test func messagesBeyondTheLimitsAreRejected() throws {
    var cluster = try Cluster()
    var hello = WireHello()
    hello.version = Limits.version
    for slots in [0, UInt32(Limits.slots) + 1, .max] {
      hello.slots = slots
      cluster.deliver(message(3, .hello(hello)), from: WorkerID([UInt8](repeating: 3, count: 16))!)
    }
    #expect(cluster.coordinator.slotCount == 0)
    var empty = WireToCoordinator()
    empty.worker = .init([1, 2, 3])
    cluster.deliver(empty, from: WorkerID([UInt8](repeating: 3, count: 16))!)
    #expect(cluster.coordinator.slotCount == 0)
  }

  @Test func anotherVersionIsRejectedWithBothVersions() throws {
    var cluster = try Cluster()
    var hello = WireHello()
    hello.version = 99
    hello.slots = 1
    let sender = Coordinator.Sender(address: ReturnAddress(3), key: "key")
    let effects = cluster.coordinator.handle(
      .received(message(3, .hello(hello)), from: sender), at: .zero)
    guard case .send(let answer, _) = effects.first else {
      Issue.record("no answer")
      return
    }
    #expect(answer.reject.code == .version)
    #expect(answer.reject.detail.contains("99"))
  }
}
