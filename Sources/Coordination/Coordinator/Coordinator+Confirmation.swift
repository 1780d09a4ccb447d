import Search

// The training of the best configurations under fresh seeds.
extension Coordinator {
  func isReplicate(_ number: Int) -> Bool { number >= file.trials }

  /// A trial has ended: what must be confirmed for certain waits for a slot, unless it has been trained before.
  mutating func confirm(after end: TrialEnd) {
    let result = result(of: end)
    let wanted = (reevaluation?.report(result) ?? []).map(\.number)
    for number in wanted where replicates[number] == nil && unconfirmed.insert(number).inserted {
      if openTrials[number] == nil { backlog.putBack(number) }
    }
  }

  /// A search that goes on with more trials than before may have other candidates.
  mutating func dropUnwantedReplicates() {
    for (number, entry) in openTrials where isReplicate(number) && !unconfirmed.contains(number) {
      for id in entry.attempts where attempts.removeValue(forKey: id)?.isLost == false {
        effects.append(.persist(.attemptEnded(id, .superseded, words: "")))
      }
      speculativeAttempts.subtract(entry.attempts)
      openTrials[number] = nil
      failedTrials.remove(number)
    }
  }

  /// What the replicates of a trial came to; nil before all have ended, and where none was asked for.
  private func confirmed(_ trial: Int) -> Reevaluated? {
    guard let reevaluation, reevaluation.candidates.contains(trial) else { return nil }
    let ends = (1...reevaluation.seeds).map { replicates[Replicate($0, of: trial).number] }
    return Reevaluated(ends.compactMap { $0.map(result(of:)) })
  }

  /// The trials that have ended, best first, and where ASHA never waits for ends, those that have come to a rung. What fresh seeds say counts when all have spoken.
  package var ranking: [TrialResult] {
    let ended = results.values.map { end in
      var result = result(of: end)
      if isFinished { result.reevaluated = confirmed(end.trial) }
      return result
    }
    let ongoing = asha == nil ? [] : openTrials.keys.compactMap { standing(of: $0).map(result(of:)) }
    return Ranking.ranked(ended + ongoing, by: file.objective)
  }

  /// Replicates that have ended, and how many there will be; nil where nothing is confirmed.
  package var reevaluations: (done: Int, of: Int)? {
    guard let reevaluation else { return nil }
    let wanted =
      results.count == trialCount ? reevaluation.candidates.count : reevaluation.top
    let done = reevaluation.candidates.count * reevaluation.seeds - unconfirmed.count
    return (done, wanted * reevaluation.seeds)
  }

  /// Whether a record belongs to the search as it is: a trial or a replicate that it wanted.
  package func isWanted(_ number: Int) -> Bool {
    !isReplicate(number) || reevaluation?.candidates.contains(Replicate(number: number).trial) == true
  }
}
