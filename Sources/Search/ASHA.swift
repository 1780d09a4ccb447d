/// Asynchronous successive halving, for searches whose number of trials is not known beforehand.
///
/// Whenever a slot is free, a trial goes on that is among the best 1/factor of those that have reported at its rung so far; if
/// there is none, a new one begins (Li, Jamieson, Rostamizadeh et al., "A system for massively parallel hyperparameter
/// tuning", MLSys 2020, algorithm 2). No slot ever waits. The price: which trials go on depends on the order of arrival, and
/// early ones go on for want of better.
package struct ASHA: Sendable {
  /// A trial that goes on, and the rung that it goes on to.
  package typealias Promotion = (trial: Int, to: Int)

  /// What trained to a rung's budget, best first.
  private struct Rung {
    var reported: [Halving.Standing] = []
    var promoted: Set<Int> = []
  }

  /// The epochs that a trial has trained when it reports at each rung; the last rung's are all.
  package let budgets: [Double]
  private let factor: Double
  private let objective: Objective
  private var rungs: [Rung]

  /// Rungs at ascending budgets; of the trials at each one in `factor` goes on.
  package init(budgets: [Double], factor: Double, objective: Objective) {
    precondition(!budgets.isEmpty && factor > 1, "\(budgets.count) budgets, factor \(factor)")
    self.budgets = budgets
    self.factor = factor
    self.objective = objective
    rungs = budgets.map { _ in Rung() }
  }

  /// Takes what a trial reached at a rung, which it reports there once. Without a finite objective it goes no further.
  package mutating func report(_ standing: Halving.Standing, at rung: Int) {
    let place = rungs[rung].reported.partitioningIndex { standing.ranks(before: $0, by: objective) }
    rungs[rung].reported.insert(standing, at: place)
  }

  /// The trial that goes on next, from the highest rung that has one; nil where a new trial shall begin.
  package var next: Promotion? {
    for rung in rungs.indices.dropLast().reversed() {
      let room = Int(Double(rungs[rung].reported.count) / factor)
      let next = rungs[rung].reported.prefix(room).first { standing in
        standing.objective?.isFinite == true && !rungs[rung].promoted.contains(standing.trial)
      }
      if let next { return (next.trial, rung + 1) }
    }
    return nil
  }

  /// A trial goes on.
  package mutating func promote(_ promotion: Promotion) {
    rungs[promotion.to - 1].promoted.insert(promotion.trial)
  }
}
