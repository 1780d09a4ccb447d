import Search

// The stop condition of a search.
extension Coordinator {
  /// Whether all trials and all required replicates have ended.
  package var isFinished: Bool { allResults.isFinished }

  /// Ends the start and promotion of trials. Running trials train to their next rung or their end; paused trials end
  /// with their last score.
  mutating func complete(at now: Duration) {
    guard !allResults.isComplete else { return }
    persist(.trialsComplete(count: backlog.begun))
    queue(allResults.complete(begun: backlog.begun))
    backlog.dropNewTrials()
    stopPaused(at: now)
    if isFinished { sendFinish() }
  }

  /// Whether the search is complete, or open trials will use up its epoch limit.
  var isStopping: Bool {
    allResults.isComplete || file.epochLimit.map { allResults.epochs + promotion.openEpochs >= $0 } ?? false
  }

  /// Whether ASHA has no trial to begin, to promote or to wait for.
  var isExhausted: Bool {
    guard let asha = promotion.asha, !allResults.isComplete, backlog.count == 0,
      !attempts.trials.isEmpty || !allResults.trials.isEmpty
    else { return false }
    return attempts.trials.values.allSatisfy { $0.current == nil } && asha.next == nil
  }
}
