import Search

// Scheduling: assignment, leases, lost attempts.
extension Coordinator {
  /// How often the lease of an undelivered attempt is extended before its trial runs elsewhere.
  static let maxLeaseExtensions = 20

  /// The shortest time that workers of an earlier generation have to reconnect: more than the longest pause between
  /// their connection attempts.
  static let reconnectPeriod = Duration.seconds(30)

  /// Restores the open attempts of the last generation. Its local workers have ended; remote ones have time to
  /// reconnect.
  mutating func adoptAttempts(_ open: [Snapshot.OpenAttempt], at now: Duration) {
    backlog = Backlog(trials: trialCount, taken: Set(results.keys).union(open.map(\.trial)))
    for attempt in open where attempt.end != .superseded {
      let isExcluded = excluded[attempt.worker] != nil
      let continues = attempt.end == nil && !attempt.isLocal && !isExcluded
      if attempt.end?.isFinal != true, !isExcluded {
        attempts[attempt.id] = Attempt(
          trial: attempt.trial, worker: attempt.worker, key: attempt.key,
          budget: 0, epochs: attempt.epochs, inherited: attempt.inherited,
          leaseEnd: now + max(intervals.lease, Self.reconnectPeriod), lastSent: now, lastMoved: now,
          lastEpoch: now,
          isLost: !continues)
      }
      var trial = openTrials[attempt.trial] ?? OpenTrial()
      trial.attempts.append(attempt.id)
      if continues {
        if trial.current == nil {
          trial.current = attempt.id
        } else {
          trial.speculativeAttempt = attempt.id
          speculativeAttempts.insert(attempt.id)
        }
        attemptsOfAbsentWorkers[attempt.worker, default: []].insert(attempt.id)
      } else if attempt.end == nil {
        effects.append(.persist(.attemptEnded(attempt.id, .interrupted, detail: "")))
      } else if let end = attempt.end, end.isFailure {
        failedTrials.insert(attempt.trial)
        if end.isWorkersFault {
          workerFailures[attempt.worker, default: .init()].recordFailure(
            attempt.trial, isViolation: end == .rejected)
        }
        trial.failures.append(
          Failure(
            attempt: attempt.id, worker: attempt.worker, host: attempt.host, epochs: attempt.epochs.count,
            end: end, detail: attempt.detail))
      }
      trial.mostEpochs = max(trial.mostEpochs, attempt.epochs.count)
      openTrials[attempt.trial] = trial
    }
    for attempt in open where failedTrials.contains(attempt.trial) {
      let epochs = Double(attempt.epochs.count)
      let refuted = openTrials[attempt.trial]?.failures.refute(before: epochs, by: attempt.worker) ?? []
      for worker in refuted { workerFailures[worker]?.confirmFailure(of: attempt.trial) }
    }
  }

  mutating func markIdle(_ worker: WorkerID) {
    guard let peer = peers[worker], !peer.isQueued, peer.freeSlots > 0 else { return }
    peers[worker]?.isQueued = true
    idle.append(worker)
  }

  /// Removes all state of departed workers, so that short-lived peers do not fill the memory.
  mutating func forget(_ workers: some Sequence<WorkerID>) {
    var wereQueued = false
    for worker in workers where peers.removeValue(forKey: worker)?.isQueued == true { wereQueued = true }
    if wereQueued { idle.removeAll { peers[$0] == nil } }
  }

  mutating func assignWork(at now: Duration) {
    guard !isClosing else { return }
    fillSlots(at: now)
    if !speculativeAttempts.isEmpty, hasWorkForSpeculation(at: now) {
      cancelAllSpeculative()
      fillSlots(at: now)
    }
    guard !isComplete, isStopping || isExhausted else { return }
    complete(at: now)
    fillSlots(at: now)
  }

  private mutating func fillSlots(at now: Duration) {
    // ASHA promotes one trial after another, and trials wait for a worker that turns out to be silent: a worker that
    // was passed over may run a later one.
    while startTrials(at: now), !idle.isEmpty {}
  }

