import Search

// Scheduling: which worker gets which trial.
extension Coordinator {
  mutating func assignWork(at now: Duration) {
    guard !isClosing else { return }
    fillSlots(at: now)
    if !attempts.speculative.isEmpty, hasWorkForSpeculation(at: now) {
      cancelAllSpeculative()
      fillSlots(at: now)
    }
    guard !allResults.isComplete, isStopping || isExhausted else { return }
    complete(at: now)
    fillSlots(at: now)
  }

  private mutating func fillSlots(at now: Duration) {
    // ASHA promotes one trial after another, and trials wait for a worker that turns out to be silent: a worker that
    // was passed over may run a later one.
    while startTrials(at: now), !membership.idle.isEmpty {}
  }

  /// Starts trials on idle workers, each in turn; returns whether any has started or a worker was found silent.
  private mutating func startTrials(at now: Duration) -> Bool {
    var hasChanged = false
    for worker in membership.idle {
      guard hasWork(at: now) else { break }
      if membership.pauseIfSilent(worker, at: now) { hasChanged = true }
      while let peer = membership[worker], hasWork(at: now), let trial = nextTrial(for: peer, worker, at: now)
      {
        backlog.take(trial)
        start(trial, on: worker, as: .holder, at: now)
        hasChanged = true
      }
    }
    if hasChanged { membership.dequeueBusy() }
    return hasChanged
  }

  /// Whether a trial waits for a slot; if none waits again, ASHA promotes one. Promotions come before new trials.
  private mutating func hasWork(at now: Duration) -> Bool {
    backlog.hasRequeued { attempts.isReady($0, at: now) }
      || (!isStopping && (promoteNext() || backlog.count > 0))
  }

  /// Whether a waiting trial may run on an idle worker or on one with a speculative attempt, so that speculation would
  /// delay it.
  mutating func hasWorkForSpeculation(at now: Duration) -> Bool {
    let workers = membership.idle + attempts.speculative.compactMap { attempts[$0]?.worker }
    let isWaiting = backlog.hasRequeued { trial in
      attempts.isReady(trial, at: now)
        && (blame.histories[trial] == nil || workers.contains { mayRun(trial, on: $0, at: now) })
    }
    return isWaiting || (!isStopping && (promoteNext() || allResults.sample(backlog.nextNewTrial)))
  }

  /// The next waiting trial for a worker; nil if there is none. A trial suspected of ending its
  /// workers runs alone, so that concurrent trials are not blamed.
  private mutating func nextTrial(for peer: Peer, _ worker: WorkerID, at now: Duration) -> Int? {
    guard canBeginTrial(peer) else { return nil }
    let ineligible = blame.histories.keys.filter { !mayRun($0, on: worker, at: now) }
    let getsNoNewTrials = blame.getsNoNewTrials(worker, in: membership, at: now)
    let isKnown = allResults.sample(backlog.nextNewTrial)
    return backlog.next(mayBegin: isKnown && !isStopping && !getsNoNewTrials) { trial in
      attempts.isReady(trial, at: now) && !ineligible.contains(trial)
        && (peer.attempts.isEmpty || !blame.isSuspect(trial))
        && !isReserved(trial, from: worker, at: now)
        && (!getsNoNewTrials || attempts.trials[trial] != nil)
    } prefers: {
      checkpoints.stored[$0]?.holder == worker
    }
  }

  /// Whether a trial waits for another worker: the one that handed its checkpoint over may still have it cached.
  private func isReserved(_ trial: Int, from worker: WorkerID, at now: Duration) -> Bool {
    guard let holder = checkpoints.stored[trial]?.holder, holder != worker, let peer = membership[holder]
    else { return false }
    return canBeginTrial(peer) && mayRun(trial, on: holder, at: now)
  }

  /// Whether a worker may begin another trial: a suspected trial runs alone.
  func canBeginTrial(_ peer: Peer) -> Bool {
    peer.freeSlots > 0
      && !peer.attempts.contains { id in attempts[id].map { blame.isSuspect($0.trial) } ?? false }
  }

  func mayRun(_ trial: Int, on worker: WorkerID, at now: Duration) -> Bool {
    blame.mayRun(trial, on: worker, in: membership, at: now)
  }

  // MARK: Starting

  /// The epochs to the next rung of a trial, or to its end.
  func budget(of trial: Int) -> Double { promotion[trial]?.budget ?? allResults.epochs(of: trial) }

  /// Begins a trial or replicate.
  mutating func begin(_ trial: Int) {
    if !allResults.isReplicate(trial) { promotion.begin(trial, epochs: allResults.epochs(of: trial)) }
  }

  mutating func start(_ trial: Int, on worker: WorkerID, as role: Attempts.Role, at now: Duration) {
    guard let peer = membership[worker] else { return }
    if membership.recordOnce(worker) { persist(.workerJoined(worker, peer.description)) }
    if attempts.trials[trial] == nil { begin(trial) }
    let checkpoint = checkpoints.stored[trial]
    let id = attempts.start(
      trial, on: (worker, peer.key), as: role, budget: budget(of: trial), from: checkpoint, at: now)
    membership.assign(id, to: worker)
    persist(.attemptStarted(id, trial: trial, worker: worker))
    if let checkpoint {
      persist(.epochsInherited(id, from: checkpoint.file.attempt, count: checkpoint.epochs.count))
    }
    sendAssign(id, at: now)
  }

  mutating func sendAssign(_ id: AttemptID, at now: Duration) {
    guard let attempt = attempts[id], let peer = membership[attempt.worker] else { return }
    attempts.noteSent(id, at: now)
    var assign = WireAssign()
    assign.attempt = id.bits
    assign.trial = UInt64(attempt.trial)
    assign.values = allResults.values(attempt.trial).map(WireValue.init)
    assign.seed = file.seed(of: Replicate(number: attempt.trial))
    assign.epochs = UInt32(attempt.budget.rounded(.up))
    if attempt.budget < 1 { assign.part = attempt.budget }
    if let checkpoint = attempt.checkpoint { assign.checkpoint = WireCheckpoint(checkpoint) }
    send(.assign(assign), to: peer.address)
  }
}
