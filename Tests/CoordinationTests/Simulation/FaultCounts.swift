/// What can go wrong in a simulation, counted when it really does.
enum Fault: String, CaseIterable, Sendable {
  case messageDropped, messageDuplicated, messageDelayed, messageReordered
  case linkCutToCoordinator, linkCutToWorker, linkCutBothWays, connectionReplaced
  case workerKilledWithWork, workerPausedPastItsLease, workerDrained, workerUnable, trialKilledItsWorker
  case coordinatorKilled, crashBeforeCommit, crashAfterCommit, crashHalfSent
  case coordinatorPaused, secondCoordinator, staleCoordinatorHeard
  case diskSlow, diskFull, diskFailedBeforeCommit, diskFailedAfterCommit
  case slotHung, keyRevoked, checkpointGone
  case trialBrokeRule, workerBrokeRule, workerFailedTrial, workerRefusedTrial
  case hostileMessage, hostileReplay, hostileImpersonation, hostileHolder
  // What follows from these.
  case attemptLost, attemptResumed, attemptAdopted, lostAttemptWon, attemptSuperseded, attemptRevoked
  case trialQuarantined, checkpointStored, checkpointContinued, resultKept, resultHandedIn
  case attemptRejected, attemptFailed, attemptRefused, workerExcluded
  case attemptPaused, trialStopped, replicateEnded, partTrained
  case trialStoppedByArrival, searchCutShort, speculationStarted, speculationCancelled, otherDataRefused
}

/// How often each fault happened.
struct FaultCounts: Sendable {
  private var counts = [Int](repeating: 0, count: Fault.allCases.count)
  /// Events taken by all machines together.
  var events = 0

  subscript(fault: Fault) -> Int { counts[Self.index(fault)] }

  mutating func note(_ fault: Fault) { counts[Self.index(fault)] += 1 }

  mutating func add(_ other: FaultCounts) {
    for (index, count) in other.counts.enumerated() { counts[index] += count }
    events += other.events
  }

  /// Kinds that did not happen.
  var missing: [Fault] { Fault.allCases.filter { self[$0] == 0 } }

  /// A table, one kind per line.
  var words: String {
    Fault.allCases.map { "  \($0.rawValue): \(self[$0])" }.joined(separator: "\n")
      + "\n  events: \(events)"
  }

  private static let indices = Dictionary(
    uniqueKeysWithValues: Fault.allCases.enumerated().map { ($1, $0) })

  private static func index(_ fault: Fault) -> Int {
    guard let index = indices[fault] else { preconditionFailure("\(fault) is not counted") }
    return index
  }
}
