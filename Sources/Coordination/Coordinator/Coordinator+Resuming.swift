import Search

// The start from the state on disk: what the last coordinator decided is repeated with the same outcome.
extension Coordinator {
  mutating func resume(from snapshot: Snapshot, at now: Duration) {
    resumeAttempts(snapshot.openAttempts, at: now)
    resumeRungs(snapshot.rungs, at: now)
    for (id, attempt) in attempts.all { attempts.setBudget(resumedBudget(of: id, attempt.trial), of: id) }
    for end in snapshot.results where allResults.trials[end.trial] != nil {
      queue(allResults.requireReplicates(after: end))
    }
    dropUnwantedReplicates()
    for (trial, entry) in attempts.trials where entry.current == nil && !promotion.isPaused(trial) {
      backlog.putBack(trial)
    }
    for checkpoint in snapshot.checkpoints { resumeCheckpoint(checkpoint) }
    if allResults.isComplete { stopPaused(at: now) }
  }

  private mutating func resumeAttempts(_ open: [Snapshot.OpenAttempt], at now: Duration) {
    for attempt in open where attempt.end != .superseded {
      let isExcluded = membership.excluded[attempt.worker] != nil
      if attempts.trials[attempt.trial] == nil { begin(attempt.trial) }
      let continues = attempts.adopt(attempt, isExcluded: isExcluded, at: now)
      if attempt.end == nil, !continues {
        persist(.attemptEnded(attempt.id, .interrupted, detail: ""))
      } else if let end = attempt.end, end.isFailure {
        let failure = Failure(
          attempt: attempt.id, worker: attempt.worker, host: attempt.host, epochs: attempt.epochs.count,
          end: end, detail: attempt.detail)
        blame.record(failure, of: attempt.trial, in: membership)
      }
    }
    for attempt in open {
      _ = blame.refute(attempt.trial, before: Double(attempt.epochs.count), by: attempt.worker)
    }
  }

  /// The budget of an attempt. One that has reached a rung hands its checkpoint over there, even if its trial is
  /// promoted meanwhile.
  private func resumedBudget(of id: AttemptID, _ trial: Int) -> Double {
    guard let standing = promotion[trial], standing.lastRung?.attempt == id else { return budget(of: trial) }
    return promotion.rungs[standing.reached - 1]
  }

  /// Repeats the promotion decisions from the recorded scores. Rung by rung, because a trial must be promoted to a rung
  /// before it reaches it.
  private mutating func resumeRungs(_ scores: [[RungScore]], at now: Duration) {
    var scoreless = allResults.trials.values.filter(\.endsWithoutScore).map(\.trial).sorted()
    for rung in promotion.rungs.indices.dropLast() {
      let scores = rung < scores.count ? scores[rung] : []
      for score in scores {
        if rung > 0 { promotion.repeatPromotion(of: score.trial, to: rung) }
        _ = reach(rung, score, at: now)
      }
      let passed = Set(scores.map(\.trial))
      for trial in scoreless where !passed.contains(trial) { _ = report(nil, of: trial, at: rung, now: now) }
      scoreless.removeAll { !passed.contains($0) }
    }
    guard promotion.asha != nil else { return }
    // Trials with an attempt after their last rung were promoted.
    for (trial, entry) in attempts.trials {
      let last = promotion[trial]?.lastRung?.attempt
      promotion.resume(trial, isPromoted: last.map { last in entry.attempts.contains { $0 > last } } ?? false)
    }
  }

  private mutating func resumeCheckpoint(_ file: StoredCheckpoint) {
    let epochs = attempts[file.attempt]?.epochs ?? []
    guard attempts.trials[file.trial] != nil, file.checkpoint.epochs <= epochs.count else {
      return perform([.remove(file.checkpoint)])
    }
    store(file, epochs)
  }

  /// Drops open replicates of trials that are no longer candidates: a search resumed with more trials may have others.
  private mutating func dropUnwantedReplicates() {
    for number in attempts.trials.keys
    where allResults.isReplicate(number) && !allResults.pendingReplicates.contains(number) {
      for (id, attempt) in attempts.endTrial(number) where !attempt.isLost {
        persist(.attemptEnded(id, .superseded, detail: ""))
      }
      blame.forget(number)
    }
  }
}
