import Search

/// The attempts at trials: which worker has which, until when, and how far it got.
struct Attempts: Sendable {
  /// The role of an attempt for its trial.
  enum Role {
    case holder, speculativeAttempt
  }

  /// How often the lease of an undelivered attempt is extended before its trial runs elsewhere.
  static let maxLeaseExtensions = 20
  /// The shortest time that workers of an earlier generation have to reconnect: more than the longest pause between
  /// their connection attempts.
  static let reconnectPeriod = Duration.seconds(30)
  /// The limit of attempts of one trial, regardless of how they ended; then it is quarantined.
  static let limit = 1000

  private(set) var all: [AttemptID: Attempt] = [:]
  /// The trials that have begun and have no result yet, and such replicates.
  private(set) var trials: [Int: OpenTrial] = [:]
  /// Speculative attempts that run.
  private(set) var speculative: Set<AttemptID> = []
  /// The latest attempt.
  private(set) var last: AttemptID
  /// Recent durations of epochs.
  private(set) var pace = Pace()
  /// Attempts of an earlier generation whose workers have not reconnected yet.
  private var ofAbsentWorkers: [WorkerID: Set<AttemptID>] = [:]
  /// The incarnation of the attempts that start here.
  private let incarnation: UInt32
  private let intervals: Coordinator.Intervals

  /// The attempts of a coordinator that starts from the state on disk, without those: `adopt` restores them.
  init(from snapshot: Snapshot, _ intervals: Coordinator.Intervals) {
    last = snapshot.lastAttempt
    incarnation = snapshot.incarnation
    self.intervals = intervals
  }

  subscript(_ id: AttemptID) -> Attempt? { all[id] }

  // MARK: Resuming

  /// Restores an open attempt of the last generation. Local workers have ended; remote ones have time to reconnect.
  ///
  /// - Returns: whether it still runs.
  mutating func adopt(_ open: Snapshot.OpenAttempt, isExcluded: Bool, at now: Duration) -> Bool {
    let continues = open.end == nil && !open.isLocal && !isExcluded
    if open.end?.isFinal != true, !isExcluded {
      var attempt = Attempt(
        of: open.trial, on: open.worker, key: open.key, budget: 0,
        leaseEnd: now + max(intervals.lease, Self.reconnectPeriod), at: now)
      (attempt.epochs, attempt.inherited, attempt.isLost) = (open.epochs, open.inherited, !continues)
      all[open.id] = attempt
    }
    var trial = trials[open.trial] ?? OpenTrial()
    trial.attempts.append(open.id)
    if continues {
      if trial.current == nil {
        trial.current = open.id
      } else {
        trial.speculativeAttempt = open.id
        speculative.insert(open.id)
      }
      ofAbsentWorkers[open.worker, default: []].insert(open.id)
    }
    trial.mostEpochs = max(trial.mostEpochs, open.epochs.count)
    trials[open.trial] = trial
    return continues
  }

  mutating func setBudget(_ budget: Double, of id: AttemptID) {
    all[id]?.budget = budget
  }

  /// The attempts of an earlier generation that a worker is expected to come back with.
  func expected(of worker: WorkerID) -> Set<AttemptID> { ofAbsentWorkers[worker] ?? [] }

  mutating func workerCameBack(_ worker: WorkerID) {
    ofAbsentWorkers[worker] = nil
  }

  // MARK: Start and end

  /// Starts an attempt, from a checkpoint if there is one.
  mutating func start(
    _ trial: Int, on worker: (id: WorkerID, key: String), as role: Role, budget: Double,
    from checkpoint: Checkpoints.Stored?, at now: Duration
  ) -> AttemptID {
    last = AttemptID(last.number + 1, incarnation: incarnation)
    var attempt = Attempt(
      of: trial, on: worker.id, key: worker.key, budget: budget, leaseEnd: now + intervals.lease, at: now)
    if let checkpoint {
      (attempt.epochs, attempt.inherited) = (checkpoint.epochs, checkpoint.epochs.count)
      attempt.checkpoint = checkpoint.file.checkpoint
    }
    all[last] = attempt
    trials[trial, default: OpenTrial()].attempts.append(last)
    switch role {
    case .holder: trials[trial]?.current = last
    case .speculativeAttempt:
      trials[trial]?.speculativeAttempt = last
      trials[trial]?.speculativeCount += 1
      speculative.insert(last)
    }
    return last
  }

