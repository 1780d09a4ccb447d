import Search
import Testing

@testable import Coordination

/// Speculative execution: idle slots run slow trials a second time.
@Suite struct SpeculationTests {
  private var cluster: Cluster
  private let slow: WorkerID
  private let fast: WorkerID

  /// The slow worker still runs trial 0; the fast one has completed all others at one epoch per second.
  init() throws {
    cluster = try Cluster(Cluster.file.replacing("trials: 4", with: "trials: 6"))
    slow = cluster.join(1)
    fast = cluster.join(2)
    for _ in 0..<10 {
      cluster.wait(.seconds(1))
      cluster.trainEpochs(1, of: fast)
      cluster.endFirst(of: fast)
    }
    cluster.wait(.seconds(1))
  }

  private var started: Int {
    cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } }
  }

  @Test mutating func theFirstAttemptToFinishWins() throws {
    #expect(cluster.running[fast]?.map(\.trial) == [0] && cluster.running[slow]?.map(\.trial) == [0])
    cluster.trainEpochs(2, of: fast)
    cluster.endFirst(of: fast)
    #expect(cluster.coordinator.isFinished && cluster.coordinator.results.count == 6)
    #expect(cluster.running[slow] == [] && cluster.exits[slow] == .finished)
  }

  @Test mutating func theSlowAttemptCanStillWin() throws {
    cluster.finishAttempt(of: slow)
    #expect(cluster.coordinator.isFinished && cluster.running[fast] == [])
  }

  @Test mutating func ifOneAttemptIsLostTheOtherContinues() throws {
    for lost in [slow, fast] {
      var cluster = cluster
      let count = started
      let other = lost == slow ? fast : slow
      cluster.kill(lost)
      cluster.wait(.seconds(8))
      #expect(cluster.running[other]?.map(\.trial) == [0])
      #expect(cluster.persisted.count { if case .attemptStarted = $0 { true } else { false } } == count)
      cluster.finishAttempt(of: other)
      #expect(cluster.coordinator.isFinished)
    }
  }

  @Test mutating func aResentAssignIsUnchanged() throws {
    // The Assign of the speculative attempt is lost; the slow attempt hands over a checkpoint before it is resent.
    cluster.cut.insert(fast)
    cluster.running[fast] = []
    let speculativeAttempt = try #require(cluster.coordinator.attempts.speculative.first)
    cluster.trainEpochs(1, of: slow)
    cluster.dispatch(slow, .drainRequested("it is told to leave"))
    #expect(cluster.coordinator.attempts.trials[0]?.current == speculativeAttempt)
    #expect(cluster.coordinator.checkpoints.stored[0] != nil)
    cluster.perform(cluster.coordinator.handle(.ticked, at: cluster.now))
    #expect(cluster.coordinator.attempts[speculativeAttempt]?.checkpoint == nil)
  }

  @Test mutating func abandonedAttemptsAreNotLeftRunning() throws {
    cluster.kill(slow)
    cluster.restart()
    cluster.wait(.seconds(2))
    cluster.finishAttempt(of: fast)
    #expect(cluster.coordinator.isFinished)
    let ended = cluster.persisted.compactMap { decision -> AttemptID? in
      if case .attemptEnded(let id, _, _) = decision { id } else { nil }
    }
    #expect(Set(ended).count == started)
  }

  @Test mutating func bothAttemptsContinueAfterARestart() throws {
    let count = started
    cluster.restart()
    cluster.wait(.seconds(5))
    #expect(cluster.running[fast]?.map(\.trial) == [0] && cluster.running[slow]?.map(\.trial) == [0])
    #expect(cluster.coordinator.attempts.speculative.count == 1 && started == count)
    cluster.finishAttempt(of: fast)
    #expect(cluster.coordinator.isFinished)
  }
}
