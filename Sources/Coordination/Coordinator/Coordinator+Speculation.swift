import Search

// Slow attempts, and the speculativeAttempts that idle slots give them: who gets there first wins, and both lead to the same result.
extension Coordinator {
  /// An epoch that takes so many times as long as most is slow.
  static let stragglerFactor = 3.0
  /// Speculative attempts of one trial.
  static let mostSpeculative = 10

  /// Gives idle slots what runs too slowly elsewhere, where nothing else is left for them.
  mutating func startSpeculativeAttempts(at now: Duration) {
    guard !idle.isEmpty, !isClosing, !hasWorkForSpeculation(at: now) else { return }
    let slow = openTrials.filter { isStraggler($0.value, at: now) }.keys.sorted()
    for trial in slow {
      let holder = openTrials[trial]?.current.flatMap { attempts[$0]?.worker }
      let worker = idle.first { worker in
        worker != holder && peers[worker].map { mayTakeMore($0) && isHeard($0, at: now) } == true
          && mayRun(trial, on: worker, at: now) && !isOnProbation(worker, at: now)
      }
      if let worker { start(trial, on: worker, as: .speculativeAttempt, at: now) }
    }
    idle.removeAll { worker in
      guard let peer = peers[worker], peer.freeSlots <= 0 else { return false }
      peers[worker]?.isQueued = false
      return true
    }
  }

  /// Whether another worker would very likely have a trial done before the one that has it. One that is silent, or has not
  /// come back to this coordinator yet, may be as quick as any; leases are for those.
  private func isStraggler(_ trial: OpenTrial, at now: Duration) -> Bool {
    guard trial.speculativeAttempt == nil, trial.speculativeCount < Self.mostSpeculative,
      !trial.failures.isSuspect,
      let attempt = trial.current.flatMap({ attempts[$0] }),
      attempt.handover == nil, let peer = peers[attempt.worker], isHeard(peer, at: now)
    else { return false }
    // Its other epochs will hardly take less than what its present one has taken already.
    let present = now - attempt.lastEpoch
    guard let typical = pace.typical else { return present > intervals.progress }
    let left = max(1, attempt.budget - Double(attempt.epochs.count))
    let anew = attempt.budget - Double(trial.checkpoint?.epochs.count ?? 0)
    return present > typical * Self.stragglerFactor + intervals.heartbeat
      && present * left > typical * (2 * anew)
  }

  /// Calls off all speculativeAttempts: others could use their slots.
  mutating func cancelAllSpeculative() {
    for id in speculativeAttempts.sorted() { cancelSpeculative(id) }
  }

  /// An attempt has got to where its trial is compared: its speculativeAttempt need not.
  mutating func settle(_ trial: Int, wonBy id: AttemptID) {
    guard let entry = openTrials[trial], let speculativeAttempt = entry.speculativeAttempt else { return }
    cancelSpeculative(id == speculativeAttempt ? entry.current ?? speculativeAttempt : speculativeAttempt)
  }

  private mutating func cancelSpeculative(_ id: AttemptID) {
    abandonHandover(of: id)
    guard let attempt = attempts.removeValue(forKey: id) else { return }
    leave(id, of: attempt.trial)
    openTrials[attempt.trial]?.attempts.removeAll { $0 == id }
    peers[attempt.worker]?.attempts.remove(id)
    markIdle(attempt.worker)
    supersede(id, on: attempt.worker)
  }

  /// An attempt works on its trial no more.
  ///
  /// - Returns: whether nobody does now.
  @discardableResult
  mutating func leave(_ id: AttemptID, of trial: Int) -> Bool {
    guard let entry = openTrials[trial], entry.current == id || entry.speculativeAttempt == id else {
      return false
    }
    if let speculativeAttempt = entry.speculativeAttempt { speculativeAttempts.remove(speculativeAttempt) }
    openTrials[trial]?.current = entry.speculativeAttempt == id ? entry.current : entry.speculativeAttempt
    openTrials[trial]?.speculativeAttempt = nil
    return openTrials[trial]?.current == nil
  }
}
