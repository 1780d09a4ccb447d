/// Selects the top trials for re-evaluation with new seeds.
///
/// Each score contains noise, so the best of many scores is biased upwards. That is why the means of the new seeds do
/// not include the trial's own score.
package struct Reevaluation: Hashable, Sendable {
  /// The number of trials to re-evaluate.
  package let top: Int
  /// The number of new seeds per trial.
  package let seeds: Int
  private let goal: Goal
  /// The number of trials that have not ended.
  private var unended: Int
  /// The best ended trials, at most `top`, best first.
  private var leaders: [TrialResult] = []
  /// The trials that are certain to be among the top, whatever the remaining trials score.
  package private(set) var candidates: Set<Int> = []

  /// The re-evaluation of a search without ended trials.
  package init(top: Int, seeds: Int, trials: Int, goal: Goal) {
    precondition(top > 0 && seeds > 0 && trials > 0, "top \(top) of \(trials), \(seeds) seeds")
    self.top = min(top, trials)
    self.seeds = seeds
    self.goal = goal
    unended = trials
  }

  /// Records the result of a trial, once per trial.
  ///
  /// - Returns: The replicates that are certain to be needed. Their final set is independent of the order of results.
  package mutating func report(_ result: TrialResult) -> [Replicate] {
    unended -= 1
    if result.objective?.isFinite == true {
      let index = leaders.firstIndex { Ranking.isBetter(result, $0, goal) } ?? leaders.endIndex
      leaders.insert(result, at: index)
      if leaders.count > top { leaders.removeLast() }
    }
    let certain = leaders.prefix(max(0, top - unended)).map(\.trial)
    let new = certain.filter { candidates.insert($0).inserted }
    return new.flatMap { trial in (1...seeds).map { Replicate($0, of: trial) } }
  }
}

/// The scores of a configuration with new seeds.
package struct Reevaluated: Hashable, Sendable {
  /// The estimate of the objective.
  package let objective: Estimate
  /// The estimate of the metric in results.csv.
  package let shown: Estimate

  /// The estimates from the results with new seeds; nil if none has a score. `metric` is the one in results.csv.
  package init?(_ results: [TrialResult], of metric: String) {
    let scored = results.filter { $0.objective?.isFinite == true && $0.metrics?[metric]?.isFinite == true }
    guard !scored.isEmpty else { return nil }
    objective = Estimate(scored.compactMap(\.objective))
    shown = Estimate(scored.compactMap { $0.metrics?[metric] })
  }
}
