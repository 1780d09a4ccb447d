import Search

// Early stopping: what follows when a trial has reached a rung or an epoch.
extension Coordinator {
  /// Handles a reported epoch of an attempt.
  mutating func recordEpoch(of id: AttemptID, at now: Duration) {
    guard let epochs = attempts[id]?.epochs, let metrics = file.goal.decisive(epochs) else { return }
    recordScore(TrialMeasurement(step: Double(epochs.count), metrics), of: id, at: now)
  }

  /// Handles the metrics by which an attempt is compared at a step.
  mutating func recordScore(_ score: TrialMeasurement, of id: AttemptID, at now: Duration) {
    stallWatch.noteProgress(at: now)
    guard let attempt = attempts[id], let rung = promotion[attempt.trial]?.reached,
      promotion.isNextRung(score.step, of: attempt.trial)
    else { return }
    let trial = attempt.trial
    // A lost attempt may reach the rung while its trial is queued.
    if attempts.trials[trial]?.current == nil { _ = backlog.remove(trial) }
    let reached = RungScore(trial: trial, attempt: id, metrics: score.metrics)
    persist(.rungReached(reached, rung: rung))
    cancelOtherAttempt(at: trial, than: id)
    blame.recordSuccess(of: attempt.worker, in: membership)
    confirmFailures(of: trial, by: attempt.worker, epochs: score.step.rounded(.up), at: now)
    requeue(reach(rung, reached, at: now))
    if allResults.isComplete, promotion.isPaused(trial) { stop(trial, at: rung, now: now) }
  }

  /// Reports a trial that ended without a score to its rung; it had reached `reached` rungs.
  mutating func reportEndToRung(of end: TrialEnd, after reached: Int, at now: Duration) {
    guard !promotion.rungs.isEmpty, end.endsWithoutScore, !allResults.isReplicate(end.trial) else { return }
    requeue(report(nil, of: end.trial, at: reached, now: now))
  }

  /// Queues promoted trials; those that still run are queued after their handover.
  private mutating func requeue(_ promoted: [Int]) {
    for trial in promoted where attempts.trials[trial]?.current == nil { backlog.putBack(trial) }
  }

  /// Records that a trial has reached a rung.
  ///
  /// - Returns: the trials that are promoted by it.
  mutating func reach(_ rung: Int, _ score: RungScore, at now: Duration) -> [Int] {
    promotion.reach(rung, score)
    if promotion.asha != nil {
      promotion.provisionalResult(of: score.trial).map { allResults.updateBest(with: $0) }
    }
    return report(score.metrics, of: score.trial, at: rung, now: now)
  }

  /// Reports a trial's metrics at a rung, nil for none, to the schedules and the sampler.
  ///
  /// - Returns: the trials that are promoted by it.
  mutating func report(_ metrics: Metrics?, of trial: Int, at rung: Int, now: Duration) -> [Int] {
    if rung == 0 { allResults.reportScore(metrics, of: trial) }
    let outcome = promotion.report(
      Halving.RungResult(trial: trial, metrics: metrics, goal: file.goal), at: rung)
    for (trial, rung) in outcome.stopped { stop(trial, at: rung, now: now) }
    return outcome.promoted
  }

  /// Stops a trial at a rung, with its score there.
  private mutating func stop(_ trial: Int, at rung: Int, now: Duration) {
    guard let last = promotion[trial]?.lastRung else { return }
    stop(
      trial, with: TrialMeasurement(step: promotion.rungs[rung], last.metrics), in: last.attempt, at: now)
  }

  /// Stops a trial with the metrics by which an attempt is compared at a step.
  private mutating func stop(
    _ trial: Int, with score: TrialMeasurement, in id: AttemptID, at now: Duration
  ) {
    if let attempt = attempts[id], !attempt.isLost {
      persist(.attemptEnded(id, .finished, detail: ""))
      sendRevoke(id, to: attempt.worker)
    }
    endTrial(
      TrialEnd(trial: trial, status: .stopped, epochs: score.step, metrics: score.metrics), by: id, at: now)
  }

  mutating func stopPaused(at now: Duration) {
    for trial in attempts.trials.keys.sorted() where promotion.isPaused(trial) {
      promotion[trial].map { stop(trial, at: $0.reached - 1, now: now) }
    }
  }

  // MARK: Asynchronous rules

  /// Promotes the next trial that ASHA selects and that can start now; false if there is none.
  mutating func promoteNext() -> Bool {
    while let trial = promotion.promoteNext() {
      // A trial whose checkpoint is still being fetched is queued afterwards.
      guard let entry = attempts.trials[trial], entry.current == nil else { continue }
      backlog.putBack(trial)
      return true
    }
    return false
  }

  /// Stops a trial if the median stopping rule selects it after its latest epoch.
  mutating func applyMedianRule(to id: AttemptID, at now: Duration) {
    guard let attempt = attempts[id], !allResults.isReplicate(attempt.trial),
      Double(attempt.epochs.count) < attempt.budget, promotion.stops(attempt.epochs),
      let metrics = file.goal.decisive(attempt.epochs)
    else { return }
    stop(attempt.trial, with: TrialMeasurement(step: Double(attempt.epochs.count), metrics), in: id, at: now)
  }
}

extension TrialEnd {
  var endsWithoutScore: Bool { status != .done && status != .stopped }
}
