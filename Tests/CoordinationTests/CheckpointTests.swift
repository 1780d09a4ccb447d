import Search
import Testing

@testable import Coordination

/// Checkpoint transfer: trials that continue on another worker.
@Suite struct CheckpointTests {
  @Test func aWorkerResumesFromItsCachedCheckpointWithoutAFetch() throws {
    var cluster = try Cluster(
      Cluster.file.replacing(
        "search: { trials: 4 }", with: "search: { trials: 4, halving: { min_epochs: 1 } }"))
    let workers = [cluster.join(1), cluster.join(2)]
    for worker in [workers[0], workers[1], workers[0], workers[1]] {
      cluster.trainEpochs(1, of: worker)
      cluster.suspendFirst(of: worker)
    }
    // The last trial scores best; its worker resumes it from its cache.
    let assign = try #require(cluster.running[workers[1]]?.first)
    #expect(assign.trial == 3 && assign.hasCheckpoint && cluster.running[workers[0]]?.isEmpty == true)
    #expect(cluster.resumed[assign.attempt] == Cluster.checkpoint(epochs: 1, trial: 3))
    #expect(cluster.fetches == 0)
  }

  private static let longFile = Cluster.file.replacing("epochs: 2", with: "epochs: 5")

  private func ends(_ cluster: Cluster) -> [AttemptEnd] {
    cluster.persisted.compactMap { if case .attemptEnded(_, let end, _) = $0 { end } else { nil } }
  }

  private func epochs(of attempt: UInt64, in cluster: Cluster) -> [Int] {
    cluster.persisted.compactMap {
      if case .epochEnded(AttemptID(attempt), let number, _, _) = $0 { number } else { nil }
    }
  }

  @Test func aDrainedWorkersTrialResumesElsewhereFromItsCheckpoint() throws {
    var cluster = try Cluster(Self.longFile)
    let first = cluster.join(1)
    cluster.trainEpochs(3, of: first)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    #expect(cluster.exits[first] == .left)
    #expect(ends(cluster) == [.released])
    let second = cluster.join(2)
    let assign = try #require(cluster.running[second]?.first)
    #expect(assign.trial == 0 && assign.checkpoint.epochs == 3)
    #expect(cluster.resumed[assign.attempt] == Cluster.checkpoint(epochs: 3))
    cluster.finishAttempt(of: second)
    #expect(epochs(of: assign.attempt, in: cluster) == [4, 5])
    #expect(cluster.coordinator.results[0]?.epochs == 5)
    #expect(cluster.stored.isEmpty)
  }

  @Test func aMovedTrialHasTheResultOfAnUninterruptedOne() throws {
    var uninterrupted = try Cluster(Self.longFile)
    let only = uninterrupted.join(1)
    uninterrupted.finishAttempt(of: only)
    var cluster = try Cluster(Self.longFile)
    for round in UInt8(1)...4 {
      let worker = cluster.join(round)
      cluster.trainEpochs(1, of: worker)
      cluster.dispatch(worker, .drainRequested("SIGTERM"))
    }
    cluster.finishAttempt(of: cluster.join(5))
    #expect(cluster.coordinator.results[0] == uninterrupted.coordinator.results[0])
  }

  @Test func aStoredCheckpointSurvivesACoordinatorRestart() throws {
    var cluster = try Cluster(Self.longFile)
    let first = cluster.join(1, isLocal: true)
    cluster.trainEpochs(2, of: first)
    cluster.coordinator.close()
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    #expect(cluster.exits[first] == .left)
    cluster.restart()
    let second = cluster.join(2)
    let assign = try #require(cluster.running[second]?.first)
    #expect(assign.trial == 0 && assign.checkpoint.epochs == 2)
    cluster.restart()
    cluster.finishAttempt(of: second)
    cluster.wait(.seconds(3))
    #expect(cluster.coordinator.results[0]?.epochs == 5)
    #expect(cluster.stored.isEmpty)
  }

  @Test func aClosingCoordinatorAssignsNothing() throws {
    var cluster = try Cluster()
    cluster.coordinator.close()
    let worker = cluster.join(1)
    #expect(cluster.running[worker]?.isEmpty == true)
  }

  @Test func ifTheCheckpointCannotBeStoredTheTrialStartsFromTheBeginning() throws {
    var cluster = try Cluster(Self.longFile)
    cluster.isDiskBad = true
    let first = cluster.join(1)
    cluster.trainEpochs(3, of: first)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    #expect(cluster.exits[first] == .left)
    let second = cluster.join(2)
    let assign = try #require(cluster.running[second]?.first)
    #expect(assign.trial == 0 && !assign.hasCheckpoint)
    cluster.finishAttempt(of: second)
    #expect(cluster.coordinator.results[0]?.epochs == 5)
  }

  @Test func afterTheLossOfACheckpointNoEpochIsReportedTwice() throws {
    var cluster = try Cluster(Self.longFile)
    let first = cluster.join(1)
    cluster.trainEpochs(3, of: first)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    cluster.stored = [:]
    let second = cluster.join(2)
    let assign = try #require(cluster.running[second]?.first)
    #expect(cluster.resumed[assign.attempt] == [])
    // The slot trains from the beginning and reports only new epochs.
    cluster.finishAttempt(of: second)
    #expect(epochs(of: assign.attempt, in: cluster) == [4, 5])
    #expect(cluster.coordinator.results[0]?.epochs == 5)
  }

