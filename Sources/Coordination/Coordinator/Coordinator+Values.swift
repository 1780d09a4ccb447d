import Search

// What trials, and their replicates, are trained with.
extension Coordinator {
  /// The values of a trial, or of a replicate, that has begun.
  func values(_ number: Int) -> [Value] {
    suggestions.recordedValues(trial: Replicate(number: number).trial)
  }

  /// The result to rank and show of what has ended.
  package func result(of end: TrialEnd) -> TrialResult {
    file.result(of: end, values(end.trial))
  }

  /// A sampler that learns does so from how trials end. With rungs it does from what they come to at the first,
  /// because how they end is not known before most have begun.
  mutating func propose(after end: TrialEnd) {
    let objective = file.objective == .valLoss ? end.valLoss : end.valAccuracy
    suggestions.report(
      trial: end.trial, objective: end.status == .done || end.status == .stopped ? objective : nil)
  }

  /// Draws again what the last coordinator had drawn.
  mutating func resumeProposals(_ snapshot: Snapshot) {
    guard file.sampler.learns else { return }
    if rungs.isEmpty {
      for end in results.values { propose(after: end) }
    } else {
      let first = snapshot.rungs.first ?? []
      for reached in first {
        let objective = file.objective == .valLoss ? reached.score.valLoss : reached.score.valAccuracy
        suggestions.report(trial: reached.trial, objective: objective)
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
