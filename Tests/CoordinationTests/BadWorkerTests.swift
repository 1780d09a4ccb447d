import Search
import Testing

@testable import Coordination

/// Workers and trials that fail repeatedly: workers are excluded, trials end, and the ranking is unaffected.
@Suite struct BadWorkerTests {
  private static let file = """
    dataset: digits
    model: { hidden: [{ int: [8, 64] }] }
    train: { epochs: 2, lr: { uniform: [0.1, 0.2] } }
    search: { trials: 12 }
    """

  private var cluster: Cluster

  init() throws {
    cluster = try Cluster(Self.file)
  }

  /// Reports an invalid epoch for a worker's first attempt.
  private mutating func breakRule(by worker: WorkerID) {
    guard let assign = cluster.running[worker]?.first else { return }
    let epoch = TrialMeasurement(epoch: 1, loss: -1)
    cluster.dispatch(worker, .epochEnded(AttemptID(assign.attempt), epoch, seconds: 0))
  }

  private mutating func fail(by worker: WorkerID) {
    guard let assign = cluster.running[worker]?.first else { return }
    cluster.running[worker]?.removeFirst()
    cluster.dispatch(worker, .ended(AttemptID(assign.attempt), .failed, detail: "no space left on device"))
  }

  private func attempts(of trial: Int) -> Int {
    cluster.persisted.count { if case .attemptStarted(_, trial, _) = $0 { true } else { false } }
  }

  private var statuses: [TrialResult.Status] {
    cluster.coordinator.results.sorted { $0.key < $1.key }.map(\.value.status)
  }

  /// Trains all assigned trials to their end, except trial 0, which breaks a rule.
  private mutating func trainAllButTheFirst(on workers: [WorkerID]) {
    for _ in 0..<40 {
      for worker in workers {
        if cluster.running[worker]?.first?.trial == 0 {
          breakRule(by: worker)
        } else {
          cluster.finishAttempt(of: worker)
        }
      }
      cluster.wait(.seconds(1))
    }
  }

