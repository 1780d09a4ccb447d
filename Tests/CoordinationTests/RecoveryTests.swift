import Search
import Testing

@testable import Coordination

@Suite struct RecoveryTests {
  @Test func attemptsOfAnotherSearchAreIgnored() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    let attempt = try #require(cluster.running[worker]?.first?.attempt)
    cluster.cut = [worker]
    cluster.wait(.seconds(6))
    cluster.kill(worker)
    #expect(cluster.coordinator.attempts[AttemptID(attempt)]?.isLost == true)
    var progress = WireProgress()
    progress.attempt = attempt
    progress.ended = true
    var message = WireToCoordinator()
    message.worker = .init(worker.bytes)
    message.hello.version = Limits.version
    message.hello.held = [progress]
    for (search, isBack) in [(0, false), (8, false), (cluster.coordinator.search.number, true)] {
      message.search = search
      cluster.deliver(message, from: worker)
      #expect(cluster.persisted.contains(.attemptResumed(AttemptID(attempt))) == isBack)
    }
  }

  @Test func aTrialThatKillsItsWorkersIsQuarantinedAndConcurrentOnesAreNot() throws {
    var cluster = try Cluster()
    for number in UInt8(1)...20 {
      // Every worker that runs trial 0 dies before its first heartbeat.
      let worker = cluster.join(number, slots: 4)
      let hasIt = cluster.running[worker]?.contains { $0.trial == 0 } == true
      if !hasIt { for _ in 0..<4 { cluster.finishAttempt(of: worker) } }
      cluster.kill(worker)
      cluster.wait(.seconds(6))
    }
    let last = cluster.join(21, slots: 4)
    for _ in 0..<4 { cluster.finishAttempt(of: last) }
    #expect(cluster.coordinator.results[0]?.status == .quarantined)
    #expect((1..<4).allSatisfy { cluster.coordinator.results[$0]?.status == .done })
  }

  @Test func aWorkerThatMissedFinishGetsItAgain() throws {
    var cluster = try Cluster()
    let (worker, other) = (cluster.join(1, slots: 2), cluster.join(2, slots: 2))
    for _ in 0..<2 { cluster.finishAttempt(of: worker) }
    cluster.finishAttempt(of: other)
    cluster.cut.insert(worker)
    cluster.finishAttempt(of: other)
    #expect(cluster.exits[worker] == nil)
    cluster.cut.remove(worker)
    cluster.wait(.seconds(2))
    #expect(cluster.exits[worker] == .finished)
  }

  @Test func attemptsWithoutProgressAreRevoked() throws {
    var cluster = try Cluster()
    let stuck = cluster.join(1)
    cluster.wait(.seconds(599))
    #expect(cluster.running[stuck]?.map(\.trial) == [0])
    cluster.trainEpochs(1, of: stuck)
    cluster.wait(.seconds(599))
    #expect(cluster.running[stuck]?.map(\.trial) == [0])
    let other = cluster.join(2, slots: 4)
    cluster.wait(.seconds(3))
    #expect(cluster.running[stuck]?.contains { $0.trial == 0 } == false)
    #expect(cluster.running[other]?.contains { $0.trial == 0 } == true)
    let ends = cluster.persisted.compactMap { if case .attemptEnded(_, let end, _) = $0 { end } else { nil } }
    #expect(ends == [.revoked])
    for _ in 0..<4 { cluster.finishAttempt(of: other) }
    #expect(cluster.coordinator.results[0]?.status == .done)
  }

  @Test func aWorkerLeavesIfTheJoinFileSaysThatTheSearchHasEnded() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.cut.insert(worker)
    cluster.wait(.seconds(20))
    cluster.dispatch(worker, .searchEnded(8))
    #expect(cluster.exits[worker] == nil)
    cluster.dispatch(worker, .searchEnded(7))
    #expect(cluster.exits[worker] == .finished)
    #expect(cluster.running[worker]?.isEmpty == true)
  }

  @Test func aWorkerThatNeverJoinedLeavesIfTheSearchHasEnded() throws {
    var cluster = try Cluster()
    try cluster.cut.insert(#require(WorkerID([UInt8](repeating: 1, count: WorkerID.length))))
    let worker = cluster.join(1)
    cluster.dispatch(worker, .searchEnded(7))
    #expect(cluster.exits[worker] == .finished)
  }

  @Test func anUnresponsiveLocalWorkerIsKilled() throws {
    var cluster = try Cluster()
    let (remote, local) = (cluster.join(1), cluster.join(2, isLocal: true))
    cluster.cut.formUnion([remote, local])
    cluster.wait(.seconds(120))
    #expect(cluster.killed == [2])
  }

  @Test func lostWorkersTrialRunsElsewhereAfterItsLease() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    let second = cluster.join(2)
    cluster.kill(first)
    cluster.wait(.seconds(3))
    cluster.finishAttempt(of: second)
    #expect(cluster.running[second]?.first?.trial == 2)
    cluster.wait(.seconds(2))
    cluster.finishAttempt(of: second)
    #expect(cluster.running[second]?.first?.trial == 0)
  }

  @Test func aKilledLocalProcessLosesItsTrialAtOnceWithoutAFailure() throws {
    var cluster = try Cluster()
    for round in UInt8(1)...6 {
      let worker = cluster.join(round, isLocal: true)
      #expect(cluster.running[worker]?.first?.trial == 0)
      cluster.kill(worker)
      cluster.perform(cluster.coordinator.handle(.processEnded(pid: Int32(round), .killed), at: cluster.now))
    }
    #expect(cluster.coordinator.results.isEmpty)
  }

  @Test func aLateHelloOfAnExitedLocalProcessIsIgnored() throws {
    var cluster = try Cluster()
    cluster.perform(cluster.coordinator.handle(.processEnded(pid: 1, .killed), at: cluster.now))
    cluster.join(1, isLocal: true)
    #expect(cluster.coordinator.runningCount == 0)
  }

  @Test func aTrialThatCrashesItsWorkersAtTheSameEpochIsQuarantined() throws {
    var cluster = try Cluster()
    for round in UInt8(1)...3 {
      let worker = cluster.join(round, isLocal: true)
      #expect(cluster.running[worker]?.first?.trial == 0)
      cluster.trainEpochs(1, of: worker)
      cluster.kill(worker)
      cluster.perform(cluster.coordinator.handle(.processEnded(pid: Int32(round), .crashed), at: cluster.now))
      cluster.wait(.seconds(4))
    }
    #expect(cluster.coordinator.results[0]?.status == .quarantined)
    #expect(cluster.warnings.contains { $0.contains("quarantined") })
  }

  @Test func aFewLostWorkersDoNotQuarantineATrial() throws {
    var cluster = try Cluster()
    for round in UInt8(1)...8 {
      let worker = cluster.join(round)
      #expect(cluster.running[worker]?.first?.trial == 0)
      cluster.wait(.seconds(1))
      cluster.kill(worker)
      cluster.wait(.seconds(6))
    }
    #expect(cluster.coordinator.results.isEmpty)
  }

  @Test func anUndeliveredAttemptCountsAsLost() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.dispatch(worker, .drainRequested("test"))
    let other = cluster.join(2, slots: 1)
    cluster.cut.insert(other)
    cluster.wait(.seconds(6))
    let ends = cluster.persisted.compactMap { decision -> AttemptEnd? in
      if case .attemptEnded(_, let end, _) = decision { end } else { nil }
    }
    #expect(ends == [.released, .lost])
    #expect(cluster.coordinator.blame.histories[0]?.failures.map(\.end) == [.lost])
  }

  @Test func anUndeliveredAttemptOfAResponsiveWorkerIsNotLost() throws {
    var cluster = try Cluster()
    cluster.losesAssigns = true
    let worker = cluster.join(1)
    let attempt = try #require(cluster.coordinator.attempts.all.keys.first)
    cluster.wait(.seconds(10))
    #expect(cluster.coordinator.attempts[attempt]?.isLost == false)
    cluster.losesAssigns = false
    cluster.wait(.seconds(3))
    #expect(cluster.running[worker]?.map(\.attempt) == [attempt.bits])
  }

  @Test func ifAWorkerReconnectsWithoutItsAttemptTheTrialRunsElsewhereAtOnce() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.kill(worker)
    cluster.restart()
    cluster.join(1)
    #expect(cluster.running[worker]?.map(\.trial) == [0])
    #expect(cluster.running[worker]?.map(\.attempt) == [2])
  }

  @Test func manyShortEpochsAllArriveInOrder() throws {
    var cluster = try Cluster(Cluster.file.replacing("epochs: 2", with: "epochs: 500"))
    let worker = cluster.join(1)
    cluster.cut.insert(worker)
    cluster.trainEpochs(400, of: worker)
    cluster.cut.remove(worker)
    cluster.wait(.seconds(3))
    cluster.trainEpochs(100, of: worker)
    let numbers = cluster.persisted.compactMap { decision -> Int? in
      if case .epochEnded(_, let number, _, _) = decision { number } else { nil }
    }
    #expect(numbers == Array(1...500))
  }

  @Test func workersThatDieAtDifferentEpochsAreNotTheTrialsFault() throws {
    var cluster = try Cluster()
    for round in UInt8(1)...4 {
      let worker = cluster.join(round, isLocal: true)
      if round % 2 == 0 { cluster.trainEpochs(1, of: worker) }
      cluster.kill(worker)
      cluster.perform(cluster.coordinator.handle(.processEnded(pid: Int32(round), .crashed), at: cluster.now))
      cluster.wait(.seconds(4))
    }
    #expect(cluster.coordinator.results.isEmpty)
    let last = cluster.join(5)
    #expect(cluster.running[last]?.first?.trial == 0)
  }

  @Test func aLostWorkerThatReconnectsInTimeContinues() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    let attempt = cluster.running[worker]?.first?.attempt
    cluster.cut.insert(worker)
    cluster.wait(.seconds(10))
    cluster.cut.remove(worker)
    cluster.wait(.seconds(3))
    #expect(cluster.running[worker]?.first?.attempt == attempt)
    #expect(cluster.coordinator.runningCount == 1)
  }

  @Test func theAttemptOfALostWorkerIsCancelledIfItsTrialRunsElsewhere() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    cluster.cut.insert(first)
    cluster.wait(.seconds(6))
    let second = cluster.join(2)
    #expect(cluster.running[second]?.first?.trial == 0)
    cluster.cut.remove(first)
    cluster.wait(.seconds(3))
    #expect(cluster.running[first]?.contains { $0.trial == 0 } == false)
    #expect(cluster.running[second]?.first?.trial == 0)
  }

  @Test func theFirstResultWinsAndTheOtherAttemptIsCancelled() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    cluster.trainEpochs(1, of: first)
    cluster.cut.insert(first)
    cluster.wait(.seconds(6))
    let second = cluster.join(2)
    // The lost attempt ends while disconnected; its messages are resent after reconnection.
    let assign = try #require(cluster.running[first]?.first)
    let epoch = TrialMeasurement(epoch: 2, accuracy: 0.5)
    cluster.dispatch(first, .epochEnded(AttemptID(assign.attempt), epoch, seconds: 0))
    cluster.dispatch(first, .ended(AttemptID(assign.attempt), .done, detail: ""))
    cluster.running[first] = []
    cluster.finishAttempt(of: second)
    cluster.cut.remove(first)
    cluster.wait(.seconds(3))
    let ends = cluster.persisted.filter {
      if case .trialEnded(let end, _) = $0 { end.trial == 0 } else { false }
    }
    #expect(ends.count == 1)
  }

  @Test func unacknowledgedMessagesAreResent() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.cut.insert(worker)
    cluster.finishAttempt(of: worker)
    #expect(cluster.coordinator.results.isEmpty)
    cluster.cut.remove(worker)
    cluster.wait(.seconds(4))
    #expect(cluster.coordinator.results[0]?.status == .done)
    #expect(cluster.running[worker]?.first?.trial == 1)
  }

  @Test func aLostAssignIsResent() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.cut.insert(worker)
    let assign = try #require(cluster.running[worker]?.first)
    cluster.workers[worker]?.held[AttemptID(assign.attempt)] = nil
    cluster.running[worker] = []
    cluster.cut.remove(worker)
    cluster.wait(.seconds(3))
    #expect(cluster.running[worker]?.map(\.attempt) == [assign.attempt])
  }

  @Test func aRestartedCoordinatorAdoptsRunningAttempts() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.finishAttempt(of: worker)
    cluster.trainEpochs(1, of: worker)
    let attempt = try #require(cluster.running[worker]?.first?.attempt)
    cluster.restart()
    #expect(cluster.coordinator.results.count == 1)
    cluster.wait(.seconds(3))
    #expect(cluster.running[worker]?.map(\.attempt) == [attempt])
    cluster.dispatch(worker, .epochEnded(AttemptID(attempt), TrialMeasurement(epoch: 2), seconds: 0))
    cluster.running[worker] = []
    cluster.dispatch(worker, .ended(AttemptID(attempt), .done, detail: ""))
    #expect(cluster.coordinator.results[1]?.epochs == 2)
  }

  @Test func aRestartedCoordinatorRequeuesLocalAttemptsAtOnce() throws {
    var cluster = try Cluster()
    cluster.join(1, isLocal: true)
    cluster.restart()
    let worker = cluster.join(2, isLocal: true)
    let assign = try #require(cluster.running[worker]?.first)
    #expect(assign.trial == 0)
    #expect(assign.attempt == 2)
  }

  @Test func aRestartedCoordinatorWaitsForRemoteWorkersWithoutFailingTheirTrials() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    cluster.kill(first)
    cluster.restart()
    let second = cluster.join(2)
    #expect(cluster.running[second]?.first?.trial == 1)
    cluster.wait(.seconds(25))
    #expect(cluster.coordinator.runningCount == 2)
    cluster.wait(.seconds(10))
    cluster.finishAttempt(of: second)
    #expect(cluster.running[second]?.first?.trial == 0)
    let ends = cluster.persisted.compactMap { decision -> AttemptEnd? in
      if case .attemptEnded(AttemptID(1), let end, _) = decision { end } else { nil }
    }
    #expect(ends == [.interrupted])
  }

  @Test func aWorkerWithoutCoordinatorGivesUpAndReportsWhetherWorkIsLost() throws {
    for isBusy in [true, false] {
      var cluster = try Cluster()
      let worker = cluster.join(1)
      cluster.cut.insert(worker)
      if !isBusy { cluster.workers[worker]?.dropEverything() }
      cluster.wait(.seconds(39 * 60))
      #expect(cluster.exits[worker] == nil)
      cluster.wait(.seconds(2 * 60))
      #expect(cluster.exits[worker] == (isBusy ? .abandoned : .finished))
    }
  }

  @Test func aCoordinatorOfAnOlderGenerationIsIgnored() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    let old = cluster.coordinator
    cluster.restart()
    cluster.wait(.seconds(3))
    var revoke = old.envelope
    revoke.revoke.attempt = 1
    cluster.dispatch(worker, .received(revoke))
    #expect(cluster.running[worker]?.map(\.attempt) == [1])
  }
}
