import Search

// Re-evaluation of the best trials with new seeds.
extension Coordinator {
  func isReplicate(_ number: Int) -> Bool { number >= file.trials }

  /// Queues the replicates that are required now that a trial has ended, except those with results.
  mutating func queueReplicates(after end: TrialEnd) {
    let result = result(of: end)
    let wanted = (reevaluation?.report(result) ?? []).map(\.number)
    for number in wanted where replicates[number] == nil && pendingReplicates.insert(number).inserted {
      if openTrials[number] == nil { backlog.putBack(number) }
    }
  }

  /// Drops open replicates of trials that are no longer candidates: a search resumed with more trials may have others.
  mutating func dropUnwantedReplicates() {
    for (number, entry) in openTrials where isReplicate(number) && !pendingReplicates.contains(number) {
      for id in entry.attempts where attempts.removeValue(forKey: id)?.isLost == false {
        effects.append(.persist(.attemptEnded(id, .superseded, detail: "")))
      }
      speculativeAttempts.subtract(entry.attempts)
      openTrials[number] = nil
      failedTrials.remove(number)
    }
  }

  /// The result of a trial's replicates; nil unless all have ended.
  private func reevaluated(_ trial: Int) -> Reevaluated? {
    guard let reevaluation, reevaluation.candidates.contains(trial) else { return nil }
    let ends = (1...reevaluation.seeds).map { replicates[Replicate($0, of: trial).number] }
    return Reevaluated(ends.compactMap { $0.map(result(of:)) }, of: file.metrics.estimated)
  }

  /// The ended trials, best first; with ASHA, also open trials that have reached a rung. Re-evaluation counts once all
  /// replicates have ended.
  package var ranking: [TrialResult] {
    let ended = results.values.map { end in
      var result = result(of: end)
      if isFinished { result.reevaluated = reevaluated(end.trial) }
      return result
    }
    let ongoing = asha == nil ? [] : openTrials.keys.compactMap { provisionalResult(of: $0).map(result(of:)) }
    return Ranking.ranked(ended + ongoing, by: file.goal)
  }

  /// Rank 1 of the ranking; nil if no trial has a score.
  package var leader: TrialResult? {
    guard isFinished, reevaluation != nil else { return best.map(result(of:)) }
    return ranking.first.flatMap { $0.objective == nil ? nil : $0 }
  }

  /// The number of ended and of required replicates; nil without re-evaluation.
  package var reevaluations: (done: Int, of: Int)? {
    guard let reevaluation else { return nil }
    let wanted =
      results.count == trialCount ? reevaluation.candidates.count : reevaluation.top
    let done = reevaluation.candidates.count * reevaluation.seeds - pendingReplicates.count
    return (done, wanted * reevaluation.seeds)
  }

  /// Whether a number is a trial or a required replicate of this search.
  package func isWanted(_ number: Int) -> Bool {
    !isReplicate(number) || reevaluation?.candidates.contains(Replicate(number: number).trial) == true
  }
}
