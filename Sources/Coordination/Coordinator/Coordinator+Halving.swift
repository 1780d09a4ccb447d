import Search

// Rungs: promotion and early stopping of trials.
extension Coordinator {
  /// The epochs to the next rung of a trial, or to its end.
  func budget(trial: Int) -> Double {
    guard !rungs.isEmpty, !isReplicate(trial) else { return Double(file.epochs(values(trial))) }
    return rungs[openTrials[trial]?.goal ?? 0]
  }

  /// Whether a trial is paused at a rung and waits for the promotion decision.
  func isPausedAtRung(_ trial: Int) -> Bool {
    guard let trial = openTrials[trial] else { return false }
    return trial.reached > trial.goal
  }

  /// Repeats the promotion decisions from the recorded scores, with the same outcome. Rung by rung, because a trial
  /// must be promoted to a rung before it reaches it.
  mutating func resumeRungs(_ scores: [[RungScore]], at now: Duration) {
    var scoreless = results.values.filter(\.endsWithoutScore).map(\.trial).sorted()
    for rung in rungs.indices.dropLast() {
      let scores = rung < scores.count ? scores[rung] : []
      for score in scores {
        if rung > 0 { asha?.promote((score.trial, to: rung)) }
        reach(rung, score, at: now)
      }
      let passed = Set(scores.map(\.trial))
      for trial in scoreless where !passed.contains(trial) { report(nil, of: trial, at: rung, now: now) }
      scoreless.removeAll { !passed.contains($0) }
    }
    if asha != nil { resumePromotions() }
  }

  /// Restores ASHA's promotions, which are not recorded: trials with an attempt after their last rung were promoted.
  private mutating func resumePromotions() {
    for (trial, entry) in openTrials where entry.reached > 0 {
      let continues = entry.lastRung.map { last in entry.attempts.contains { $0 > last.attempt } } ?? false
      openTrials[trial]?.goal = continues ? entry.reached : entry.reached - 1
      if continues { asha?.promote((trial, to: entry.reached)) }
    }
  }

  /// Handles a reported epoch of an attempt.
  mutating func recordEpoch(of id: AttemptID, at now: Duration) {
    guard let epochs = attempts[id]?.epochs, let metrics = file.goal.decisive(epochs) else { return }
    recordScore(TrialMeasurement(step: Double(epochs.count), metrics), of: id, at: now)
  }

  /// Handles the metrics by which an attempt is compared at a step.
  mutating func recordScore(_ score: TrialMeasurement, of id: AttemptID, at now: Duration) {
    lastProgress = now
    let epochs = score.step
    guard let trial = attempts[id]?.trial, !isReplicate(trial), let rung = openTrials[trial]?.reached,
      rung + 1 < rungs.count, epochs == rungs[rung]
    else { return }
    // A lost attempt may reach the rung while its trial is queued.
    if openTrials[trial]?.current == nil { _ = backlog.remove(trial) }
    let reached = RungScore(trial: trial, attempt: id, metrics: score.metrics)
    effects.append(.persist(.rungReached(reached, rung: rung)))
    cancelOtherAttempt(at: trial, than: id)
    if let worker = attempts[id]?.worker { recordSuccess(of: worker) }
    resetFailures(of: trial, by: attempts[id]?.worker, epochs: epochs.rounded(.up), at: now)
    requeue(reach(rung, reached, at: now))
    if isComplete, isPausedAtRung(trial) { stop(trial, at: rung, now: now) }
  }

  /// Reports a trial that ended without a score to its rung.
  mutating func reportEndToRung(of end: TrialEnd, after trial: OpenTrial, at now: Duration) {
    guard !rungs.isEmpty, end.endsWithoutScore, !isReplicate(end.trial) else { return }
    requeue(report(nil, of: end.trial, at: trial.reached, now: now))
  }

  /// Queues promoted trials; those that still run are queued after their handover.
  private mutating func requeue(_ promoted: [Int]) {
    for trial in promoted where openTrials[trial]?.current == nil { backlog.putBack(trial) }
  }

