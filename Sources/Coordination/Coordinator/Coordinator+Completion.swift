import Search

// The stop condition of a search.
extension Coordinator {
  /// The number of trials; nil for an open-ended search.
  package var trials: Int? { file.isOpenEnded && !isComplete ? nil : trialCount }

  /// The number of trials that have begun.
  package var begunCount: Int { backlog.begun }

  /// Ends the start and promotion of trials. Running trials train to their next rung or their end; paused trials end
  /// with their last score.
  mutating func complete(at now: Duration) {
    guard !isComplete else { return }
    isComplete = true
    effects.append(.persist(.trialsComplete(count: backlog.begun)))
    if backlog.begun < trialCount {
      backlog.dropNewTrials()
      trialCount = backlog.begun
      reevaluation = file.reevaluation(of: trialCount)
      for end in results.values { queueReplicates(after: end) }
    }
    stopPaused(at: now)
    if isFinished { sendFinish() }
  }

  mutating func stopPaused(at now: Duration) {
    for trial in openTrials.keys.sorted() where isPausedAtRung(trial) {
      openTrials[trial].map { stop(trial, at: $0.reached - 1, now: now) }
    }
  }

  /// Whether the search is complete, or open trials will use up its epoch limit.
  var isStopping: Bool {
    isComplete || file.epochLimit.map { endedEpochs + openEpochs >= $0 } ?? false
  }

  /// Whether ASHA has no trial to begin, to promote or to wait for.
  var isExhausted: Bool {
    guard let asha, !isComplete, backlog.count == 0, !openTrials.isEmpty || !results.isEmpty else {
      return false
    }
    return openTrials.values.allSatisfy { $0.current == nil } && asha.next == nil
  }
}
