import Search

// Speculative execution: idle slots run second attempts at slow trials. The first to finish wins; both give the same
// result.
extension Coordinator {
  /// An epoch is slow if it takes this many times the median.
  static let stragglerFactor = 3.0
  /// The limit of speculative attempts per trial.
  static let maxSpeculativeAttempts = 10

  /// Starts speculative attempts at slow trials on idle slots, if no other work waits.
  mutating func startSpeculativeAttempts(at now: Duration) {
    guard file.format.isDeterministic, !idle.isEmpty, !isClosing, !hasWorkForSpeculation(at: now) else {
      return
    }
    let slow = openTrials.filter { isStraggler($0.value, at: now) }.keys.sorted()
    for trial in slow {
      let holder = openTrials[trial]?.current.flatMap { attempts[$0]?.worker }
      let worker = idle.first { worker in
        worker != holder && peers[worker].map { canBeginTrial($0) && isResponsive($0, at: now) } == true
          && mayRun(trial, on: worker, at: now) && !getsNoNewTrials(worker, at: now)
      }
      if let worker { start(trial, on: worker, as: .speculativeAttempt, at: now) }
    }
    idle.removeAll { worker in
      guard let peer = peers[worker], peer.freeSlots <= 0 else { return false }
      peers[worker]?.isQueued = false
      return true
    }
  }

  /// Whether another worker would very likely finish a trial first. Attempts of silent or absent workers are left to
  /// their leases.
  private func isStraggler(_ trial: OpenTrial, at now: Duration) -> Bool {
    guard trial.speculativeAttempt == nil, trial.speculativeCount < Self.maxSpeculativeAttempts,
      !trial.failures.isSuspect,
      let attempt = trial.current.flatMap({ attempts[$0] }),
      attempt.handover == nil, let peer = peers[attempt.worker], isResponsive(peer, at: now)
    else { return false }
    // Assume that each remaining epoch takes at least as long as the present one so far.
    let present = now - attempt.lastEpoch
    guard let typical = pace.typical else { return present > intervals.progress }
    let left = max(1, attempt.budget - Double(attempt.epochs.count))
    let whole = attempt.budget - Double(trial.checkpoint?.epochs.count ?? 0)
    return present > typical * Self.stragglerFactor + intervals.heartbeat
      && present * left > typical * (2 * whole)
  }

  /// Cancels all speculative attempts to free their slots for other work.
  mutating func cancelAllSpeculative() {
    for id in speculativeAttempts.sorted() { cancelSpeculative(id) }
  }

  /// Cancels the other attempt at a trial after one has reached the rung.
  mutating func cancelOtherAttempt(at trial: Int, than id: AttemptID) {
    guard let entry = openTrials[trial], let speculativeAttempt = entry.speculativeAttempt else { return }
    cancelSpeculative(id == speculativeAttempt ? entry.current ?? speculativeAttempt : speculativeAttempt)
  }

  private mutating func cancelSpeculative(_ id: AttemptID) {
    abandonHandover(of: id)
    guard let attempt = attempts.removeValue(forKey: id) else { return }
    detach(id, from: attempt.trial)
    openTrials[attempt.trial]?.attempts.removeAll { $0 == id }
    peers[attempt.worker]?.attempts.remove(id)
    markIdle(attempt.worker)
    supersede(id, on: attempt.worker)
  }

  /// Detaches an attempt from its trial.
  ///
  /// - Returns: whether no attempt runs the trial now.
  @discardableResult
  mutating func detach(_ id: AttemptID, from trial: Int) -> Bool {
    guard let entry = openTrials[trial], entry.current == id || entry.speculativeAttempt == id else {
      return false
    }
    if let speculativeAttempt = entry.speculativeAttempt { speculativeAttempts.remove(speculativeAttempt) }
    openTrials[trial]?.current = entry.speculativeAttempt == id ? entry.current : entry.speculativeAttempt
    openTrials[trial]?.speculativeAttempt = nil
    return openTrials[trial]?.current == nil
  }
}
