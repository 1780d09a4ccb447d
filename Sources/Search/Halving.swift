/// Successive halving whose answer does not depend on the order in which scores arrive.
///
/// The first rung holds all trials; of each rung the best 1/factor go on to the next (Jamieson, Talwalkar, "Non-stochastic
/// best arm identification and hyperparameter optimization", AISTATS 2016). There all wait for the last of a rung. Here
/// a trial goes on as soon as it is certain that it will: when those that are better and those that have not reported
/// yet are together fewer than the next rung has room for; and is stopped as soon as as many are better as there is
/// room. So every arrival order ends in the same sets.
package struct Halving: Sendable {
  /// What became certain.
  package enum Decision: Hashable, Sendable {
    /// The trial trains on, to the budget of this rung.
    case promote(trial: Int, to: Int)
    /// The trial ends with what it has reached at this rung.
    case stop(trial: Int, at: Int)
  }

  /// What a trial reached at a rung.
  package struct Standing: Hashable, Sendable {
    /// The number of the trial.
    package let trial: Int
    /// What it is ranked by; nil or not finite: it ended without a score, and goes no further.
    package let objective: Double?
    /// Breaks ties.
    package let valLoss: Double?

    /// What a trial reached.
    package init(trial: Int, objective: Double?, valLoss: Double?) {
      self.trial = trial
      self.objective = objective
      self.valLoss = valLoss
    }

    /// Whether it ranks before another of its rung.
    package func ranks(before other: Standing, by objective: Objective) -> Bool {
      Ranking.isBetter(result, other.result, objective)
    }

    private var result: TrialResult {
      TrialResult(trial: trial, values: [], status: .done, epochs: 0, objective: objective, valLoss: valLoss)
    }
  }

  /// A budget at which trials are compared.
  private struct Rung {
    /// The trials that it has room for.
    let room: Int
    /// Those that may still come to it or are on their way to its budget.
    var unreported: Int
    /// Places that nobody is left to take.
    var absent = 0
    /// Reported and undecided, best first.
    var contenders: [Standing] = []
    var promoted = 0
  }

  /// The epochs that a trial has trained when it reports at each rung; the last rung's are all.
  package let budgets: [Int]
  private let objective: Objective
  private var rungs: [Rung]

  /// The rungs of a search: each has room for `factor` times fewer trials than the one before, one at least.
  package init(trials: Int, budgets: [Int], factor: Double, objective: Objective) {
    precondition(trials > 0 && !budgets.isEmpty && factor > 1, "\(trials) trials, factor \(factor)")
    self.budgets = budgets
    self.objective = objective
    var room = trials
    rungs = budgets.map { _ in
      defer { room = max(1, Int(Double(room) / factor)) }
      return Rung(room: room, unreported: room)
    }
  }

  /// The budgets of the rungs, in epochs: `shortest` times growing powers of `factor`, rounded up, the last one `epochs`.
  package static func budgets(shortest: Int, factor: Double, epochs: Int) -> [Int] {
    precondition(shortest > 0 && factor > 1, "\(shortest) epochs, factor \(factor)")
    var budgets: [Int] = []
    var exact = Double(shortest)
    while exact < Double(epochs) {
      let whole = Int(exact.rounded(.up))
      if whole != budgets.last, whole < epochs { budgets.append(whole) }
      exact *= factor
    }
    return budgets + [epochs]
  }

  /// The epochs that a search trains in all if none of its trials ends early.
  package var work: Int {
    zip(rungs, zip(budgets, [0] + budgets)).reduce(0) { $0 + $1.0.room * ($1.1.0 - $1.1.1) }
  }

  /// Takes what a trial reached at a rung, which it reports there once.
  ///
  /// - Returns: What has become certain by it. A trial at the last rung is done; nothing is decided about it.
  package mutating func report(_ standing: Standing, at rung: Int) -> [Decision] {
    assert(rungs[rung].unreported > 0, "rung \(rung) expects no trial, but \(standing.trial) came")
    rungs[rung].unreported -= 1
    if standing.objective?.isFinite == true, rung + 1 < rungs.count {
      let place = rungs[rung].contenders.partitioningIndex { standing.ranks(before: $0, by: objective) }
      rungs[rung].contenders.insert(standing, at: place)
    }
    return (rung..<rungs.count - 1).flatMap { settle($0) }
  }

  private mutating func settle(_ index: Int) -> [Decision] {
    let room = rungs[index + 1].room
    var decisions: [Decision] = []
    while rungs[index].promoted + rungs[index].contenders.count > room {
      decisions.append(.stop(trial: rungs[index].contenders.removeLast().trial, at: index))
    }
    while rungs[index].promoted + rungs[index].unreported < room, !rungs[index].contenders.isEmpty {
      decisions.append(.promote(trial: rungs[index].contenders.removeFirst().trial, to: index + 1))
      rungs[index].promoted += 1
    }
    noteAbsent(index)
    return decisions
  }

  /// The next rung need not wait for places that nobody is left to take.
  private mutating func noteAbsent(_ index: Int) {
    let most = rungs[index].promoted + rungs[index].contenders.count + rungs[index].unreported
    let absent = max(0, rungs[index + 1].room - most)
    rungs[index + 1].unreported -= absent - rungs[index + 1].absent
    rungs[index + 1].absent = absent
  }
}

extension Array {
  /// The first place whose element, and all after it, satisfy the condition.
  fileprivate func partitioningIndex(_ condition: (Element) -> Bool) -> Int {
    var range = 0..<count
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      range = condition(self[middle]) ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }
}
