import Foundation
import Fuzzing
import Randomness
import Search
import SwiftProtobuf
import Testing

@testable import Coordination

/// Arbitrary messages of a key holder never trap and affect only its own attempts.
@Suite struct MessageFuzzTests {
  private static let words: [[UInt8]] = [
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
    [0x1a, 0x80, 0x80, 0x80, 0x80, 0x08], [0x0b], [0x0c], [UInt8](repeating: 0x0b, count: 200),
    [0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f], [0x18, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ]

  @Test func aKeyHolderCanOnlyAffectItsOwnAttempts() throws {
    var hostileCluster = try HostileCluster()
    var generator = Philox(seed: 3, stream: 0)
    let corpus = try (0..<60).map { _ in try HostileCluster.message(&generator).serializedBytes() as [UInt8] }
    var count = 0
    try Fuzzing("messages to the coordinator", corpus: corpus, words: Self.words).run(4000) {
      bytes, generator in
      let damaged = try? WireToCoordinator(serializedBytes: bytes)
      let message = generator.below(2) == 0 ? damaged : HostileCluster.message(&generator)
      if let message { hostileCluster.strike(message, &generator) }
      count += 1
      guard count % 500 == 0 else { return }
      try hostileCluster.end()
      hostileCluster = try HostileCluster()
    }
  }

  @Test func aWorkerSurvivesAnyCoordinator() throws {
    var generator = Philox(seed: 4, stream: 0)
    let corpus = try (0..<60).map { _ in try Self.answer(&generator).serializedBytes() as [UInt8] }
    var worker = Self.worker()
    var count = 0
    var now = Duration.zero
    Fuzzing("messages to a worker", corpus: corpus, words: Self.words).run(4000) { bytes, generator in
      let damaged = try? WireToWorker(serializedBytes: bytes)
      guard let message = generator.below(2) == 0 ? damaged : Self.answer(&generator) else { return }
      now += .milliseconds(Int(generator.below(300)))
      var effects = worker.handle(.received(message), at: now)
      effects += worker.handle(Self.event(&generator), at: now)
      #expect(worker.held.values.count(where: \.isRunning) <= 3)
      #expect(effects.count < 2000)
      count += 1
      let hasLeft = effects.contains { if case .exit = $0 { true } else { false } }
      if hasLeft || count % 500 == 0 { worker = Self.worker() }
    }
  }

  private static func worker() -> Worker {
    Worker(
      identity: .init(
        id: WorkerID([UInt8](repeating: 1, count: 16))!, slots: 3, host: "node1", pid: 1, isLocal: false,
        numerics: "test", waitsForNextSearch: false))
  }

  /// A local event of a worker.
  private static func event(_ generator: inout Philox) -> Worker.Event {
    let attempt = AttemptID(generator.below(6))
    return switch generator.below(20) {
    case 0...2: .epochEnded(attempt, TrialMeasurement(epoch: 1), seconds: 0)
    case 3: .ended(attempt, .done, detail: "")
    case 4: .drainRequested("why not")
    case 5:
      .suspended(
        attempt, generator.below(2) == 0 ? nil : .init(checkpoint: checkpoint(&generator), bytes: [1]))
    default: .ticked([])
    }
  }

  /// A checkpoint with one of two digests and an arbitrary size.
  fileprivate static func checkpoint(_ generator: inout Philox) -> WireCheckpoint {
    var checkpoint = WireCheckpoint()
    checkpoint.digest = digest(&generator)
    checkpoint.size = generator.next() >> generator.below(64)
    checkpoint.epochs = UInt32(generator.below(4))
    return checkpoint
  }

  fileprivate static func fetch(_ generator: inout Philox) -> WireFetch {
    var fetch = WireFetch()
    fetch.digest = digest(&generator)
    fetch.offset = generator.next() >> generator.below(64)
    return fetch
  }

  fileprivate static func chunk(_ generator: inout Philox) -> WireChunk {
    var chunk = WireChunk(fetch(&generator), of: [])
    chunk.offset = UInt64(Limits.piece) * generator.below(3)
    chunk.data = .init([UInt8](repeating: 1, count: Int(generator.below(3)) * Limits.piece))
    return chunk
  }

  private static func digest(_ generator: inout Philox) -> Data {
    Data(repeating: UInt8(generator.below(2)), count: Limits.digest)
  }

  private static func answer(_ generator: inout Philox) -> WireToWorker {
    var message = WireToWorker()
    message.search = 6 + generator.below(2)
    message.generation = generator.below(3)
    switch generator.below(9) {
    case 0:
      var welcome = WireWelcome()
      welcome.searchFile = Cluster.file
      welcome.heartbeatSeconds = [1, -1, .nan, .infinity][Int(generator.below(4))]
      welcome.stop = [generator.below(6)]
      message.welcome = welcome
    case 1, 2:
      var assign = WireAssign()
      assign.attempt = generator.below(6)
      assign.values = [WireValue(.integer(8)), WireValue(.real(0.1)), WireValue(.integers([1]))]
      assign.epochs = UInt32(truncatingIfNeeded: generator.next())
      if generator.below(2) == 0 { assign.checkpoint = checkpoint(&generator) }
      message.assign = assign
    case 3:
      message.ack.attempt = generator.below(6)
      message.ack.sequence = UInt32(truncatingIfNeeded: generator.next() >> generator.below(64))
    case 4: message.revoke.attempt = generator.below(6)
    case 5: message.reject.code = .unknownWorker
    case 6: message.fetch = fetch(&generator)
    case 7: message.chunk = chunk(&generator)
    default: message.lease = WireLease()
    }
    return message
  }
}

/// Two honest workers and a hostile holder of another key, which sends arbitrary messages.
private struct HostileCluster {
  private static let key = "hostile"
  private var cluster: Cluster
  private var hostile: Set<WorkerID> = []
  /// Attempts assigned to the hostile key.
  private var hostileAttempts: Set<AttemptID> = []
  /// Trials that these attempts have ended, with false results.
  private var falseResults: Set<Int> = []
  private var seen = 0

