import Search

// Failed attempts: whether, where and when their trial runs again, and whether their worker gets more work.
extension Coordinator {
  /// A departed worker that was not excluded.
  struct Departure: Sendable {
    let host: String
    let time: Duration
  }

  /// A machine, identified by key and host name.
  struct Machine: Hashable, Sendable {
    let key: String
    let host: String

    init(_ peer: Peer) {
      key = peer.key
      host = peer.description.host
    }
  }

  /// How long a silent or departed worker is expected to return or to be replaced.
  package static let absence = Duration.seconds(60)
  /// The limit of attempts of one trial, regardless of how they ended; then it is quarantined.
  static let attemptLimit = 1000
  /// The limit of departed workers and of machines with a backoff that are recorded.
  private static let recordLimit = 1024

  // MARK: Ends of attempts

  /// Ends an attempt because one of its messages broke a rule; the attempt counts as failed.
  mutating func rejectAttempt(
    _ id: AttemptID, of worker: WorkerID, because problem: String, at now: Duration
  ) {
    reject("\(problem), in attempt \(id.number)", to: worker)
    failAttempt(id, as: .rejected, because: problem, at: now)
    if let peer = peers[worker] { sendRevoke(id, to: peer.address) }
  }

  /// Ends a failed attempt; later messages of it are ignored.
  mutating func failAttempt(
    _ id: AttemptID, as end: AttemptEnd = .failed, because detail: String, at now: Duration
  ) {
    abandonHandover(of: id)
    let (trial, worker) = (attempts[id]?.trial, workerText(of: id))
    if let attempt = attempts[id], attempt.isLost {
      effects.append(.persist(.attemptEnded(id, end, detail: detail)))
      openTrials[attempt.trial]?.failures.remove(id)
      recordFailure(of: id, attempt, as: end, detail)
      if openTrials[attempt.trial]?.current == nil { decide(attempt.trial, at: now) }
    } else {
      endAttempt(id, as: end, detail: detail, at: now)
    }
    attempts[id] = nil
    // The end of a trial has its own warning.
    guard let trial, openTrials[trial] != nil else { return }
    effects.append(.warn("attempt \(id.number) of \(Replicate(number: trial)) failed\(worker): \(detail)"))
  }

  /// The worker of an attempt, as text for a warning.
  private func workerText(of id: AttemptID) -> String {
    guard let worker = attempts[id]?.worker, let peer = peers[worker] else { return "" }
    return " on \(peer.description.host) (pid \(peer.description.pid))"
  }

  /// Warns once for all attempts of a lost worker.
  mutating func warnOfLoss(of attempts: Int, on peer: Peer, _ what: String) {
    guard attempts > 0 else { return }
    let trials = attempts == 1 ? "its trial runs" : "its \(attempts) trials run"
    effects.append(
      .warn("worker \(peer.description.host) (pid \(peer.description.pid)) \(what); \(trials) again"))
  }

  static let missingReports = "acknowledged reports of it are missing in the database"

  /// Ends an attempt if a gap in its messages has lasted too long.
  mutating func recordGap(before sequence: UInt32, of id: AttemptID, from worker: WorkerID, at now: Duration)
  {
    guard let attempt = attempts[id] else { return }
    let start = attempt.gapStart ?? now
    attempts[id]?.gapStart = start
    let isOfEarlierStart = id.incarnation != incarnation
    guard now - start > (isOfEarlierStart ? intervals.lease : intervals.progress) else { return }
    guard !isOfEarlierStart else {
      // Not the worker's fault: the database is an older copy, without messages that were acknowledged.
      if attempt.isLost {
        effects.append(.persist(.attemptEnded(id, .interrupted, detail: Self.missingReports)))
      } else {
        endAttempt(id, as: .interrupted, detail: Self.missingReports, at: now)
      }
      attempts[id] = nil
      if let peer = peers[worker] { sendRevoke(id, to: peer.address) }
      return
    }
    let problem = "message \(sequence) instead of message \(attempt.lastSequence + 1)"
    rejectAttempt(id, of: worker, because: problem, at: now)
  }

  mutating func recordFailure(
    of id: AttemptID, _ attempt: Attempt, as end: AttemptEnd, _ detail: String
  ) {
    openTrials[attempt.trial]?.failures.append(
      Failure(
        attempt: id, worker: attempt.worker, host: peers[attempt.worker]?.description.host ?? "",
        epochs: attempt.epochs.count, end: end, detail: detail))
    failedTrials.insert(attempt.trial)
    // A worker is not blamed for being silent, or for returning an attempt after a short disconnection.
    guard end.isWorkersFault else { return }
    suspect(attempt.worker, of: attempt.trial, isBreach: end == .rejected)
    // Do not wait for this worker because of its cached checkpoint.
    if openTrials[attempt.trial]?.holder == attempt.worker { openTrials[attempt.trial]?.holder = nil }
    // The checkpoint may be the cause.
    if attempt.checkpoint != nil, attempt.epochs.count == attempt.inherited {
      forgetCheckpoint(of: attempt.trial)
    }
  }

