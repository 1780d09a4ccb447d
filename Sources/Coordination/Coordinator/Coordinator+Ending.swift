import Search

// Ends of attempts and trials.
extension Coordinator {
  // MARK: Attempts

  /// Ends an attempt without a result. Its trial is requeued unless its failures end it.
  mutating func endAttempt(_ id: AttemptID, as loss: AttemptEnd, detail: String, at now: Duration) {
    guard let attempt = attempts[id], !attempt.isLost else { return }
    // A released attempt cannot be lost.
    let handover = checkpoints.handovers[id]
    let end = handover == nil ? loss : handoverEnd(of: id, attempt)
    let detail = handover?.why ?? detail
    perform(checkpoints.abandon(id))
    membership.free(id, on: attempt.worker)
    let isAlone = attempts.lose(id)
    persist(.attemptEnded(id, end, detail: detail))
    if !end.isWorkersFault {
      note("attempt \(id.number) of \(Replicate(number: attempt.trial)) \(end): \(detail)")
    }
    if end.isFailure { recordFailure(of: id, attempt, as: end, detail) }
    if end.isFinal { attempts.remove(id) }
    guard isAlone else { return }
    if end.isFailure || attempts.hasReachedLimit(attempt.trial), decide(attempt.trial, at: now) { return }
    guard !promotion.isPaused(attempt.trial) else { return }
    if end.delaysTrial { attempts.delay(attempt.trial, after: attempt, at: now) }
    backlog.putBack(attempt.trial)
  }

  /// Ends an attempt because one of its messages broke a rule; the attempt counts as failed.
  mutating func rejectAttempt(
    _ id: AttemptID, of worker: WorkerID, because problem: String, at now: Duration
  ) {
    reject("\(problem), in attempt \(id.number)", to: worker)
    failAttempt(id, as: .rejected, because: problem, at: now)
    sendRevoke(id, to: worker)
  }

  /// Ends a failed attempt; later messages of it are ignored.
  mutating func failAttempt(
    _ id: AttemptID, as end: AttemptEnd = .failed, because detail: String, at now: Duration
  ) {
    guard let attempt = attempts[id] else { return }
    perform(checkpoints.abandon(id))
    let worker = membership[attempt.worker].map { " on \($0.text)" } ?? ""
    if attempt.isLost {
      persist(.attemptEnded(id, end, detail: detail))
      blame.withdraw(id, of: attempt.trial)
      recordFailure(of: id, attempt, as: end, detail)
      if attempts.trials[attempt.trial]?.current == nil { decide(attempt.trial, at: now) }
    } else {
      endAttempt(id, as: end, detail: detail, at: now)
    }
    attempts.remove(id)
    // The end of a trial has its own warning.
    guard attempts.trials[attempt.trial] != nil else { return }
    warn("attempt \(id.number) of \(Replicate(number: attempt.trial)) failed\(worker): \(detail)")
  }

  private mutating func recordFailure(
    of id: AttemptID, _ attempt: Attempt, as end: AttemptEnd, _ detail: String
  ) {
    let failure = Failure(
      attempt: id, worker: attempt.worker, host: membership[attempt.worker]?.description.host ?? "",
      epochs: attempt.epochs.count, end: end, detail: detail)
    blame.record(failure, of: attempt.trial, in: membership)
    guard end.isWorkersFault else { return }
    checkpoints.forgetHolder(attempt.worker, of: attempt.trial)
    // The checkpoint may be the cause.
    let stored = checkpoints.stored[attempt.trial]?.file.checkpoint
    if let used = attempt.checkpoint, used == stored, attempt.epochs.count == attempt.inherited {
      perform(checkpoints.forget(attempt.trial))
    }
  }

  mutating func supersede(_ id: AttemptID, on worker: WorkerID) {
    persist(.attemptEnded(id, .superseded, detail: ""))
    sendRevoke(id, to: worker)
  }

  // MARK: Trials

  /// Ends a trial if its failures require it.
  ///
  /// - Returns: whether the trial has ended.
  @discardableResult
  private mutating func decide(_ trial: Int, at now: Duration) -> Bool {
    guard let entry = attempts.trials[trial], !promotion.isPaused(trial), let last = entry.attempts.last
    else {
      return false
    }
    if attempts.hasReachedLimit(trial) {
      quarantine(trial, by: last, because: "\(entry.attempts.count) attempts ended without a result", at: now)
      return true
    }
    guard let history = blame.histories[trial], let failure = history.failures.last,
      let verdict = blame.verdict(on: trial, in: membership, at: now)
    else { return false }
    switch verdict {
    case .failed(let reason):
      warn("\(Replicate(number: trial)) failed\(history.hosts): \(reason)")
      end(trial, as: .failed, after: history.failures.last { $0.end == .failed } ?? failure, at: now)
    case .quarantined(let reason): quarantine(trial, by: failure.attempt, because: reason, at: now)
    case .diverged(let failure):
      for worker in Set(history.failures.filter { $0.end == .diverged }.map(\.worker)) {
        blame.recordSuccess(of: worker, in: membership)
      }
      end(trial, as: .diverged, after: failure, at: now)
    }
    return true
  }

  private mutating func end(
    _ trial: Int, as status: TrialResult.Status, after failure: Failure, at now: Duration
  ) {
    endTrial(
      TrialEnd(trial: trial, status: status, epochs: Double(failure.epochs)), by: failure.attempt, at: now)
  }

  private mutating func quarantine(
    _ trial: Int, by id: AttemptID, because reason: String, at now: Duration
  ) {
    warn("\(Replicate(number: trial)) is quarantined: \(reason)")
    // The number of completed epochs depends on timing; results.csv must not.
    endTrial(TrialEnd(trial: trial, status: .quarantined, epochs: 0), by: id, at: now)
  }

  /// Records the result of a trial and cancels its other attempts.
  mutating func endTrial(_ result: TrialEnd, by winner: AttemptID, at now: Duration) {
    persist(.trialEnded(result, by: winner))
    queue(allResults.record(result))
    _ = backlog.remove(result.trial)
    perform(checkpoints.forget(result.trial))
    let worker = attempts[winner]?.worker
    let reached = promotion[result.trial]?.reached ?? 0
    promotion.end(result.trial)
    for (id, attempt) in attempts.endTrial(result.trial) {
      perform(checkpoints.abandon(id))
      membership.free(id, on: attempt.worker)
      if id != winner, !attempt.isLost { supersede(id, on: attempt.worker) }
    }
    for worker in blame.resolve(result, by: worker) { excludeIfAtFault(worker, at: now) }
    reportEndToRung(of: result, after: reached, at: now)
    if isFinished { sendFinish() }
  }

  /// Queues replicates that have not begun.
  mutating func queue(_ replicates: [Int]) {
    for number in replicates where attempts.trials[number] == nil { backlog.putBack(number) }
  }

  // MARK: Workers

  /// Warns once for all attempts of a lost worker.
  mutating func warnOfLoss(of attempts: Int, on peer: Peer, _ what: String) {
    guard attempts > 0 else { return }
    let trials = attempts == 1 ? "its trial runs" : "its \(attempts) trials run"
    warn("worker \(peer.text) \(what); \(trials) again")
  }
}
