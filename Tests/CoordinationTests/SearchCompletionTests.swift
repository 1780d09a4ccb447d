import Search
import Testing

@testable import Coordination

/// ASHA, and searches that end by a stop condition.
@Suite struct SearchCompletionTests {
  private static func cluster(_ search: String) throws -> Cluster {
    try Cluster(
      """
      dataset: digits
      model: { hidden: [{ int: [8, 64] }] }
      train: { epochs: 4, lr: { uniform: [0.1, 0.2] } }
      search: { \(search) }
      """)
  }

  /// Trains a worker's attempt to its next rung.
  private func train(_ epochs: Int, on worker: WorkerID, in cluster: inout Cluster) {
    cluster.trainEpochs(epochs, of: worker)
    cluster.suspendFirst(of: worker)
  }

  @Test func ashaPromotesTheBestSoFarWithoutWaiting() throws {
    var cluster = try Self.cluster("trials: 4, asha: { min_epochs: 1, factor: 2 }")
    let worker = cluster.join(1)
    var order: [UInt64] = []
    while let assign = cluster.running[worker]?.first {
      order.append(assign.trial)
      if assign.epochs == 4 {
        cluster.finishAttempt(of: worker)
      } else {
        train(Int(assign.epochs) - Int(assign.checkpoint.epochs), on: worker, in: &cluster)
      }
    }
    // Later trials score better: trial 1 is promoted as the best of two, trial 2 before trial 3 begins.
    #expect(order == [0, 1, 1, 2, 2, 2, 3, 3, 3])
    let ends = cluster.coordinator.results.values.sorted { $0.trial < $1.trial }
    #expect(ends.map(\.epochs) == [1, 2, 4, 4])
    #expect(ends.map(\.status) == [.stopped, .stopped, .done, .done])
    #expect(cluster.coordinator.isFinished && cluster.coordinator.trials == 4)
  }

  @Test func aPromotedTrialContinuesAfterARestart() throws {
    var cluster = try Self.cluster("trials: 4, asha: { min_epochs: 1, factor: 2 }")
    let worker = cluster.join(1)
    for _ in 0..<2 { train(1, on: worker, in: &cluster) }
    #expect(cluster.running[worker]?.first?.trial == 1)
    cluster.restart()
    cluster.wait(.seconds(5))
    train(1, on: worker, in: &cluster)
    #expect(cluster.running[worker]?.first?.trial == 2)
    #expect(cluster.coordinator.promotion[1]?.reached == 2)
    #expect(
      !cluster.persisted.contains { if case .attemptEnded(_, .revoked, _) = $0 { true } else { false } })
  }

  @Test func afterTheStopConditionRunningTrialsTrainToTheirNextRung() throws {
    var cluster = try Self.cluster("trials: until stopped, asha: { min_epochs: 1, factor: 3 }")
    let worker = cluster.join(1)
    for _ in 0..<2 { train(1, on: worker, in: &cluster) }
    #expect(cluster.coordinator.trials == nil && cluster.coordinator.progress == nil)
    cluster.perform(cluster.coordinator.handle(.stopConditionMet, at: cluster.now))
    #expect(cluster.coordinator.results.count == 2 && !cluster.coordinator.isFinished)
    cluster.restart()
    cluster.wait(.seconds(5))
    #expect(cluster.coordinator.trials == 3 && cluster.running[worker]?.first?.trial == 2)
    train(1, on: worker, in: &cluster)
    #expect(cluster.coordinator.isFinished && cluster.exits[worker] == .finished)
  }

  @Test func noTrialBeginsAfterTheEpochLimit() throws {
    var cluster = try Self.cluster(
      "trials: until stopped, stop_after: { epochs: 9 }, confirm: { top: 1, seeds: 2 }")
    let workers = [cluster.join(1), cluster.join(2)]
    for _ in 0..<2 {
      for worker in workers { cluster.finishAttempt(of: worker) }
    }
    #expect(cluster.coordinator.trials == 3 && cluster.coordinator.reevaluations?.of == 2)
    for _ in 0..<2 {
      for worker in workers { cluster.finishAttempt(of: worker) }
    }
    #expect(cluster.coordinator.isFinished)
    #expect(cluster.coordinator.ranking.map { $0.reevaluated != nil } == [true, false, false])
  }
}
