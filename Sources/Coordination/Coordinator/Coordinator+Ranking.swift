import Search

// The results of a search, for display and export.
extension Coordinator {
  /// The results of trials, by number.
  package var results: [Int: TrialEnd] { allResults.trials }

  /// The best of them so far; with ASHA also of the scores at rungs.
  package var best: TrialEnd? { allResults.best }

  /// The result to rank and display.
  package func result(of end: TrialEnd) -> TrialResult { allResults.result(of: end) }

  /// The values of a trial or replicate, nil for parameters without an effect. Nil if they are not known: a trial with
  /// a learning sampler has not begun since its result was deleted.
  package func effectiveValues(of number: Int) -> [Value?]? {
    allResults.knownValues(number).map(file.effective)
  }

  /// Whether a number is a trial or a required replicate of this search.
  package func isWanted(_ number: Int) -> Bool { allResults.isWanted(number) }

  /// The ended trials, best first; with ASHA, also open trials that have reached a rung. Re-evaluation counts once all
  /// replicates have ended.
  package var ranking: [TrialResult] {
    let ended = allResults.trials.values.map { end in
      var result = result(of: end)
      if isFinished { result.reevaluated = allResults.reevaluated(end.trial) }
      return result
    }
    let ongoing =
      promotion.asha == nil
      ? [] : promotion.standings.keys.compactMap { promotion.provisionalResult(of: $0).map(result(of:)) }
    return Ranking.ranked(ended + ongoing, by: file.goal)
  }

  /// Rank 1 of the ranking; nil if no trial has a score.
  package var leader: TrialResult? {
    guard isFinished, allResults.reevaluation != nil else { return best.map(result(of:)) }
    return ranking.first.flatMap { $0.objective == nil ? nil : $0 }
  }

  /// The number of ended and of required replicates; nil without re-evaluation.
  package var reevaluations: (done: Int, of: Int)? {
    guard let reevaluation = allResults.reevaluation else { return nil }
    let wanted =
      allResults.trials.count == allResults.trialCount ? reevaluation.candidates.count : reevaluation.top
    let done = reevaluation.candidates.count * reevaluation.seeds - allResults.pendingReplicates.count
    return (done, wanted * reevaluation.seeds)
  }
}
