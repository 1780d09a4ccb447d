/// Asynchronous successive halving (ASHA), for searches whose number of trials is not known in advance.
///
/// A free slot promotes a trial that is among the best 1/eta of those that have reported at its rung so far. If there
/// is none, it starts a new trial (Li, Jamieson, Rostamizadeh et al., "A system for massively parallel hyperparameter
/// tuning", MLSys 2020, algorithm 2). No slot waits. However, promotions depend on the order of arrival, and early
/// trials may be promoted only because better ones have not reported yet.
package struct ASHA: Sendable {
  /// A promoted trial and its next rung.
  package typealias Promotion = (trial: Int, to: Int)

  /// The trials that have reported at a rung, best first.
  private struct Rung {
    var reported: [Halving.RungResult] = []
    var promoted: Set<Int> = []
  }

  /// The budget of each rung in epochs; that of the last rung is a full training.
  package let budgets: [Double]
  private let factor: Double
  private let goal: Goal
  private var rungs: [Rung]

  /// Rungs at ascending budgets, with `factor` as the reduction factor eta.
  package init(budgets: [Double], factor: Double, goal: Goal) {
    precondition(!budgets.isEmpty && factor > 1, "\(budgets.count) budgets, factor \(factor)")
    self.budgets = budgets
    self.factor = factor
    self.goal = goal
    rungs = budgets.map { _ in Rung() }
  }

  /// Records the result of a trial at a rung, once per trial and rung. A trial without a finite objective is not
  /// promoted.
  package mutating func report(_ standing: Halving.RungResult, at rung: Int) {
    let index = rungs[rung].reported.partitioningIndex { standing.ranks(before: $0, by: goal) }
    rungs[rung].reported.insert(standing, at: index)
  }

  /// The next promotion, from the highest rung that has one; nil if a new trial is to start.
  package var next: Promotion? {
    for rung in rungs.indices.dropLast().reversed() {
      let quota = Int(Double(rungs[rung].reported.count) / factor)
      let next = rungs[rung].reported.prefix(quota).first { standing in
        standing.objective?.isFinite == true && !rungs[rung].promoted.contains(standing.trial)
      }
      if let next { return (next.trial, rung + 1) }
    }
    return nil
  }

  /// Records a promotion.
  package mutating func promote(_ promotion: Promotion) {
    rungs[promotion.to - 1].promoted.insert(promotion.trial)
  }
}
