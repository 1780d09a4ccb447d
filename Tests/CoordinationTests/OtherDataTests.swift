import Testing

@testable import Coordination

/// Workers with a different dataset of the same name.
struct OtherDataTests {
  private static let data = [UInt8](repeating: 1, count: Limits.digest)
  private static let otherData = [UInt8](repeating: 2, count: Limits.digest)

  private var cluster: Cluster
  private let first: WorkerID
  private let second: WorkerID

  init() throws {
    cluster = try Cluster()
    first = cluster.join(1)
    second = cluster.join(2)
    load(Self.data, by: first)
    cluster.trainEpochs(1, of: first)
  }

  @Test mutating func theFirstReportedEpochFixesTheDataset() {
    #expect(cluster.coordinator.data == Self.data)
    #expect(cluster.persisted.contains(.dataKnown(Self.data)))
    load(Self.data, by: second)
    cluster.finishAttempt(of: second)
    #expect(cluster.coordinator.results.count == 1)
    #expect(cluster.warnings.isEmpty)
  }

  @Test mutating func resultsOfADifferentDatasetAreRejectedAndTheirTrialRunsElsewhere() throws {
    let trial = try #require(cluster.running[second]?.first?.trial)
    load(Self.otherData, by: second)
    cluster.trainEpochs(1, of: second)
    guard case .unable(let detail) = try #require(cluster.exits[second]) else {
      Issue.record("it left otherwise")
      return
    }
    #expect(detail.contains("its dataset (SHA-256 sum 0202020202020202...)"), "\(detail)")
    #expect(cluster.warnings.count == 1)
    #expect(cluster.persisted.filter { if case .epochEnded = $0 { true } else { false } }.count == 1)
    cluster.finishAttempt(of: first)
    #expect(cluster.running[first]?.first?.trial == trial)
  }

  @Test mutating func aFailedTrialDoesNotFixTheDataset() throws {
    var cluster = try Cluster()
    let (fast, slow) = (cluster.join(1), cluster.join(2))
    for (worker, data) in [(fast, Self.otherData), (slow, Self.data)] {
      let assign = try #require(cluster.running[worker]?.first)
      cluster.dispatch(worker, .dataLoaded(AttemptID(assign.attempt), data))
    }
    let attempt = try #require(cluster.running[fast]?.removeFirst().attempt)
    cluster.dispatch(fast, .ended(AttemptID(attempt), .failed, detail: "too small"))
    #expect(cluster.coordinator.data == nil)
    cluster.trainEpochs(1, of: slow)
    #expect(cluster.coordinator.data == Self.data)
    cluster.trainEpochs(1, of: fast)
    #expect(cluster.exits.keys.contains(fast) && !cluster.exits.keys.contains(slow))
  }

  @Test mutating func theDatasetIsKnownAfterARestart() {
    cluster.cut = [first, second]
    load(Self.otherData, by: second)
    cluster.trainEpochs(2, of: second)
    cluster.restart()
    #expect(cluster.coordinator.data == Self.data)
    cluster.cut = []
    cluster.wait(.seconds(10))
    #expect(cluster.exits[second] != nil)
    #expect(cluster.exits[first] == nil)
    #expect(cluster.coordinator.results.isEmpty)
  }

  @Test mutating func spooledResultsOfADifferentDatasetAreDropped() {
    cluster.cut = [second]
    load(Self.otherData, by: second)
    cluster.finishAttempt(of: second)
    cluster.wait(.seconds(5))
    #expect(cluster.kept[second]?.count == 1)
    cluster.kill(second)
    cluster.cut = []
    cluster.deliverKeptResults(for: second)
    #expect(cluster.kept[second]?.isEmpty == true)
    #expect(cluster.coordinator.results.isEmpty)
  }

  @Test mutating func aWorkerCanServeAnotherSearchWithADifferentDataset() {
    let keeper = cluster.join(3, waitsForNextSearch: true)
    load(Self.data, by: keeper)
    #expect(cluster.workers[keeper]?.data == Self.data)
    cluster.perform([.send(finish, to: ReturnAddress(3))])
    #expect(cluster.workers[keeper]?.data == [])
  }

  /// A message with the id of another worker and the wrong key does not disconnect that worker.
  @Test mutating func anotherKeyHolderCannotDisconnectAWorker() {
    var message = WireToCoordinator()
    message.worker = .init(first.bytes)
    message.search = cluster.coordinator.search.number
    message.data = .init(Self.otherData)
    message.heartbeat = WireHeartbeat()
    cluster.deliver(message, from: WorkerID([UInt8](repeating: 9, count: WorkerID.length))!, key: "another")
    #expect(cluster.coordinator.membership.peers[first] != nil)
    #expect(cluster.warnings.isEmpty)
  }

  private var finish: WireToWorker {
    var message = cluster.coordinator.envelope
    message.finish = WireFinish()
    return message
  }

  private mutating func load(_ digest: [UInt8], by worker: WorkerID) {
    guard let assign = cluster.running[worker]?.first else {
      Issue.record("it has nothing to train")
      return
    }
    cluster.dispatch(worker, .dataLoaded(AttemptID(assign.attempt), digest))
  }
}
