import Search

/// Whether a trial or a worker is to blame for failed attempts, and what follows for the next ones.
///
/// A trial that fails on one worker and passes the same epoch on another puts the blame on the first worker; one that
/// fails everywhere is to blame itself.
struct Blame: Sendable {
  /// The limit of workers whose failures are recorded.
  private static let recordLimit = 1024

  /// How many attempts of a trial may report that it cannot be run before it has failed; nil: until machines agree.
  let failureLimit: Int?
  /// The failures by open trial; an entry stays when its failures are withdrawn.
  private(set) var histories: [Int: FailureHistory] = [:]
  /// The conduct of workers with failures.
  private var workers: [WorkerID: WorkerFailures] = [:]
  /// Workers that have delivered a result or reached a rung since the coordinator started.
  private(set) var proven: Set<WorkerID> = []

  init(failureLimit: Int?) {
    self.failureLimit = failureLimit
  }

  // MARK: Recording

  /// Records a failed attempt at a trial.
  mutating func record(_ failure: Failure, of trial: Int, in membership: Membership) {
    histories[trial, default: FailureHistory()].append(failure)
    // A worker is not blamed for being silent, or for returning an attempt after a short disconnection.
    guard failure.end.isWorkersFault else { return }
    if workers.count >= Self.recordLimit { workers = workers.filter { membership[$0.key] != nil } }
    workers[failure.worker, default: WorkerFailures()].recordFailure(
      trial, isViolation: failure.end == .rejected)
  }

  /// Withdraws the failure of an attempt that still runs or has failed in another way.
  mutating func withdraw(_ attempt: AttemptID, of trial: Int) {
    histories[trial]?.remove(attempt)
  }

  /// Forgets the failures of a trial.
  mutating func forget(_ trial: Int) {
    histories[trial] = nil
  }

  /// Confirms failures: an attempt on `worker` has completed epochs at which the trial failed on other workers.
  ///
  /// - Returns: these workers.
  mutating func refute(_ trial: Int, before epochs: Double, by worker: WorkerID?) -> [WorkerID] {
    let refuted = histories[trial]?.refute(before: epochs, by: worker) ?? []
    for other in refuted { workers[other]?.confirmFailure(of: trial) }
    return refuted
  }

  mutating func recordSuccess(of worker: WorkerID, in membership: Membership) {
    if proven.count >= Limits.workers { proven = proven.filter { membership[$0] != nil } }
    proven.insert(worker)
    guard workers[worker] != nil else { return }
    workers[worker]?.recordSuccess()
    if workers[worker]?.isEmpty == true { workers[worker] = nil }
  }

  /// Resolves the failures of an ended trial: the trial or the workers on it were at fault.
  ///
  /// - Returns: the workers at fault.
  mutating func resolve(_ end: TrialEnd, by winner: WorkerID?) -> [WorkerID] {
    guard let failures = histories.removeValue(forKey: end.trial)?.failures else { return [] }
    let isBelieved = failures.contains { proven.contains($0.worker) }
    var atFault: [WorkerID] = []
    for failure in failures {
      if end.status.isFailure, !isBelieved {
        workers[failure.worker]?.downgradeViolation(of: end.trial)
      } else if failure.worker == winner || !end.refutes(failure) {
        workers[failure.worker]?.removeFailure(of: end.trial)
      } else {
        workers[failure.worker]?.confirmFailure(of: end.trial)
        atFault.append(failure.worker)
      }
    }
    return atFault
  }

  // MARK: What follows

  /// Why a worker gets no more work; nil if it does.
  func exclusionReason(of worker: WorkerID) -> String? { workers[worker]?.exclusionReason }

  /// Whether a trial is close to quarantine because its workers ended.
  func isSuspect(_ trial: Int) -> Bool { histories[trial]?.isSuspect ?? false }

  /// The end of a trial that its failures require; nil if it runs again.
  func verdict(on trial: Int, in membership: Membership, at now: Duration) -> FailureHistory.Verdict? {
    guard let history = histories[trial] else { return nil }
    return history.verdict(
      alternative: alternative(to: history, in: membership, at: now), workersWithResults: proven,
      failureLimit: failureLimit)
  }

  /// Whether a worker may try a trial: not if it failed there and a better worker is available.
  func mayRun(_ trial: Int, on worker: WorkerID, in membership: Membership, at now: Duration) -> Bool {
    guard let history = histories[trial], let peer = membership[worker] else { return true }
    let relation = history.relation(to: worker, on: peer.description.host)
    if relation == .unrelated { return true }
    if hasWorker(betterThan: relation, for: history, in: membership, at: now) { return false }
    // If the trial has failed on all workers, they take turns.
    let own = history.count(on: worker)
    return !membership.peers.contains { id, peer in
      membership.isUsable(peer, at: now) && history.count(on: id) < own
    }
  }

  /// Whether a worker gets no new trials until other workers have tried those that failed on it.
  func getsNoNewTrials(_ worker: WorkerID, in membership: Membership, at now: Duration) -> Bool {
    guard workers[worker]?.getsNoNewTrials == true else { return false }
    return membership.departed.contains { $0.key != worker }
      || membership.peers.contains { id, peer in
        id != worker && membership.isUsable(peer, at: now) && workers[id]?.getsNoNewTrials != true
      }
  }

  /// Whether a worker with a better relation to the failures is connected or expected.
  private func hasWorker(
    betterThan relation: FailureHistory.Relation, for history: FailureHistory, in membership: Membership,
    at now: Duration
  ) -> Bool {
    if relation == .sameWorker, membership.expectsArrivals(at: now) { return true }
    return membership.peers.contains { id, peer in
      membership.isUsable(peer, at: now) && history.relation(to: id, on: peer.description.host) < relation
    } || membership.departed.contains { history.relation(to: $0.key, on: $0.value.host) < relation }
  }

  /// The other workers that the next attempt of a trial could run on.
  private func alternative(
    to history: FailureHistory, in membership: Membership, at now: Duration
  ) -> FailureHistory.Alternative {
    let isProven = membership.peers.contains { id, peer in
      proven.contains(id) && membership.isUsable(peer, at: now)
        && history.relation(to: id, on: peer.description.host) < .sameWorker
    }
    if hasWorker(betterThan: .sameHost, for: history, in: membership, at: now) {
      return .init(relation: .unrelated, isProven: isProven)
    }
    let hasOther = hasWorker(betterThan: .sameWorker, for: history, in: membership, at: now)
    return .init(relation: hasOther ? .sameHost : .sameWorker, isProven: isProven)
  }
}

extension TrialEnd {
  /// Whether the trial got further than the failure.
  fileprivate func refutes(_ failure: Failure) -> Bool {
    status == .done || (!status.isFailure && epochs > Double(failure.epochs))
  }
}