  @Test mutating func aTrialThatBreaksARuleOnAllWorkersIsQuarantinedWithTheReason() {
    trainAllButTheFirst(on: [cluster.join(1), cluster.join(2)])
    #expect(statuses == [.quarantined] + Array(repeating: .done, count: 11))
    #expect(attempts(of: 0) == 2)
    #expect(
      cluster.warnings.contains { $0.contains("trial 0 is quarantined") && $0.contains("val_loss -1 ") })
  }

  @Test mutating func theOnlyWorkerTriesThreeTimes() {
    trainAllButTheFirst(on: [cluster.join(1)])
    #expect(statuses == [.quarantined] + Array(repeating: .done, count: 11))
    #expect(attempts(of: 0) == 3)
  }

  @Test(arguments: [true, false])
  mutating func aBadWorkerIsExcludedAndNamedInAWarning(breaksRules: Bool) {
    let bad = cluster.join(1)
    let good = [cluster.join(2), cluster.join(3), cluster.join(4)]
    for _ in 0..<40 {
      if breaksRules { breakRule(by: bad) } else { fail(by: bad) }
      for worker in good { cluster.finishAttempt(of: worker) }
      cluster.wait(.seconds(1))
    }
    #expect(statuses == Array(repeating: .done, count: 12))
    let warnings = cluster.warnings.first { $0.contains("gets no more work") }
    #expect(warnings?.contains("worker node1 (pid 1") == true, "\(cluster.warnings)")
    #expect(cluster.persisted.contains { if case .workerExcluded(bad, _) = $0 { true } else { false } })
  }

  @Test mutating func anExcludedWorkerStaysExcludedAfterARestart() {
    let bad = cluster.join(1)
    let good = cluster.join(2)
    for _ in 0..<4 {
      breakRule(by: bad)
      cluster.finishAttempt(of: good)
      cluster.wait(.seconds(1))
    }
    #expect(cluster.coordinator.membership.excluded[bad] != nil)
    cluster.restart()
    cluster.wait(.seconds(3))
    #expect(cluster.coordinator.membership.peers[bad]?.isExcluded == true)
    #expect(cluster.running[bad]?.isEmpty == true)
    for _ in 0..<40 {
      cluster.finishAttempt(of: good)
      cluster.wait(.seconds(1))
    }
    #expect(statuses == Array(repeating: .done, count: 12))
  }

  @Test mutating func aBadWorkerGetsFewTrialsWhileOthersAreBusy() {
    cluster.join(1)
    let bad = cluster.join(2)
    for _ in 0..<20 {
      fail(by: bad)
      cluster.wait(.seconds(1))
    }
    let begun = cluster.persisted.count { if case .attemptStarted(_, _, bad) = $0 { true } else { false } }
    #expect(begun == WorkerFailures.unconfirmedLimit)
    #expect(cluster.coordinator.results.isEmpty)
  }

  @Test mutating func twoFastBadWorkersDoNotFailTheSearch() {
    let good = cluster.join(1)
    let bad = [cluster.join(2), cluster.join(3)]
    for second in 0..<200 {
      for worker in bad { breakRule(by: worker) }
      if second % 10 == 9 { cluster.finishAttempt(of: good) }
      cluster.wait(.seconds(1))
    }
    #expect(statuses == Array(repeating: .done, count: 12))
  }

  @Test func aSlowAttemptGetsASpeculativeAttemptEvenIfNoPaceIsKnown() throws {
    var cluster = try Cluster(Self.file.replacing("trials: 12", with: "trials: 2"))
    let (slow, idle) = (cluster.join(1), cluster.join(2))
    cluster.finishAttempt(of: idle)
    let assign = try #require(cluster.running[slow]?.first)
    for second in 0..<700 where cluster.running[idle]?.isEmpty == true {
      var progress = WireProgress()
      (progress.attempt, progress.step) = (assign.attempt, UInt64(second + 1))
      cluster.now += .seconds(1)
      cluster.dispatch(slow, .ticked([progress]))
      cluster.dispatch(idle, .ticked([]))
      cluster.perform(cluster.coordinator.handle(.ticked, at: cluster.now))
    }
    cluster.finishAttempt(of: idle)
    #expect(cluster.coordinator.isFinished)
  }

  /// Reports that the loss of a worker's first attempt is not finite.
  private mutating func diverge(by worker: WorkerID) {
    guard let assign = cluster.running[worker]?.first else { return }
    cluster.running[worker]?.removeFirst()
    cluster.dispatch(worker, .ended(AttemptID(assign.attempt), .diverged, detail: ""))
  }

  @Test mutating func aMachineWithoutFiniteLossesIsExcluded() {
    let bad = cluster.join(1)
    let good = [cluster.join(2), cluster.join(3)]
    for _ in 0..<40 {
      diverge(by: bad)
      for worker in good { cluster.finishAttempt(of: worker) }
      cluster.wait(.seconds(1))
    }
    #expect(statuses == Array(repeating: .done, count: 12))
    #expect(cluster.warnings.contains { $0.contains("worker node1") && $0.contains("gets no more work") })
  }

  @Test mutating func trialsThatDivergeOnTwoMachinesEndOnce() {
    let workers = [cluster.join(1), cluster.join(2)]
    for _ in 0..<60 {
      for worker in workers { diverge(by: worker) }
      cluster.wait(.seconds(1))
    }
    #expect(statuses == Array(repeating: .diverged, count: 12))
    // Two machines confirm the first ones, and are then believed.
    let begun = cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } }
    #expect(begun <= 15)
    #expect(!cluster.warnings.contains { $0.contains("gets no more work") })
  }

  @Test mutating func oneMachineIsBelieved() {
    let workers = [cluster.join(1, host: "node"), cluster.join(2, host: "node")]
    for _ in 0..<8 { for worker in workers { diverge(by: worker) } }
    #expect(statuses == Array(repeating: .diverged, count: 12))
    #expect(cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } } == 12)
  }

  @Test mutating func aWorkerWithAFiniteLossIsBelieved() {
    let worker = cluster.join(1)
    cluster.join(2)
    cluster.trainEpochs(1, of: worker)
    diverge(by: worker)
    #expect(cluster.coordinator.results[0]?.status == .diverged)
  }

  @Test mutating func aSearchEndsIfAllTrialsFail() {
    let workers = [cluster.join(1), cluster.join(2)]
    for _ in 0..<60 {
      for worker in workers { fail(by: worker) }
      cluster.wait(.milliseconds(500))
    }
    #expect(statuses == Array(repeating: .failed, count: 12))
    #expect(!cluster.warnings.contains { $0.contains("gets no more work") })
  }

  @Test mutating func aTrialThatAllWorkersRefuseIsQuarantined() {
    let worker = cluster.join(1)
    for _ in 0..<1200 where cluster.coordinator.results[0] == nil {
      guard let assign = cluster.running[worker]?.first else {
        cluster.wait(.seconds(1))
        continue
      }
      guard assign.trial == 0 else {
        cluster.finishAttempt(of: worker)
        continue
      }
      cluster.running[worker]?.removeFirst()
      cluster.dispatch(worker, .suspended(AttemptID(assign.attempt), nil))
    }
    #expect(cluster.coordinator.results[0]?.status == .quarantined)
    #expect(attempts(of: 0) == FailureHistory.silentLimit)
  }

  @Test mutating func aTrialThatAlwaysHangsOnTheOnlyWorkerIsQuarantined() {
    let worker = cluster.join(1)
    for _ in 0..<12 { cluster.wait(.seconds(300)) }
    #expect(cluster.coordinator.results[0]?.status == .quarantined)
    #expect(attempts(of: 0) == FailureHistory.observedLimit)
    #expect(cluster.coordinator.membership.peers[worker] != nil)
  }

  @Test mutating func aLastingGapInTheMessagesEndsTheAttempt() {
    let worker = cluster.join(1)
    var report = WireReport()
    report.attempt = 1
    report.sequence = 2
    var message = WireToCoordinator()
    message.worker = .init(worker.bytes)
    message.search = 7
    message.report = report
    for second in 1...620 where attempts(of: 0) == 1 {
      cluster.now += .seconds(1)
      // Heartbeats and steps continue, so the attempt is neither lost nor stuck.
      var progress = WireProgress()
      (progress.attempt, progress.step) = (1, UInt64(second))
      cluster.dispatch(worker, .ticked([progress]))
      cluster.deliver(message, from: worker)
      cluster.perform(cluster.coordinator.handle(.ticked, at: cluster.now))
    }
    let ends = cluster.persisted.compactMap { if case .attemptEnded(_, let end, _) = $0 { end } else { nil } }
    #expect(ends == [.rejected])
    #expect(cluster.now > .seconds(600), "a gap may close before")
    #expect(
      cluster.warnings.contains { $0.contains("message 2 instead of message 1") }, "\(cluster.warnings)")
  }

  @Test mutating func workersOfAMachineThatCannotTrainGetWorkLessAndLessOften() {
    for round in UInt8(1)...60 {
      let worker = cluster.join(round, host: "bad")
      cluster.wait(.milliseconds(500))
      cluster.dispatch(worker, .unable("no dataset"))
      cluster.wait(.milliseconds(500))
    }
    // After 0, 1, 2, 4, 8, 16 and 32 s, at most.
    let begun = cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } }
    #expect((2...7).contains(begun), "\(begun)")
  }

  @Test mutating func aStalledSearchWarnsWithTheReason() {
    let worker = cluster.join(1)
    guard let assign = cluster.running[worker]?.first else { return }
    for second in 0..<700 {
      var progress = WireProgress()
      progress.attempt = assign.attempt
      progress.step = UInt64(second + 1)
      cluster.now += .seconds(1)
      cluster.dispatch(worker, .ticked([progress]))
      cluster.perform(cluster.coordinator.handle(.ticked, at: cluster.now))
    }
    let warnings = cluster.warnings.filter { $0.contains("no epoch and no result") }
    #expect(warnings.count == 1)
    #expect(warnings.first?.contains("trial 0, node1") == true, "\(warnings)")
  }
}
