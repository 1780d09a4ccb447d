import Search
import Testing
import Trials

@testable import Coordination

@Suite struct SearchProgressTests {
  @Test func oneWorkerTrainsEveryTrialInOrder() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    var order: [UInt64] = []
    while let assign = cluster.running[worker]?.first {
      order.append(assign.trial)
      cluster.finishAttempt(of: worker)
    }
    #expect(order == [0, 1, 2, 3])
    #expect(cluster.coordinator.isFinished)
    #expect(cluster.exits[worker] == .finished)
    #expect(cluster.coordinator.best?.trial == 3)
  }

  @Test func assignedValuesAndSeedAreThoseOfTheTrial() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1, slots: 3)
    let assigned = try #require(cluster.running[worker])
    #expect(assigned.map(\.trial) == [0, 1, 2])
    for assign in assigned {
      let trial = Int(assign.trial)
      #expect(assign.searchedValues == cluster.file.values(trial: trial))
      #expect(assign.seed == cluster.file.seed(of: Replicate(number: trial)))
      #expect(assign.epochs == 2)
    }
  }

  /// Validation never improves after the first epoch here, so a patience of 2 is exhausted after 3 epochs.
  @Test(arguments: [(2, false), (3, true), (4, true)])
  func patienceAllowsATrialToEndEarly(epochs: Int, isAccepted: Bool) throws {
    let text = Cluster.file.replacing("epochs: 2", with: "epochs: 9, patience: 2")
    var cluster = try Cluster(text)
    let worker = cluster.join(1)
    let attempt = try #require(cluster.running[worker]?.first).attempt
    cluster.trainEpochs(epochs, of: worker)
    cluster.running[worker]?.removeFirst()
    cluster.dispatch(worker, .ended(AttemptID(attempt), .done, detail: ""))
    #expect(cluster.coordinator.results.values.map(\.epochs) == (isAccepted ? [Double(epochs)] : []))
  }

  @Test func workMovesToAWorkerThatJoinsLate() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    let second = cluster.join(2)
    #expect(cluster.running[first]?.map(\.trial) == [0])
    #expect(cluster.running[second]?.map(\.trial) == [1])
  }

  @Test func aWorkerThatJoinsAfterTheEndGetsFinish() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    for _ in 0..<4 { cluster.finishAttempt(of: first) }
    let late = cluster.join(2)
    #expect(cluster.exits[late] == .finished)
  }

  @Test func aKeptWorkerWaitsForTheNextSearch() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1, waitsForNextSearch: true)
    for _ in 0..<4 { cluster.finishAttempt(of: worker) }
    #expect(cluster.exits[worker] == nil)
    #expect(cluster.workers[worker]?.phase == .seeking)
  }

  @Test func divergedAndFailedTrialsEndWithoutAScore() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.finishAttempt(of: worker, outcome: .diverged)
    cluster.finishAttempt(of: worker, outcome: .failed)
    #expect(cluster.coordinator.results[0]?.status == .diverged)
    #expect(cluster.coordinator.results[1]?.status == .failed)
    #expect(cluster.coordinator.best == nil)
    #expect(cluster.coordinator.failedCount == 1)
  }

  @Test func aDrainedWorkersTrialRunsElsewhereAtOnce() throws {
    var cluster = try Cluster()
    let first = cluster.join(1)
    let second = cluster.join(2)
    cluster.dispatch(first, .drainRequested("SIGTERM"))
    #expect(cluster.exits[first] == .left)
    cluster.finishAttempt(of: second)
    #expect(cluster.running[second]?.first?.trial == 0)
  }

  @Test func aWorkerThatCannotTrainLeavesWithAWarning() throws {
    var cluster = try Cluster()
    let worker = cluster.join(1)
    cluster.dispatch(worker, .unable("mnist is missing"))
    #expect(cluster.exits[worker] == .unable("mnist is missing"))
    #expect(cluster.warnings.contains { $0.contains("mnist is missing") })
    #expect(cluster.coordinator.runningCount == 0)
  }

  @Test func differentNumericsAreWarnedOfOnce() throws {
    var cluster = try Cluster()
    let workers = (1...3).map { cluster.join(UInt8($0), numerics: "processor \($0)") }
    #expect(cluster.warnings.isEmpty)
    for worker in workers { cluster.finishAttempt(of: worker) }
    #expect(cluster.warnings.count { $0.contains("use different instruction sets") } == 1)
  }
}