  /// Marks an attempt as lost; its trial may run elsewhere.
  ///
  /// - Returns: whether no attempt runs the trial now.
  mutating func lose(_ id: AttemptID) -> Bool {
    guard let trial = all[id]?.trial else { return false }
    all[id]?.isLost = true
    return detach(id, from: trial)
  }

  /// Forgets an attempt: its later messages are ignored.
  mutating func remove(_ id: AttemptID) {
    all[id] = nil
  }

  /// Ends an attempt that another one at its trial has overtaken, as if it had never been.
  mutating func removeOvertaken(_ id: AttemptID) -> Attempt? {
    guard let attempt = all.removeValue(forKey: id) else { return nil }
    _ = detach(id, from: attempt.trial)
    trials[attempt.trial]?.attempts.removeAll { $0 == id }
    return attempt
  }

  /// Ends a trial with all its attempts, in the order of their starts.
  mutating func endTrial(_ trial: Int) -> [(id: AttemptID, Attempt)] {
    let ids = trials.removeValue(forKey: trial)?.attempts ?? []
    speculative.subtract(ids)
    return ids.compactMap { id in all.removeValue(forKey: id).map { (id, $0) } }
  }

  private mutating func detach(_ id: AttemptID, from trial: Int) -> Bool {
    guard let entry = trials[trial], entry.current == id || entry.speculativeAttempt == id else {
      return false
    }
    if let other = entry.speculativeAttempt { speculative.remove(other) }
    trials[trial]?.current = entry.speculativeAttempt == id ? entry.current : entry.speculativeAttempt
    trials[trial]?.speculativeAttempt = nil
    return trials[trial]?.current == nil
  }

  // MARK: Leases

  /// Notes that a worker holds an attempt.
  mutating func renew(_ id: AttemptID, at now: Duration) {
    all[id]?.leaseEnd = now + intervals.lease
    if all[id]?.isDelivered == false { all[id]?.lastEpoch = now }
    all[id]?.isDelivered = true
  }

  /// Renews all leases after a pause in which no message could be received.
  mutating func renewAll(at now: Duration) {
    for id in all.keys {
      all[id]?.leaseEnd = now + intervals.lease
      all[id]?.lastMoved = now
      all[id]?.lastEpoch = now
      all[id]?.gapStart = nil
    }
  }

  /// Gives a lost attempt its waiting trial back.
  mutating func resume(_ id: AttemptID, at now: Duration) {
    guard let trial = all[id]?.trial else { return }
    all[id]?.isLost = false
    // Its worker has not reported steps meanwhile.
    all[id]?.lastMoved = now
    trials[trial]?.current = id
  }

  mutating func noteSent(_ id: AttemptID, at now: Duration) {
    all[id]?.lastSent = now
  }

  /// The attempts whose lease has expired, in order.
  func expired(at now: Duration) -> [AttemptID] {
    all.filter { !$0.value.isLost && $0.value.leaseEnd <= now }.keys.sorted()
  }

  /// Extends the lease of an undelivered attempt of a responsive worker: its Assign is resent with every heartbeat.
  ///
  /// - Returns: whether it was extended.
  mutating func extendLease(of id: AttemptID, lastHeard: Duration?, at now: Duration) -> Bool {
    guard let attempt = all[id], !attempt.isDelivered, attempt.extensions < Self.maxLeaseExtensions,
      let lastHeard, lastHeard + intervals.lease > now
    else { return false }
    all[id]?.extensions += 1
    all[id]?.leaseEnd = lastHeard + intervals.lease
    return true
  }

  // MARK: Progress

