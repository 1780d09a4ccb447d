import Search
import Testing

@testable import Coordination

/// Spooled results: saved by one worker process, delivered by another.
@Suite struct KeptResultTests {
  private static let longFile = Cluster.file.replacing("epochs: 2", with: "epochs: 5")

  /// A worker that has finished trial 0 without a connection to the coordinator.
  private func finishAway(_ cluster: inout Cluster) -> WorkerID {
    let worker = cluster.join(1)
    cluster.cut.insert(worker)
    cluster.wait(.seconds(4))
    cluster.finishAttempt(of: worker)
    return worker
  }

  @Test func spooledResultsOfADeadWorkerAreDeliveredByAnother() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    cluster.kill(worker)
    cluster.restart()
    cluster.cut.remove(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.exits[worker] == .left)
    #expect(cluster.coordinator.results[0]?.status == .done)
    #expect(cluster.kept[worker]?.isEmpty == true)
    let attempts = cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } }
    #expect(attempts == 1)
  }

  @Test func spooledResultsAreAcceptedAfterTheLeaseExpired() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    cluster.kill(worker)
    let other = cluster.join(2)
    cluster.cut.remove(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.coordinator.results[0]?.status == .done)
    #expect(cluster.running[other]?.map(\.trial) == [1])
    #expect(cluster.exits[worker] == .left)
  }

  @Test func aPromptlyAcknowledgedResultIsNotSpooled() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.finishAttempt(of: worker)
    cluster.wait(.seconds(3))
    #expect(cluster.kept[worker] == nil)
  }

  @Test func anUnacknowledgedResultIsSpooledUntilAcknowledged() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.cut.insert(worker)
    cluster.finishAttempt(of: worker)
    #expect(cluster.kept[worker] == nil)
    cluster.wait(.seconds(2))
    #expect(cluster.kept[worker]?.keys.sorted() == [1])
    cluster.cut.remove(worker)
    cluster.wait(.seconds(4))
    #expect(cluster.kept[worker]?.isEmpty == true)
  }

  @Test func anUnfinishedAttemptOfADrainedWorkerIsSpooledWithItsCheckpoint() throws {
    var cluster = try Cluster(Self.longFile)
    let worker = cluster.join(1)
    cluster.trainEpochs(2, of: worker)
    cluster.cut.insert(worker)
    cluster.wait(.seconds(4))
    cluster.trainEpochs(1, of: worker)
    cluster.dispatch(worker, .drainRequested("SIGTERM"))
    #expect(cluster.exits[worker] == .left)
    cluster.restart()
    cluster.cut.remove(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.exits[worker] == .left)
    let other = cluster.join(2)
    #expect(cluster.running[other]?.first?.checkpoint.epochs == 3)
    #expect(cluster.resumed[2] == Cluster.checkpoint(epochs: 3))
  }

  @Test func obsoleteSpooledResultsAreDropped() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    cluster.kill(worker)
    let other = cluster.join(2)
    for _ in 0..<4 { cluster.finishAttempt(of: other) }
    cluster.cut.remove(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.exits[worker] != nil)
    #expect(cluster.kept[worker]?.isEmpty == true)
    let results = cluster.persisted.count { if case .trialEnded = $0 { true } else { false } }
    #expect(results == 4)
  }

  @Test func resultsOfAnotherSearchStayOnDisk() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    for index in cluster.kept[worker]?[1]?.messages.indices ?? 0..<0 {
      cluster.kept[worker]?[1]?.messages[index].search = 8
    }
    cluster.kill(worker)
    cluster.cut.remove(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.exits[worker] == .left)
    #expect(cluster.kept[worker]?.count == 1)
  }

  @Test func aDeliveringProcessGetsNoWork() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    cluster.kill(worker)
    cluster.deliverKeptResults(for: worker)
    cluster.cut.remove(worker)
    cluster.wait(.seconds(2))
    let attempts = cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } }
    #expect(attempts == 1)
  }

  @Test func aDeliveringProcessCanBeDrained() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    cluster.kill(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.exits[worker] == nil)
    cluster.dispatch(worker, .drainRequested("SIGTERM"))
    #expect(cluster.exits[worker] == .left)
    #expect(cluster.kept[worker]?.count == 1)
  }

  @Test func damagedSpoolFilesAreIgnored() throws {
    var cluster = try Cluster()
    let worker = finishAway(&cluster)
    cluster.kept[worker]?[1]?.messages.remove(at: 1)
    cluster.kill(worker)
    cluster.cut.remove(worker)
    cluster.deliverKeptResults(for: worker)
    #expect(cluster.exits[worker] == .left)
    #expect(cluster.coordinator.results.isEmpty)
  }
}
