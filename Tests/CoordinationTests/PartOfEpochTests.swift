import Search
import Testing

@testable import Coordination

/// Rungs within the first epoch.
@Suite struct PartOfEpochTests {
  private static let file = """
    dataset: digits
    model: { hidden: [{ int: [8, 64] }] }
    train: { epochs: 2, lr: { uniform: [0.1, 0.2] } }
    search: { trials: 4, halving: { min_epochs: 0.25, factor: 4 } }
    """

  private var cluster: Cluster
  private let worker: WorkerID

  init() throws {
    cluster = try Cluster(Self.file)
    worker = cluster.join(1)
  }

  /// The rungs are at 0.25, 1 and 2 epochs; one of four trials is promoted from the first.
  @Test mutating func aTrialReportsItsScoreAndResumesFromItsCheckpoint() throws {
    for trial in 0..<4 {
      let assign = try #require(cluster.running[worker]?.first)
      #expect(assign.trial == trial && assign.epochs == 1 && assign.part == 0.25)
      cluster.finishPart(of: worker)
    }
    let stopped = cluster.coordinator.results.values.sorted { $0.trial < $1.trial }
    #expect(stopped.map(\.trial) == [0, 1, 2])
    #expect(stopped.allSatisfy { $0.status == .stopped && $0.epochs == 0.25 })
    let next = try #require(cluster.running[worker]?.first)
    #expect(next.trial == 3 && next.epochs == 1 && next.part == 0 && next.hasCheckpoint)
    #expect(cluster.resumed[next.attempt] == Cluster.checkpoint(epochs: 0, trial: 3))
    cluster.trainEpochs(1, of: worker)
    let rungs = cluster.persisted.compactMap { decision -> Int? in
      if case .rungReached(_, let rung) = decision { rung } else { nil }
    }
    #expect(rungs == [0, 0, 0, 0, 1])
  }

  @Test mutating func checkpointsOfStoppedTrialsAreRemoved() throws {
    for _ in 0..<4 { cluster.finishPart(of: worker) }
    let stored = cluster.persisted.compactMap { decision -> Int? in
      if case .checkpointStored(let stored) = decision { stored.trial } else { nil }
    }
    #expect(stored == [0, 1, 2, 3])
    #expect(cluster.stored.count == 1)
  }

  @Test mutating func scoresAreKnownAfterARestart() throws {
    cluster.finishPart(of: worker)
    cluster.finishPart(of: worker)
    cluster.restart()
    cluster.wait(.seconds(5))
    #expect(cluster.running[worker]?.map(\.trial) == [2])
    for _ in 0..<2 { cluster.finishPart(of: worker) }
    #expect(cluster.running[worker]?.map(\.trial) == [3])
  }

  @Test(arguments: [
    (0.25, -1.0, 0.5), (0.25, 1, 1.5), (0.25, .infinity, 0.5), (0.5, 1, 0.5), (1, 1, 0.5), (.nan, 1, 0.5),
  ])
  func anInvalidScoreIsRejected(part: Double, loss: Double, accuracy: Double) throws {
    var cluster = cluster
    let assign = try #require(cluster.running[worker]?.first)
    let measurement = TrialMeasurement(part: part, accuracy: accuracy, loss: loss)
    var checkpoint = WireCheckpoint()
    checkpoint.digest = .init([UInt8](repeating: 1, count: Limits.digest))
    checkpoint.size = 1
    cluster.dispatch(
      worker,
      .suspended(
        AttemptID(assign.attempt), .init(checkpoint: checkpoint, bytes: [1], measurement: measurement)))
    let ends = cluster.persisted.compactMap { decision -> AttemptEnd? in
      if case .attemptEnded(AttemptID(assign.attempt), let end, _) = decision { end } else { nil }
    }
    #expect(ends == [.rejected])
    #expect(!cluster.persisted.contains { if case .rungReached = $0 { true } else { false } })
  }

  @Test mutating func anEpochReportIsRejectedIfOnlyAPartWasAssigned() throws {
    cluster.trainEpochs(1, of: worker)
    #expect(!cluster.persisted.contains { if case .epochEnded = $0 { true } else { false } })
  }
}
