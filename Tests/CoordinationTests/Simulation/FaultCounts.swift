/// The faults of a simulation and their consequences, counted when they take effect.
enum Fault: String, CaseIterable, Sendable {
  case messageDropped, messageDuplicated, messageDelayed, messageReordered
  case linkCutToCoordinator, linkCutToWorker, linkCutBothWays, connectionReplaced
  case workerKilledWithWork, workerPausedPastItsLease, workerDrained, workerUnable, trialKilledItsWorker
  case coordinatorKilled, crashBeforeCommit, crashAfterCommit, crashHalfSent
  case coordinatorPaused, secondCoordinator, staleCoordinatorHeard
  case diskRestored, diskSlow, diskFull, diskFailedBeforeCommit, diskFailedAfterCommit
  case slotHung, keyRevoked, checkpointGone
  case trialBrokeRule, workerBrokeRule, workerFailedTrial, workerRefusedTrial
  case hostileMessage, hostileReplay, hostileImpersonation, hostileHolder
  // Consequences.
  case attemptLost, attemptResumed, attemptAdopted, lostAttemptWon, attemptSuperseded, attemptRevoked
  case trialQuarantined, checkpointStored, checkpointContinued, resultKept, resultHandedIn
  case attemptRejected, attemptFailed, attemptRefused, workerExcluded
  case attemptPaused, trialStopped, replicateEnded, partTrained
  case trialStoppedByArrival, searchCutShort, speculationStarted, speculationCancelled, otherDataRefused
}

/// The number of occurrences of each fault.
struct FaultCounts: Sendable {
  private var counts = [Int](repeating: 0, count: Fault.allCases.count)
  /// Events handled by all state machines.
  var events = 0

  subscript(fault: Fault) -> Int { counts[Self.index(fault)] }

  mutating func note(_ fault: Fault) { counts[Self.index(fault)] += 1 }

  mutating func add(_ other: FaultCounts) {
    for (index, count) in other.counts.enumerated() { counts[index] += count }
    events += other.events
  }

  /// Faults that did not occur.
  var missing: [Fault] { Fault.allCases.filter { self[$0] == 0 } }

  /// A table with one fault per line.
  var table: String {
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
