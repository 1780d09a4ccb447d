/// Successive halving whose outcome does not depend on the order in which scores arrive.
///
/// The first rung has all trials; each rung promotes its best 1/eta to the next (Jamieson, Talwalkar, "Non-stochastic
/// best arm identification and hyperparameter optimization", AISTATS 2016). The original algorithm waits for all
/// trials of a rung. This one decides as soon as the outcome is certain. It promotes a trial when the better trials
/// and those that have not reported yet are together fewer than the places in the next rung. It stops a trial when
/// the better trials fill these places. So every order of arrival leads to the same sets.
///
/// Trials are compared within brackets of consecutive numbers.
package struct Halving: Sendable {
  /// A decision about a trial.
  package enum Decision: Hashable, Sendable {
    /// The trial continues to the budget of this rung.
    case promote(trial: Int, to: Int)
    /// The trial stops with its score at this rung.
    case stop(trial: Int, at: Int)
  }

  /// The result of a trial at a rung.
  package struct RungResult: Hashable, Sendable {
    /// The number of the trial.
    package let trial: Int
    /// The objective; a trial with nil or a value that is not finite is not promoted.
    package let objective: Double?
    /// The value of the metric that breaks ties.
    package let tieBreaker: Double?

    /// A result with the stored numbers.
    package init(trial: Int, objective: Double?, tieBreaker: Double?) {
      self.trial = trial
      self.objective = objective
      self.tieBreaker = tieBreaker
    }

    /// The result of a trial with these metrics; nil without a score.
    package init(trial: Int, metrics: Metrics?, goal: Goal) {
      self.init(
        trial: trial, objective: metrics?[goal.metric], tieBreaker: goal.tieBreaker.flatMap { metrics?[$0] })
    }

    /// Whether it ranks before another of its rung.
    package func ranks(before other: RungResult, by goal: Goal) -> Bool {
      Ranking.isBetter(result, other.result, goal)
    }

    private var result: TrialResult {
      TrialResult(
        trial: trial, values: [], status: .done, epochs: 0, objective: objective, tieBreaker: tieBreaker)
    }
  }

  /// The maximum number of rungs; with more, consecutive budgets would hardly differ.
  static let mostRungs = 100

  /// The budget of each rung in epochs; that of the last rung is a full training.
  package let budgets: [Double]
  private let trials: Int
  private let factor: Double
  private let goal: Goal
  /// The number of trials in a bracket; the last bracket may have fewer.
  private let size: Int
  /// The brackets with at least one report.
  private var brackets: [Int: Bracket] = [:]

  /// The rungs of a search. Each has `factor` times fewer places than the one before, at least one.
  package init(trials: Int, bracket: Int? = nil, budgets: [Double], factor: Double, goal: Goal) {
    precondition(trials > 0 && !budgets.isEmpty && factor > 1, "\(trials) trials, factor \(factor)")
    precondition(bracket ?? 1 > 0, "brackets of \(bracket ?? 0)")
    self.trials = trials
    self.budgets = budgets
    self.factor = factor
    self.goal = goal
    size = min(bracket ?? trials, trials)
  }

  /// The budgets of the rungs, in epochs: `shortest` times the powers of `factor`, and finally `epochs`. Budgets from
  /// one epoch are rounded up to whole epochs, smaller ones to millionths.
  package static func budgets(shortest: Double, factor: Double, epochs: Int) -> [Double] {
    precondition(shortest > 0 && factor > 1, "\(shortest) epochs, factor \(factor)")
    let epochs = Double(epochs)
    var budgets: [Double] = []
    var exact = shortest
    while exact < epochs {
      let budget = exact < 1 ? (exact * 1e6).rounded() / 1e6 : exact.rounded(.up)
      if budget != budgets.last, budget < epochs { budgets.append(budget) }
      exact *= factor
    }
    return budgets + [epochs]
  }

  /// The total epochs of a search if all trials reach their rungs.
  package var work: Double {
    let (whole, rest) = trials.quotientAndRemainder(dividingBy: size)
    return Double(whole) * work(size) + (rest > 0 ? work(rest) : 0)
  }

  private func work(_ trials: Int) -> Double {
    zip(capacities(trials), zip(budgets, [0] + budgets)).reduce(0) { $0 + Double($1.0) * ($1.1.0 - $1.1.1) }
  }

  /// The capacity of each rung of a bracket with this number of trials.
  private func capacities(_ trials: Int) -> [Int] {
    budgets.indices.dropFirst().reduce(into: [trials]) { capacities, _ in
      capacities.append(max(1, Int(Double(capacities[capacities.count - 1]) / factor)))
    }
  }

  /// Records the result of a trial at a rung, once per trial and rung.
  ///
  /// - Returns: The decisions that are now certain. There are none about a trial at the last rung, which is done.
  package mutating func report(_ standing: RungResult, at rung: Int) -> [Decision] {
    let (index, start) = (standing.trial / size, standing.trial / size * size)
    let empty = Bracket(capacities(min(size, trials - start)), goal)
    return brackets[index, default: empty].report(standing, at: rung)
  }
}