  /// Starts trials on idle workers, each in turn; returns whether any has started or a worker was found silent.
  private mutating func startTrials(at now: Duration) -> Bool {
    var left: [WorkerID] = []
    var hasChanged = false
    for (index, worker) in idle.enumerated() {
      guard hasWork(at: now) else {
        left += idle[index...]
        break
      }
      // A worker that missed two heartbeats may be gone; its next one makes it available again.
      if let peer = peers[worker], !peer.isPaused, !isResponsive(peer, at: now) {
        peers[worker]?.isPaused = true
        hasChanged = true
      }
      while let peer = peers[worker], hasWork(at: now), let trial = nextTrial(for: peer, worker, at: now) {
        start(trial, on: worker, as: .holder, at: now)
        hasChanged = true
      }
      let isFull = peers[worker].map { $0.freeSlots <= 0 } ?? true
      if isFull { peers[worker]?.isQueued = false } else { left.append(worker) }
    }
    idle = left
    return hasChanged
  }

  /// Whether a trial waits for a slot. Promotions come before new trials.
  mutating func hasWork(at now: Duration) -> Bool {
    backlog.hasRequeued { isReady($0, at: now) } || (!isStopping && (promoteNext() || backlog.count > 0))
  }

  /// Whether a waiting trial may run on an idle worker or on one with a speculative attempt.
  mutating func hasWorkForSpeculation(at now: Duration) -> Bool {
    let workers = idle + speculativeAttempts.compactMap { attempts[$0]?.worker }
    let isWaiting = backlog.hasRequeued { trial in
      isReady(trial, at: now)
        && (!failedTrials.contains(trial) || workers.contains { mayRun(trial, on: $0, at: now) })
    }
    return isWaiting || (!isStopping && (promoteNext() || backlog.nextNewTrial != nil))
  }

  /// Removes the next trial for a worker from the backlog; nil if there is none. A trial suspected of ending its
  /// workers runs alone, so that concurrent trials are not blamed.
  private mutating func nextTrial(for peer: Peer, _ worker: WorkerID, at now: Duration) -> Int? {
    guard canBeginTrial(peer) else { return nil }
    let (openTrials, peers, attempts) = (openTrials, peers, attempts)
    let ineligible = failedTrials.filter { !mayRun($0, on: worker, at: now) }
    let unreserved = failedTrials.filter { trial in
      openTrials[trial]?.holder.map { !mayRun(trial, on: $0, at: now) } ?? true
    }
    let getsNoNewTrials = getsNoNewTrials(worker, at: now)
    let fresh = backlog.nextNewTrial
    let isKnown = fresh.map { suggestions.values(trial: $0) != nil } ?? false
    let mayBegin = isKnown && !isStopping && !getsNoNewTrials
    waitsForResults = fresh != nil && !isKnown
    return backlog.next(mayBegin: mayBegin) { trial in
      let entry = openTrials[trial]
      // The worker that handed its checkpoint over may still have it cached.
      let holder = entry?.holder.flatMap { $0 == worker ? nil : peers[$0] }
      let isForAnother = holder?.canBeginTrial(attempts, openTrials) == true && !unreserved.contains(trial)
      return (entry?.backoff.end ?? .zero) <= now
        && (peer.attempts.isEmpty || entry?.failures.isSuspect != true) && !isForAnother
        && !ineligible.contains(trial) && (!getsNoNewTrials || entry != nil)
    } prefers: {
      openTrials[$0]?.holder == worker
    }
  }

  func canBeginTrial(_ peer: Peer) -> Bool { peer.canBeginTrial(attempts, openTrials) }

  func isResponsive(_ peer: Peer, at now: Duration) -> Bool {
    now - peer.lastHeard <= intervals.heartbeat * 2.5
  }

  /// The role of an attempt for its trial.
  enum Role {
    case holder, speculativeAttempt
  }

  mutating func start(_ trial: Int, on worker: WorkerID, as role: Role, at now: Duration) {
    if let peer = peers[worker], !peer.isRecorded {
      peers[worker]?.isRecorded = true
      effects.append(.persist(.workerJoined(worker, peer.description)))
    }
    lastAttempt = AttemptID(lastAttempt.number + 1, incarnation: incarnation)
    attempts[lastAttempt] = Attempt(
      trial: trial, worker: worker, key: peers[worker]?.key ?? "", budget: budget(trial: trial),
      leaseEnd: now + intervals.lease, lastSent: now, lastMoved: now, lastEpoch: now)
    if openTrials[trial] == nil, !isReplicate(trial) { openEpochs += budget(trial: trial) }
    openTrials[trial, default: OpenTrial()].attempts.append(lastAttempt)
    switch role {
    case .holder: openTrials[trial]?.current = lastAttempt
    case .speculativeAttempt:
      openTrials[trial]?.speculativeAttempt = lastAttempt
      openTrials[trial]?.speculativeCount += 1
      speculativeAttempts.insert(lastAttempt)
    }
    peers[worker]?.attempts.insert(lastAttempt)
    effects.append(.persist(.attemptStarted(lastAttempt, trial: trial, worker: worker)))
    if let (stored, epochs) = openTrials[trial]?.checkpoint {
      attempts[lastAttempt]?.epochs = epochs
      attempts[lastAttempt]?.inherited = epochs.count
      attempts[lastAttempt]?.checkpoint = stored.checkpoint
      effects.append(
        .persist(.epochsInherited(lastAttempt, from: stored.attempt, count: epochs.count)))
    }
    sendAssign(lastAttempt, at: now)
  }