  // MARK: Ends of trials

  func hasReachedAttemptLimit(_ trial: Int) -> Bool {
    openTrials[trial].map { $0.attempts.count >= Self.attemptLimit } ?? false
  }

  /// Ends a trial if its failures require it.
  ///
  /// - Returns: whether the trial has ended.
  @discardableResult
  mutating func decide(_ trial: Int, at now: Duration) -> Bool {
    guard let entry = openTrials[trial], !isPausedAtRung(trial), let last = entry.attempts.last else {
      return false
    }
    if hasReachedAttemptLimit(trial) {
      let reason = "\(entry.attempts.count) attempts ended without a result"
      quarantine(trial, by: last, because: reason, at: now)
      return true
    }
    guard let failure = entry.failures.failures.last,
      let verdict = entry.failures.verdict(
        alternative: alternative(to: entry.failures, at: now), workersWithResults: workersWithResults)
    else { return false }
    switch verdict {
    case .failed(let reason):
      effects.append(.warn("\(Replicate(number: trial)) failed\(entry.failures.hosts): \(reason)"))
      let last = entry.failures.failures.last { $0.end == .failed } ?? failure
      endTrial(
        TrialEnd(trial: trial, status: .failed, epochs: Double(last.epochs)), by: last.attempt, at: now)
    case .quarantined(let reason): quarantine(trial, by: failure.attempt, because: reason, at: now)
    case .diverged(let failure):
      for worker in Set(entry.failures.failures.filter { $0.end == .diverged }.map(\.worker)) {
        recordSuccess(of: worker)
      }
      endTrial(
        TrialEnd(trial: trial, status: .diverged, epochs: Double(failure.epochs)), by: failure.attempt,
        at: now)
    }
    return true
  }

  private mutating func quarantine(
    _ trial: Int, by id: AttemptID, because reason: String, at now: Duration
  ) {
    effects.append(.warn("\(Replicate(number: trial)) is quarantined: \(reason)"))
    // The number of completed epochs depends on timing; results.csv must not.
    endTrial(TrialEnd(trial: trial, status: .quarantined, epochs: 0), by: id, at: now)
  }

  // MARK: The next attempt

  /// Extends the backoff of a trial; an attempt that got further than all before resets it.
  mutating func delay(_ trial: Int, after attempt: Attempt, at now: Duration) {
    guard let entry = openTrials[trial] else { return }
    if attempt.epochs.count > entry.mostEpochs { openTrials[trial]?.backoff = Backoff() }
    openTrials[trial]?.mostEpochs = max(entry.mostEpochs, attempt.epochs.count)
    openTrials[trial]?.backoff.extend(at: now)
  }

  func isReady(_ trial: Int, at now: Duration) -> Bool {
    openTrials[trial].map { $0.backoff.end <= now } ?? true
  }

  /// Whether a worker may try a trial: not if it failed there and a better worker is available.
  func mayRun(_ trial: Int, on worker: WorkerID, at now: Duration) -> Bool {
    guard let entry = openTrials[trial], let peer = peers[worker] else { return true }
    let failures = entry.failures
    let relation = failures.relation(to: worker, on: peer.description.host)
    if relation == .unrelated { return true }
    if hasWorker(betterThan: relation, for: failures, at: now) { return false }
    // If the trial has failed on all workers, they take turns.
    let own = failures.count(on: worker)
    return !peers.contains { id, peer in isUsable(peer, at: now) && failures.count(on: id) < own }
  }

  /// Whether a worker with a better relation to the failures is connected or expected.
  private func hasWorker(
    betterThan relation: FailureHistory.Relation, for failures: FailureHistory, at now: Duration
  ) -> Bool {
    if relation == .sameWorker, now < arrivalEnd { return true }
    return peers.contains { id, peer in
      isUsable(peer, at: now) && failures.relation(to: id, on: peer.description.host) < relation
    } || departed.contains { failures.relation(to: $0.key, on: $0.value.host) < relation }
  }

  /// The other workers that the next attempt of a trial could run on.
  private func alternative(to failures: FailureHistory, at now: Duration) -> FailureHistory.Alternative {
    let isProven = peers.contains { id, peer in
      workersWithResults.contains(id) && isUsable(peer, at: now)
        && failures.relation(to: id, on: peer.description.host) < .sameWorker
    }
    if hasWorker(betterThan: .sameHost, for: failures, at: now) {
      return .init(relation: .unrelated, isProven: isProven)
    }
    let hasOther = hasWorker(betterThan: .sameWorker, for: failures, at: now)
    return .init(relation: hasOther ? .sameHost : .sameWorker, isProven: isProven)
  }

  /// Whether a worker is available for other trials; not on a machine with a backoff, whose workers could not train.
  private func isUsable(_ peer: Peer, at now: Duration) -> Bool {
    peer.isAvailable && now - peer.lastHeard < Self.absence && siteBackoffs[Machine(peer)] == nil
  }

  // MARK: Workers

