import Search

// When a search has enough trials.
extension Coordinator {
  /// How many trials there are; nil while ever new ones begin.
  package var trials: Int? { file.isOpenEnded && !isComplete ? nil : trialCount }

  /// Trials that have begun.
  package var begunCount: Int { backlog.begun }

  /// Nothing more begins: what runs trains until it is compared, or ends, and what waits to be sent on ends with what it
  /// has come to.
  mutating func complete(at now: Duration) {
    guard !isComplete else { return }
    isComplete = true
    effects.append(.persist(.trialsComplete(count: backlog.begun)))
    if backlog.begun < trialCount {
      backlog.forgetFresh()
      trialCount = backlog.begun
      reevaluation = file.reevaluation(of: trialCount)
      for end in results.values { confirm(after: end) }
    }
    stopParked(at: now)
    if isFinished { sendFinish() }
  }

  mutating func stopParked(at now: Duration) {
    for trial in openTrials.keys.sorted() where isParked(trial) {
      openTrials[trial].map { stop(trial, at: $0.reached - 1, now: now) }
    }
  }

  /// Whether as many epochs are trained as were asked for, or will be.
  var isStopping: Bool {
    isComplete || file.epochLimit.map { endedEpochs + openEpochs >= $0 } ?? false
  }

  /// Whether ASHA has no trial left to begin or to send on, and none to wait for.
  var isExhausted: Bool {
    guard let asha, !isComplete, backlog.count == 0, !openTrials.isEmpty || !results.isEmpty else {
      return false
    }
    return openTrials.values.allSatisfy { $0.current == nil } && asha.next == nil
  }
}