  @Test func afterAWorkerDiesDuringHandoverItsTrialRunsElsewhere() throws {
    var cluster = try Cluster(Self.longFile)
    let first = cluster.join(1)
    cluster.trainEpochs(3, of: first)
    cluster.cut.insert(first)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    let release = try #require(cluster.workers[first]?.held[AttemptID(1)]?.unacknowledged.last?.body)
    cluster.deliver(try #require(cluster.workers[first]).envelope(release), from: first)
    #expect(cluster.coordinator.checkpoints.handovers[AttemptID(1)] != nil)
    cluster.kill(first)
    cluster.wait(.seconds(6))
    // The coordinator did not receive its Hello with 0 slots.
    #expect(ends(cluster) == [.refused])
    let second = cluster.join(2)
    #expect(cluster.running[second]?.first?.trial == 0)
    #expect(cluster.running[second]?.first?.hasCheckpoint == false)
    #expect(cluster.coordinator.checkpoints.queue.isEmpty)
  }

  @Test func lostPiecesAreRequestedAgain() throws {
    var transfer = Transfer(try checkpoint(size: 3 * UInt64(Limits.piece) + 1))
    let first = transfer.requests(at: .zero)
    #expect(first.map(\.offset) == [0, 32768, 65536, 98304])
    let bytes = [UInt8](repeating: 7, count: 3 * Limits.piece + 1)
    func piece(_ offset: UInt64) -> WireChunk {
      var fetch = WireFetch()
      fetch.digest = transfer.checkpoint.digest
      fetch.offset = offset
      return WireChunk(fetch, of: bytes)
    }
    // Pieces are accepted in order and once.
    let taken = [0, 65536, 0].map { transfer.append(piece($0), at: .zero) }
    #expect(taken == [true, false, false])
    let (soon, late) = (transfer.requests(at: .seconds(1)), transfer.requests(at: .seconds(3)))
    #expect(soon.isEmpty)
    #expect(late.map(\.offset) == [32768, 65536, 98304])
    for offset in [32768, 65536, 98304] as [UInt64] {
      #expect(!transfer.isComplete)
      let isTaken = transfer.append(piece(offset), at: .seconds(3))
      #expect(isTaken)
    }
    #expect(transfer.isComplete)
    let more = transfer.requests(at: .seconds(9))
    #expect(more.isEmpty)
  }

  private func checkpoint(size: UInt64) throws -> WireCheckpoint {
    var checkpoint = WireCheckpoint()
    checkpoint.size = size
    checkpoint.digest = .init(repeating: 1, count: Limits.digest)
    return checkpoint
  }

  @Test(arguments: [0, UInt64(Limits.checkpoint) + 1, .max])
  func aCheckpointBeyondTheLimitsIsNotStored(size: UInt64) throws {
    var cluster = try Cluster(Self.longFile)
    let first = cluster.join(1)
    cluster.trainEpochs(1, of: first)
    var message = try #require(cluster.workers[first]).envelope(.release(WireRelease()))
    message.release.attempt = 1
    message.release.sequence = 2
    message.release.checkpoint = try checkpoint(size: size)
    cluster.deliver(message, from: first)
    #expect(ends(cluster) == [.refused])
    #expect(cluster.stored.isEmpty && cluster.coordinator.checkpoints.queue.isEmpty)
  }

  @Test func aWorkerCannotFetchCheckpointsOfOtherWorkersTrials() throws {
    var cluster = try Cluster(Self.longFile)
    let first = cluster.join(1)
    cluster.trainEpochs(3, of: first)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    cluster.join(2)
    let other = cluster.join(3)
    var message = try #require(cluster.workers[other]).envelope(.fetch(WireFetch()))
    message.fetch.digest = .init(try #require(cluster.stored.keys.first))
    let sender = Coordinator.Sender(address: ReturnAddress(3), key: "key")
    let effects = cluster.coordinator.handle(.received(message, from: sender), at: cluster.now)
    guard case .send(let answer, _) = effects.first else {
      Issue.record("no answer")
      return
    }
    #expect(answer.chunk.data.isEmpty)
  }

  @Test func manyAttemptsAreHandedOverConcurrently() throws {
    var cluster = try Cluster(Self.longFile.replacing("trials: 4", with: "trials: 40"))
    let first = cluster.join(1, slots: 40)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    #expect(cluster.exits[first] == .left)
    #expect(ends(cluster) == [AttemptEnd](repeating: .released, count: 40))
    let second = cluster.join(2, slots: 40)
    #expect(cluster.running[second]?.count(where: \.hasCheckpoint) == 40)
  }

  @Test func aDrainedWorkerDeliversItsResultsBeforeItLeaves() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1, slots: 2)
    cluster.cut.insert(worker)
    cluster.finishAttempt(of: worker)
    cluster.dispatch(worker, .drainRequested("SIGTERM"))
    #expect(cluster.exits[worker] == nil)
    cluster.cut.remove(worker)
    cluster.wait(.seconds(4))
    #expect(cluster.exits[worker] == .left)
    #expect(cluster.coordinator.results[0]?.status == .done)
    #expect(cluster.kept[worker]?.isEmpty == true)
  }

  @Test func aDrainedWorkerWithoutCoordinatorLeavesAtItsDeadline() throws {
    var cluster = try Cluster(Self.longFile)
    let worker = cluster.join(1)
    cluster.trainEpochs(2, of: worker)
    cluster.cut.insert(worker)
    cluster.dispatch(worker, .drainRequested("SIGTERM"))
    cluster.wait(.seconds(30))
    #expect(cluster.exits[worker] == .left)
  }
}