  /// Whether a worker gets no new trials until other workers have tried those that failed on it.
  func getsNoNewTrials(_ worker: WorkerID, at now: Duration) -> Bool {
    guard workerFailures[worker]?.getsNoNewTrials == true else { return false }
    return departed.contains { $0.key != worker }
      || peers.contains { id, peer in
        id != worker && isUsable(peer, at: now) && workerFailures[id]?.getsNoNewTrials != true
      }
  }

  private mutating func suspect(_ worker: WorkerID, of trial: Int, isBreach: Bool) {
    if workerFailures.count >= Self.recordLimit {
      workerFailures = workerFailures.filter { peers[$0.key] != nil }
    }
    workerFailures[worker, default: WorkerFailures()].recordFailure(trial, isViolation: isBreach)
  }

  mutating func recordSuccess(of worker: WorkerID) {
    if workersWithResults.count >= Limits.workers {
      workersWithResults = workersWithResults.filter { peers[$0] != nil }
    }
    workersWithResults.insert(worker)
    guard workerFailures[worker] != nil else { return }
    workerFailures[worker]?.recordSuccess()
    if workerFailures[worker]?.isEmpty == true { workerFailures[worker] = nil }
  }

  /// Confirms failures: an attempt has completed epochs at which the trial failed on other workers.
  mutating func resetFailures(
    of trial: Int, by worker: WorkerID?, epochs: Double, at now: Duration
  ) {
    guard failedTrials.contains(trial) else { return }
    let refuted = openTrials[trial]?.failures.refute(before: epochs, by: worker) ?? []
    for other in refuted { confirmFailure(against: other, of: trial, at: now) }
  }

  /// Resolves the unconfirmed failures of an ended trial: the trial or the workers on it were at fault.
  mutating func resolveFailures(
    _ failures: FailureHistory, of end: TrialEnd, by winner: WorkerID?, at now: Duration
  ) {
    guard failedTrials.remove(end.trial) != nil else { return }
    let isBelieved = failures.failures.contains { workersWithResults.contains($0.worker) }
    for failure in failures.failures {
      if end.status.isFailure, !isBelieved {
        workerFailures[failure.worker]?.downgradeViolation(of: end.trial)
      } else if failure.worker == winner || !end.refutes(failure) {
        workerFailures[failure.worker]?.removeFailure(of: end.trial)
      } else {
        confirmFailure(against: failure.worker, of: end.trial, at: now)
      }
    }
  }

  private mutating func confirmFailure(against worker: WorkerID, of trial: Int, at now: Duration) {
    workerFailures[worker]?.confirmFailure(of: trial)
    guard let peer = peers[worker], !peer.isExcluded, let reason = workerFailures[worker]?.exclusionReason
    else {
      return
    }
    peers[worker]?.isExcluded = true
    excluded[worker] = reason
    effects.append(.persist(.workerExcluded(worker, reason: reason)))
    let key = peer.fingerprint.isEmpty ? "" : ", key \(peer.fingerprint)"
    effects.append(
      .warn(
        "worker \(peer.description.host) (pid \(peer.description.pid)\(key)) gets no more work from this search: "
          + "\(reason); check its disk, memory and version of Trawl, then start it again"))
    for id in attempts.filter({ $0.value.worker == worker }).keys.sorted() {
      endAttempt(id, as: .released, detail: "its worker gets no more work", at: now)
      attempts[id] = nil
      sendRevoke(id, to: peer.address)
    }
    reject("this worker gets no more work from this search: \(reason)", to: worker)
  }

  /// Records a departed worker, which may return or be replaced.
  mutating func recordDeparture(of worker: WorkerID, at now: Duration) {
    guard let peer = peers[worker], !peer.isExcluded, peer.isRecorded || peer.description.slots > 0,
      departed.count < Self.recordLimit
    else { return }
    departed[worker] = Departure(host: peer.description.host, time: now)
  }

  /// Extends the backoff of a machine whose worker could not train.
  mutating func delayWork(for peer: Peer, at now: Duration) {
    if siteBackoffs.count >= Self.recordLimit { siteBackoffs = siteBackoffs.filter { $0.value.end > now } }
    guard siteBackoffs.count < Self.recordLimit else { return }
    siteBackoffs[Machine(peer), default: Backoff()].extend(at: now)
  }

  func isDelayed(_ worker: WorkerID, at now: Duration) -> Bool {
    guard !siteBackoffs.isEmpty, let peer = peers[worker] else { return false }
    return siteBackoffs[Machine(peer)].map { now < $0.end } ?? false
  }

  /// Removes the backoff of a worker's machine, which trains now.
  mutating func endDelay(of worker: WorkerID) {
    guard !siteBackoffs.isEmpty, let peer = peers[worker] else { return }
    siteBackoffs[Machine(peer)] = nil
  }
}

extension TrialEnd {
  /// Whether the trial got further than the failure.
  fileprivate func refutes(_ failure: Failure) -> Bool {
    status == .done || (!status.isFailure && epochs > Double(failure.epochs))
  }
}