  /// Notes the training steps that a worker reports.
  mutating func noteSteps(_ steps: UInt64, of id: AttemptID, on worker: WorkerID, at now: Duration) {
    guard let attempt = all[id], attempt.worker == worker, attempt.steps < steps else { return }
    all[id]?.steps = steps
    all[id]?.lastMoved = now
  }

  /// Adds an epoch, which took at least `seconds`.
  mutating func addEpoch(_ metrics: Metrics, to id: AttemptID, seconds: Double, at now: Duration) {
    guard let attempt = all[id] else { return }
    // Reports buffered during an absence of the coordinator arrive all at once.
    pace.record(max(now - attempt.lastEpoch, .seconds(seconds)))
    all[id]?.epochs.append(metrics)
    all[id]?.isDelivered = true
    all[id]?.leaseEnd = now + intervals.lease
    all[id]?.lastMoved = now
    all[id]?.lastEpoch = now
  }

  /// The attempts without progress for too long, in order.
  func stuck(at now: Duration) -> [AttemptID] {
    all.filter { !$0.value.isLost && now - $0.value.lastMoved > intervals.progress }.keys.sorted()
  }

  /// Notes a gap in the messages of an attempt.
  ///
  /// - Returns: the time since the gap was first seen.
  mutating func noteGap(in id: AttemptID, at now: Duration) -> Duration {
    let start = all[id]?.gapStart ?? now
    all[id]?.gapStart = start
    return now - start
  }

  mutating func endGap(in id: AttemptID) {
    all[id]?.gapStart = nil
  }

  // MARK: Trials

  /// Whether an attempt of an earlier generation, or an attempt started here, may have this identity.
  func mayHaveExisted(_ id: AttemptID) -> Bool {
    id.incarnation != incarnation || (id <= last && id.number > 0)
  }

  func isOfEarlierStart(_ id: AttemptID) -> Bool { id.incarnation != incarnation }

  /// Whether a trial may start an attempt now.
  func isReady(_ trial: Int, at now: Duration) -> Bool { (trials[trial]?.backoff.end ?? .zero) <= now }

  func hasReachedLimit(_ trial: Int) -> Bool {
    trials[trial].map { $0.attempts.count >= Self.limit } ?? false
  }

  /// Extends the backoff of a trial; an attempt that got further than all before resets it.
  mutating func delay(_ trial: Int, after attempt: Attempt, at now: Duration) {
    guard let entry = trials[trial] else { return }
    if attempt.epochs.count > entry.mostEpochs { trials[trial]?.backoff = Backoff() }
    trials[trial]?.mostEpochs = max(entry.mostEpochs, attempt.epochs.count)
    trials[trial]?.backoff.extend(at: now)
  }

  mutating func endDelay(of trial: Int) {
    trials[trial]?.backoff = Backoff()
  }

  // MARK: Invariants

  /// Sentences about what does not hold; none if all is well.
  func checkInvariants() -> [String] {
    var broken: [String] = []
    for (number, trial) in trials {
      for id in [trial.current, trial.speculativeAttempt].compactMap(\.self)
      where all[id]?.trial != number || all[id]?.isLost != false || !trial.attempts.contains(id) {
        broken.append("\(Replicate(number: number)) runs in attempt \(id.number), which does not run it")
      }
      if trial.speculativeAttempt != nil, trial.current == nil || trial.current == trial.speculativeAttempt {
        broken.append("\(Replicate(number: number)) has a speculative attempt and no other")
      }
    }
    for (id, attempt) in all {
      guard let trial = trials[attempt.trial], trial.attempts.contains(id) else {
        broken.append("attempt \(id.number) belongs to no open trial")
        continue
      }
      if !attempt.isLost, trial.current != id, trial.speculativeAttempt != id {
        broken.append("attempt \(id.number) runs, and its trial does not know it")
      }
    }
    if speculative != Set(trials.values.compactMap(\.speculativeAttempt)) {
      broken.append("the speculative attempts are not those of the trials")
    }
    if all.keys.contains(where: { $0.incarnation == incarnation && $0 > last }) {
      broken.append("an attempt has a number that was not given yet")
    }
    return broken
  }
}