  mutating func sendAssign(_ id: AttemptID, at now: Duration) {
    guard let attempt = attempts[id], let peer = peers[attempt.worker] else { return }
    attempts[id]?.lastSent = now
    var assign = WireAssign()
    assign.attempt = id.bits
    assign.trial = UInt64(attempt.trial)
    assign.values = values(attempt.trial).map(WireValue.init)
    assign.seed = file.seed(of: Replicate(number: attempt.trial))
    assign.epochs = UInt32(attempt.budget.rounded(.up))
    if attempt.budget < 1 { assign.part = attempt.budget }
    if let checkpoint = attempt.checkpoint { assign.checkpoint = WireCheckpoint(checkpoint) }
    send(.assign(assign), to: peer.address)
  }

  mutating func expireLeases(at now: Duration) {
    let expired = attempts.filter { !$0.value.isLost && $0.value.leaseEnd <= now }.keys.sorted()
    var lost: [WorkerID: Int] = [:]
    for id in expired {
      guard let attempt = attempts[id], !extendLease(of: id, at: now) else { continue }
      peers[attempt.worker]?.isPaused = true
      if peers[attempt.worker] == nil {
        endAttempt(id, as: .interrupted, detail: "its worker did not come back to this coordinator", at: now)
      } else {
        endAttempt(id, as: .lost, detail: "no heartbeat for \(intervals.lease.wholeSeconds) s", at: now)
        lost[attempt.worker, default: 0] += 1
      }
    }
    for (worker, count) in lost.sorted(by: { $0.key.description < $1.key.description }) {
      guard let peer = peers[worker] else { continue }
      warnOfLoss(of: count, on: peer, "is lost: no heartbeat for \((now - peer.lastHeard).wholeSeconds) s")
    }
    peerCounts = peers.values.reduce(into: [:]) { $0[$1.key, default: 0] += 1 }
    let gone = peers.filter { now - $0.value.lastHeard > intervals.lease && $0.value.attempts.isEmpty }
    for (worker, peer) in gone.sorted(by: { $0.key.description < $1.key.description }) {
      effects.append(.note("worker \(peer.description.host) (\(worker)) is gone"))
      if peer.description.isLocal { effects.append(.kill(pid: peer.description.pid)) }
      recordDeparture(of: worker, at: now)
    }
    forget(gone.keys)
    departed = departed.filter { now - $0.value.time < Self.absence }
  }

  /// Extends the lease of an undelivered attempt whose worker is responsive: its Assign is resent with every heartbeat.
  private mutating func extendLease(of id: AttemptID, at now: Duration) -> Bool {
    guard let attempt = attempts[id], !attempt.isDelivered, attempt.extensions < Self.maxLeaseExtensions,
      let peer = peers[attempt.worker], peer.lastHeard + intervals.lease > now
    else { return false }
    attempts[id]?.extensions += 1
    attempts[id]?.leaseEnd = peer.lastHeard + intervals.lease
    return true
  }

  /// Revokes attempts without progress.
  mutating func revokeStuck(at now: Duration) {
    let stuck = attempts.filter {
      !$0.value.isLost && $0.value.handover == nil && now - $0.value.lastMoved > intervals.progress
    }
    for (id, attempt) in stuck.sorted(by: { $0.key < $1.key }) {
      peers[attempt.worker]?.isPaused = true
      failAttempt(
        id, as: .revoked, because: "no training step for \(intervals.progress.wholeSeconds) s", at: now)
      if let peer = peers[attempt.worker] { sendRevoke(id, to: peer.address) }
    }
  }

  /// Notes the start of a local worker; its pid may be reused.
  package mutating func processStarted(_ pid: Int32) {
    endedProcesses.remove(pid)
  }

