import Search

// The parameter values of trials and their replicates.
extension Coordinator {
  /// The values of a trial or replicate that has begun.
  func values(_ number: Int) -> [Value] {
    suggestions.recordedValues(trial: Replicate(number: number).trial)
  }

  /// The values of a trial or replicate, nil for parameters without an effect. Nil if they are not known: a trial with a
  /// learning sampler has not begun since its result was deleted.
  package func effectiveValues(of number: Int) -> [Value?]? {
    suggestions.knownValues(trial: Replicate(number: number).trial).map(file.effective)
  }

  /// The result to rank and display.
  package func result(of end: TrialEnd) -> TrialResult {
    file.result(of: end, values(end.trial))
  }

  /// Reports an ended trial to an adaptive sampler. With rungs, the sampler gets scores at the first rung instead,
  /// because most trials begin before the first ones end.
  mutating func reportEnd(after end: TrialEnd) {
    let hasScore = end.status == .done || end.status == .stopped
    suggestions.report(trial: end.trial, objective: hasScore ? end.metrics.map(file.goal.value) : nil)
  }

  /// Replays the suggestions of the last generation.
  mutating func resumeSuggestions(_ snapshot: Snapshot) {
    guard file.sampler.learns else { return }
    if rungs.isEmpty {
      for end in results.values { reportEnd(after: end) }
    } else {
      let first = snapshot.rungs.first ?? []
      for reached in first {
        suggestions.report(trial: reached.trial, objective: file.goal.value(reached.metrics))
      }
      for end in results.values { suggestions.report(trial: end.trial, objective: nil) }
    }
    let begun = snapshot.openAttempts.map { Replicate(number: $0.trial).trial } + results.keys
    guard let last = begun.max() else { return }
    guard suggestions.values(trial: last) != nil else {
      preconditionFailure("trial \(last) has begun, and results that it follows from are missing")
    }
  }
}
