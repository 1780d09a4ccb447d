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
    guard file.format.isDeterministic, !membership.idle.isEmpty, !isClosing, !hasWorkForSpeculation(at: now)
    else { return }
    for trial in attempts.trials.keys.filter({ isStraggler($0, at: now) }).sorted() {
      let holder = attempts.trials[trial]?.current.flatMap { attempts[$0]?.worker }
      let worker = membership.idle.first { worker in
        guard worker != holder, let peer = membership[worker] else { return false }
        return canBeginTrial(peer) && membership.isResponsive(peer, at: now)
          && mayRun(trial, on: worker, at: now)
          && !blame.getsNoNewTrials(worker, in: membership, at: now)
      }
      if let worker { start(trial, on: worker, as: .speculativeAttempt, at: now) }
    }
    membership.dequeueBusy()
  }

  /// Whether another worker would very likely finish a trial first. Attempts of silent or absent workers are left to
  /// their leases.
  private func isStraggler(_ trial: Int, at now: Duration) -> Bool {
    guard let entry = attempts.trials[trial], entry.speculativeAttempt == nil,
      entry.speculativeCount < Self.maxSpeculativeAttempts, !blame.isSuspect(trial),
      let id = entry.current, let attempt = attempts[id], checkpoints.handovers[id] == nil,
      let peer = membership[attempt.worker], membership.isResponsive(peer, at: now)
    else { return false }
    // Assume that each remaining epoch takes at least as long as the present one so far.
    let present = now - attempt.lastEpoch
    guard let typical = attempts.pace.typical else { return present > intervals.progress }
    let left = max(1, attempt.budget - Double(attempt.epochs.count))
    let whole = attempt.budget - Double(checkpoints.stored[trial]?.epochs.count ?? 0)
    return present > typical * Self.stragglerFactor + intervals.heartbeat
      && present * left > typical * (2 * whole)
  }

  /// Cancels all speculative attempts to free their slots for other work.
  mutating func cancelAllSpeculative() {
    for id in attempts.speculative.sorted() { cancelSpeculative(id) }
  }

  /// Cancels the other attempt at a trial after one has reached the rung.
  mutating func cancelOtherAttempt(at trial: Int, than id: AttemptID) {
    guard let entry = attempts.trials[trial], let speculative = entry.speculativeAttempt else { return }
    cancelSpeculative(id == speculative ? entry.current ?? speculative : speculative)
  }

  private mutating func cancelSpeculative(_ id: AttemptID) {
    guard let attempt = attempts.removeOvertaken(id) else { return }
    perform(checkpoints.abandon(id))
    membership.free(id, on: attempt.worker)
    supersede(id, on: attempt.worker)
  }
}