  mutating func processEnded(_ pid: Int32, _ end: ProcessEnd, at now: Duration) {
    endedProcesses.insert(pid)
    // A late Hello of an earlier process with this pid may have been admitted as another worker.
    let workers = peers.filter { $0.value.description.isLocal && $0.value.description.pid == pid }
    for worker in workers.keys { peers[worker]?.isPaused = true }
    for attempt in workers.values.flatMap(\.attempts).sorted() {
      let (loss, how): (AttemptEnd, String) = end == .killed ? (.killed, "was killed") : (.crashed, "crashed")
      let epochs = attempts[attempt]?.epochs.count ?? 0
      endAttempt(attempt, as: loss, detail: "its worker process \(how) after epoch \(epochs)", at: now)
    }
    for (worker, peer) in workers {
      warnOfLoss(of: peer.attempts.count, on: peer, end == .killed ? "was killed" : "crashed")
      recordDeparture(of: worker, at: now)
    }
    forget(workers.keys)
  }

  /// Ends an attempt without a result. Its trial is requeued unless its failures end it.
  mutating func endAttempt(_ id: AttemptID, as loss: AttemptEnd, detail: String, at now: Duration) {
    guard let attempt = attempts[id], !attempt.isLost else { return }
    // A released attempt cannot be lost.
    let end = attempt.handover == nil ? loss : handoverEnd(of: attempt)
    let detail = attempt.handover?.why ?? detail
    abandonHandover(of: id)
    attempts[id]?.isLost = true
    peers[attempt.worker]?.attempts.remove(id)
    markIdle(attempt.worker)
    let isAlone = detach(id, from: attempt.trial)
    effects.append(.persist(.attemptEnded(id, end, detail: detail)))
    if !end.isWorkersFault {
      effects.append(.note("attempt \(id.number) of \(Replicate(number: attempt.trial)) \(end): \(detail)"))
    }
    if end.isFailure { recordFailure(of: id, attempt, as: end, detail) }
    if end.isFinal { attempts[id] = nil }
    if isAlone, end.isFailure || hasReachedAttemptLimit(attempt.trial), decide(attempt.trial, at: now) {
      return
    }
    if isAlone, !isPausedAtRung(attempt.trial) {
      if end.delaysTrial { delay(attempt.trial, after: attempt, at: now) }
      backlog.putBack(attempt.trial)
    }
  }

  /// Records the result of a trial and cancels its other attempts.
  mutating func endTrial(_ result: TrialEnd, by winner: AttemptID, at now: Duration) {
    effects.append(.persist(.trialEnded(result, by: winner)))
    record(result)
    _ = backlog.remove(result.trial)
    forgetCheckpoint(of: result.trial)
    if openTrials[result.trial] != nil, !isReplicate(result.trial) {
      openEpochs -= budget(trial: result.trial)
    }
    let worker = attempts[winner]?.worker
    let trial = openTrials.removeValue(forKey: result.trial) ?? OpenTrial()
    for id in trial.attempts {
      speculativeAttempts.remove(id)
      abandonHandover(of: id)
      guard let attempt = attempts.removeValue(forKey: id) else { continue }
      if peers[attempt.worker]?.attempts.remove(id) != nil { markIdle(attempt.worker) }
      if id != winner, !attempt.isLost { supersede(id, on: attempt.worker) }
    }
    resolveFailures(trial.failures, of: result, by: worker, at: now)
    reportEndToRung(of: result, after: trial, at: now)
    if isFinished { sendFinish() }
  }

  mutating func supersede(_ id: AttemptID, on worker: WorkerID) {
    effects.append(.persist(.attemptEnded(id, .superseded, detail: "")))
    if let peer = peers[worker] { sendRevoke(id, to: peer.address) }
  }

  mutating func sendFinish() {
    for (_, peer) in peers.sorted(by: { $0.key.description < $1.key.description }) {
      send(.finish(WireFinish()), to: peer.address)
    }
  }

  mutating func sendRevoke(_ id: AttemptID, to address: ReturnAddress) {
    var revoke = WireRevoke()
    revoke.attempt = id.bits
    send(.revoke(revoke), to: address)
  }
}

extension Coordinator.Peer {
  /// Whether it may begin another trial: a suspected trial runs alone.
  fileprivate func canBeginTrial(
    _ all: [AttemptID: Coordinator.Attempt], _ trials: [Int: Coordinator.OpenTrial]
  ) -> Bool {
    freeSlots > 0
      && !attempts.contains { id in all[id].flatMap { trials[$0.trial] }?.failures.isSuspect ?? false }
  }
}