  /// Records that a trial has reached a rung.
  ///
  /// - Returns: the trials that are promoted by it.
  @discardableResult
  private mutating func reach(_ rung: Int, _ reached: RungScore, at now: Duration) -> [Int] {
    openTrials[reached.trial]?.reached = rung + 1
    openTrials[reached.trial]?.lastRung = reached
    if asha != nil {
      rungScoreCount += 1
      provisionalResult(of: reached.trial).map { updateBest(with: $0) }
    }
    return report(reached.metrics, of: reached.trial, at: rung, now: now)
  }

  /// Reports a trial's metrics at a rung, nil for none, to the schedules and the sampler.
  ///
  /// - Returns: the trials that are promoted by it.
  @discardableResult
  private mutating func report(_ metrics: Metrics?, of trial: Int, at rung: Int, now: Duration) -> [Int] {
    let standing = Halving.RungResult(trial: trial, metrics: metrics, goal: file.goal)
    if rung == 0 { suggestions.report(trial: trial, objective: standing.objective) }
    asha?.report(standing, at: rung)
    var promoted: [Int] = []
    for decision in halving?.report(standing, at: rung) ?? [] {
      switch decision {
      case .promote(let trial, let goal):
        guard openTrials[trial] != nil else { continue }
        promote(trial, to: goal)
        promoted.append(trial)
      case .stop(let trial, let rung): stop(trial, at: rung, now: now)
      }
    }
    return promoted
  }

  /// The provisional result of an open trial: its score at its last rung.
  func provisionalResult(of trial: Int) -> TrialEnd? {
    guard let entry = openTrials[trial], let last = entry.lastRung else { return nil }
    return TrialEnd(
      trial: trial, status: .paused, epochs: rungs[entry.reached - 1], metrics: last.metrics)
  }

  /// Stops a trial at a rung, with its score there.
  mutating func stop(_ trial: Int, at rung: Int, now: Duration) {
    guard let last = openTrials[trial]?.lastRung else { return }
    stop(trial, with: TrialMeasurement(step: rungs[rung], last.metrics), in: last.attempt, at: now)
  }

  /// Stops a trial with the metrics by which an attempt is compared at a step.
  private mutating func stop(
    _ trial: Int, with score: TrialMeasurement, in id: AttemptID, at now: Duration
  ) {
    if let attempt = attempts[id], !attempt.isLost {
      effects.append(.persist(.attemptEnded(id, .finished, detail: "")))
      if let peer = peers[attempt.worker] { sendRevoke(id, to: peer.address) }
    }
    endTrial(
      TrialEnd(
        trial: trial, status: .stopped, epochs: score.step, metrics: score.metrics),
      by: id, at: now)
  }

  // MARK: Asynchronous rules

  /// Promotes the next trial that ASHA selects and that can start now; false if there is none.
  mutating func promoteNext() -> Bool {
    while let promotion = asha?.next {
      asha?.promote(promotion)
      promote(promotion.trial, to: promotion.to)
      // A trial whose checkpoint is still being fetched is queued afterwards.
      guard let entry = openTrials[promotion.trial], entry.current == nil else { continue }
      backlog.putBack(promotion.trial)
      return true
    }
    return false
  }

  private mutating func promote(_ trial: Int, to rung: Int) {
    guard let goal = openTrials[trial]?.goal else { return }
    openEpochs += rungs[rung] - rungs[goal]
    openTrials[trial]?.goal = rung
  }

  /// Stops a trial if the median stopping rule selects it after its latest epoch.
  mutating func applyMedianRule(to id: AttemptID, at now: Duration) {
    guard let medianRule, let attempt = attempts[id], !isReplicate(attempt.trial),
      Double(attempt.epochs.count) < attempt.budget
    else { return }
    guard medianRule.stops(attempt.epochs.map(file.goal.value)),
      let metrics = file.goal.decisive(attempt.epochs)
    else { return }
    stop(attempt.trial, with: TrialMeasurement(step: Double(attempt.epochs.count), metrics), in: id, at: now)
  }
}

extension TrialEnd {
  fileprivate var endsWithoutScore: Bool { status != .done && status != .stopped }
}
