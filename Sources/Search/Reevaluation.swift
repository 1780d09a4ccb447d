/// Finds the trials whose configurations are trained again under fresh seeds before the best is named.
///
/// A search picks the highest of many scores, in each of which luck has a part; so the score of its best is too high. That
/// is why the trial's own score has no part in what the fresh seeds say.
package struct Reevaluation: Hashable, Sendable {
  /// How many trials are confirmed.
  package let top: Int
  /// Under how many fresh seeds.
  package let seeds: Int
  private let objective: Objective
  /// Trials that have not ended.
  private var unended: Int
  /// The best that have, at most `top`, best first.
  private var leaders: [TrialResult] = []
  /// The trials that are among the best for certain: as many as could still be better leave them there.
  package private(set) var candidates: Set<Int> = []

  /// The reevaluation of a search none of whose trials has ended.
  package init(top: Int, seeds: Int, trials: Int, objective: Objective) {
    precondition(top > 0 && seeds > 0 && trials > 0, "top \(top) of \(trials), \(seeds) seeds")
    self.top = min(top, trials)
    self.seeds = seeds
    self.objective = objective
    unended = trials
  }

  /// Takes the result of a trial, each trial's once.
  ///
  /// - Returns: what is to be trained now for certain; in the end the same whatever the order of results.
  package mutating func report(_ result: TrialResult) -> [Replicate] {
    unended -= 1
    if result.objective?.isFinite == true {
      let place = leaders.firstIndex { Ranking.isBetter(result, $0, objective) } ?? leaders.endIndex
      leaders.insert(result, at: place)
      if leaders.count > top { leaders.removeLast() }
    }
    let certain = leaders.prefix(max(0, top - unended)).map(\.trial)
    let new = certain.filter { candidates.insert($0).inserted }
    return new.flatMap { trial in (1...seeds).map { Replicate($0, of: trial) } }
  }
}

/// What a configuration came to under fresh seeds.
package struct Reevaluated: Hashable, Sendable {
  /// Of what the search ranks by.
  package let objective: Estimate
  /// Of the validation accuracy.
  package let valAccuracy: Estimate

  /// Nil where no seed led to a score.
  package init?(_ results: [TrialResult]) {
    let scored = results.filter { $0.objective?.isFinite == true && $0.valAccuracy?.isFinite == true }
    guard !scored.isEmpty else { return nil }
    objective = Estimate(scored.compactMap(\.objective))
    valAccuracy = Estimate(scored.compactMap(\.valAccuracy))
  }
}
