import Testing

@testable import Coordination

/// The verdict on the failures of one trial.
@Suite struct FailureHistoryTests {
  private var workersWithResults: Set<WorkerID> { [worker(1)] }

  private func worker(_ number: UInt8) -> WorkerID {
    WorkerID([UInt8](repeating: number, count: WorkerID.length))!
  }

  /// Failures of workers, each on a separate host unless `host` is given.
  private func history(
    _ failures: [(worker: UInt8, end: AttemptEnd, epochs: Int)], host: String? = nil
  ) -> FailureHistory {
    var history = FailureHistory()
    for (number, failure) in failures.enumerated() {
      history.append(
        Failure(
          attempt: AttemptID(UInt64(number + 1)), worker: worker(failure.worker),
          host: host ?? "node\(failure.worker)", epochs: failure.epochs, end: failure.end, detail: "reason"))
    }
    return history
  }

  private func isQuarantined(_ history: FailureHistory, _ alternative: FailureHistory.Relation) -> Bool {
    if case .quarantined = history.verdict(
      alternative: .init(relation: alternative), workersWithResults: workersWithResults)
    {
      true
    } else {
      false
    }
  }

  @Test func sameBreachOnTwoWorkersQuarantinesTheTrial() {
    #expect(
      history([(1, .rejected, 2)]).verdict(
        alternative: .init(relation: .unrelated), workersWithResults: workersWithResults) == nil)
    #expect(isQuarantined(history([(1, .rejected, 2), (2, .rejected, 2)]), .unrelated))
    #expect(
      history([(1, .rejected, 2), (2, .rejected, 1)]).verdict(
        alternative: .init(relation: .unrelated), workersWithResults: workersWithResults) == nil)
  }

  @Test func sameBreachThreeTimesOnTheOnlyWorkerQuarantinesTheTrial() {
    #expect(!isQuarantined(history([(1, .rejected, 0), (1, .rejected, 0)]), .sameWorker))
    #expect(isQuarantined(history([(1, .rejected, 0), (1, .rejected, 0), (1, .rejected, 0)]), .sameWorker))
  }

  @Test func workersOfOneMachineCountOnceIfOtherMachinesAreAvailable() {
    for end in [AttemptEnd.rejected, .failed] {
      let failures = history([(1, end, 0), (2, end, 0), (3, end, 0)], host: "bad")
      #expect(
        failures.verdict(alternative: .init(relation: .unrelated), workersWithResults: workersWithResults)
          == nil)
      #expect(
        failures.verdict(alternative: .init(relation: .sameHost), workersWithResults: workersWithResults)
          != nil)
    }
  }

  @Test func aTrialFailsIfTwoWorkersOrTheOnlyOneReportFailure() {
    let once = history([(1, .failed, 0)])
    #expect(
      once.verdict(alternative: .init(relation: .unrelated), workersWithResults: workersWithResults) == nil)
    #expect(
      once.verdict(alternative: .init(relation: .sameHost), workersWithResults: workersWithResults) == nil)
    #expect(
      once.verdict(alternative: .init(relation: .sameWorker), workersWithResults: workersWithResults)
        == .failed(reason: "reason"))
    #expect(
      history([(1, .failed, 0), (2, .failed, 3)]).verdict(
        alternative: .init(relation: .unrelated), workersWithResults: workersWithResults) != nil)
  }

  @Test func failuresOnTwoUnprovenWorkersAreNotSufficientIfOthersCanTry() {
    let two = history([(2, .rejected, 0), (3, .rejected, 0)])
    let three = history([(2, .rejected, 0), (3, .rejected, 0), (4, .rejected, 0)])
    func isQuarantined(_ history: FailureHistory, _ relation: FailureHistory.Relation, isProven: Bool) -> Bool
    {
      history.verdict(
        alternative: .init(relation: relation, isProven: isProven), workersWithResults: workersWithResults)
        != nil
    }
    #expect(!isQuarantined(two, .unrelated, isProven: false))
    #expect(isQuarantined(three, .unrelated, isProven: false))
    #expect(!isQuarantined(three, .unrelated, isProven: true))
    #expect(isQuarantined(two, .sameWorker, isProven: false))
  }

  @Test func failuresAtAnEpochThatAnotherWorkerCompletedDoNotCount() {
    var failures = history([(2, .rejected, 0), (1, .rejected, 1)])
    #expect(failures.refute(before: 1, by: worker(1)) == [worker(2)])
    #expect(!isQuarantined(failures, .unrelated))
    #expect(failures.relation(to: worker(2), on: "node2") == .sameWorker)
  }

  @Test func oneReportedFailureIsNotSufficientAfterABreach() {
    #expect(
      history([(1, .rejected, 2), (2, .failed, 0)]).verdict(
        alternative: .init(relation: .sameWorker), workersWithResults: workersWithResults) == nil)
  }

  @Test(arguments: [AttemptEnd.crashed, .revoked])
  func threeCrashesAtTheSameEpochQuarantine(end: AttemptEnd) {
    #expect(!isQuarantined(history([(1, end, 1), (2, end, 1), (3, end, 2)]), .unrelated))
    #expect(isQuarantined(history([(1, end, 1), (2, end, 1), (3, end, 1)]), .unrelated))
  }

  @Test(arguments: [AttemptEnd.lost, .refused])
  func twentySilentOrRefusingWorkersQuarantine(end: AttemptEnd) {
    let failures = (1...20).map { (worker: UInt8($0), end: end, epochs: 0) }
    #expect(!isQuarantined(history(failures.dropLast()), .unrelated))
    #expect(isQuarantined(history(failures), .unrelated))
  }

  @Test func failuresAtDifferentEpochsHaveACommonLimit() {
    let failures = (1...100).map { (worker: UInt8($0 % 2), end: AttemptEnd.lost, epochs: $0) }
    #expect(!isQuarantined(history(failures.dropLast()), .unrelated))
    #expect(isQuarantined(history(failures), .unrelated))
  }

  @Test func backoffGrowsFromZeroToOneMinute() {
    var backoff = Backoff()
    let waits = (0..<9).map { _ in
      backoff.extend(at: .seconds(100))
      return Int((backoff.end - .seconds(100)) / .seconds(1))
    }
    #expect(waits == [0, 1, 2, 4, 8, 16, 32, 60, 60])
  }

  @Test func confirmedFailuresExcludeAWorkerUnlessItSucceedsInBetween() {
    var conduct = WorkerFailures()
    for trial in 0..<WorkerFailures.failureLimit {
      conduct.recordFailure(trial, isViolation: false)
      conduct.confirmFailure(of: trial)
      if trial == 2 { conduct.recordSuccess() }
    }
    #expect(conduct.exclusionReason == nil)
    for trial in 10..<10 + WorkerFailures.failureLimit {
      conduct.recordFailure(trial, isViolation: false)
      conduct.confirmFailure(of: trial)
    }
    #expect(conduct.exclusionReason != nil)
  }

  @Test func confirmedBreachesExcludeAWorkerDespiteSuccesses() {
    var conduct = WorkerFailures()
    for trial in 0..<WorkerFailures.violationLimit {
      conduct.recordFailure(trial, isViolation: true)
      conduct.recordSuccess()
      conduct.confirmFailure(of: trial)
    }
    #expect(conduct.exclusionReason != nil)
  }

  @Test func openSuspicionsPutAWorkerOnProbation() {
    var conduct = WorkerFailures()
    for trial in 0..<3 { conduct.recordFailure(trial, isViolation: trial == 0) }
    #expect(conduct.getsNoNewTrials)
    conduct.removeFailure(of: 1)
    #expect(!conduct.getsNoNewTrials)
  }
}