  init() throws {
    cluster = try Cluster()
    cluster.join(1)
    cluster.join(2)
    seen = cluster.persisted.count
  }

  /// A well-formed message with arbitrary content.
  static func message(_ generator: inout Philox) -> WireToCoordinator {
    var message = WireToCoordinator()
    message.worker = .init([UInt8](repeating: UInt8(1 + generator.below(4)), count: WorkerID.length))
    message.search = generator.below(8) == 0 ? generator.next() : 7
    let attempt = generator.below(8) == 0 ? generator.next() : generator.below(8)
    switch generator.below(9) {
    case 0:
      message.hello.version = generator.below(8) == 0 ? 1 : Limits.version
      message.hello.slots = UInt32(generator.below(4) == 0 ? generator.below(2000) : 1)
      message.hello.host = "\u{1b}[2Jnode\u{202e}"
      message.hello.pid = UInt32(truncatingIfNeeded: generator.next())
      message.hello.local = generator.below(2) == 0
      message.hello.held = [progress(attempt)]
    case 1: message.heartbeat.held = (0..<generator.below(5)).map { progress(attempt &+ $0) }
    case 2, 3:
      message.report.attempt = attempt
      message.report.sequence = UInt32(generator.below(4))
      let accuracy = [0.5, 1, 1.5, .nan][Int(generator.below(4))]
      message.report.measurement = WireMeasurement(
        TrialMeasurement(epoch: Int(message.report.sequence), accuracy: accuracy))
    case 4:
      message.result.attempt = attempt
      message.result.sequence = UInt32(generator.below(5))
      message.result.outcome = WireOutcome(rawValue: Int(generator.below(5))) ?? .done
    case 5: message.fetch = MessageFuzzTests.fetch(&generator)
    case 6: message.chunk = MessageFuzzTests.chunk(&generator)
    case 7:
      message.release.attempt = attempt
      message.release.sequence = UInt32(generator.below(4))
      message.release.checkpoint = MessageFuzzTests.checkpoint(&generator)
    default:
      if generator.below(4) == 0 { message.bye.unable = true } else { message.release.attempt = attempt }
    }
    return message
  }

  private static func progress(_ attempt: UInt64) -> WireProgress {
    var progress = WireProgress()
    progress.attempt = attempt
    return progress
  }

  mutating func strike(_ message: WireToCoordinator, _ generator: inout Philox) {
    if generator.below(50) == 0 { cluster.wait(.seconds(1)) }
    let sender = Coordinator.Sender(address: ReturnAddress(99), key: Self.key)
    let effects = cluster.coordinator.handle(.received(message, from: sender), at: cluster.now)
    #expect(effects.count < 100)
    for case .note(let detail) in effects { #expect(detail == detail.asPeerText) }
    // Deliver only messages to honest workers.
    cluster.perform(effects.filter { if case .send(_, to: ReturnAddress(99)) = $0 { false } else { true } })
    checkDecisions()
    #expect(cluster.coordinator.membership.peers.count <= 40)
  }

  /// Checks that all decisions concern only hostile attempts, or are assignments.
  private mutating func checkDecisions() {
    for decision in cluster.persisted[seen...] {
      switch decision {
      case .workerJoined(let id, let worker): if worker.key == Self.key { hostile.insert(id) }
      case .attemptStarted(let id, _, let worker): if hostile.contains(worker) { hostileAttempts.insert(id) }
      case .trialEnded(let end, let id):
        #expect(hostileAttempts.contains(id))
        falseResults.insert(end.trial)
      case .epochEnded(let id, _, _, _), .attemptEnded(let id, _, _), .attemptResumed(let id):
        #expect(hostileAttempts.contains(id), "\(decision)")
      case .checkpointStored(let stored): #expect(hostileAttempts.contains(stored.attempt))
      case .rungReached(let reached, _): #expect(hostileAttempts.contains(reached.attempt))
      case .workerExcluded(let id, _): #expect(hostile.contains(id))
      case .epochsInherited, .dataKnown: break
      case .trialsComplete: Issue.record("the search is not open-ended")
      }
    }
    seen = cluster.persisted.count
  }

  /// Revokes the hostile key; the honest workers then complete the search with correct results.
  mutating func end() throws {
    cluster.perform(cluster.coordinator.handle(.keysRevoked([Self.key]), at: cluster.now))
    checkDecisions()
    for _ in 0..<20 where !cluster.coordinator.isFinished {
      for worker in cluster.workers.keys.sorted(by: { $0.description < $1.description }) {
        cluster.finishAttempt(of: worker)
      }
      cluster.wait(.seconds(1))
    }
    #expect(cluster.coordinator.isFinished)
    for (trial, end) in cluster.coordinator.results where !falseResults.contains(trial) {
      #expect(end.status == .done)
      #expect(end.metrics?["val_accuracy"] == 0.5 + Double(trial) / 100)
    }
  }
}
