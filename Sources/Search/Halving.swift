/// Successive halving whose answer does not depend on the order in which scores arrive.
///
/// The first rung holds all trials; of each rung the best 1/factor go on to the next (Jamieson, Talwalkar, "Non-stochastic
/// best arm identification and hyperparameter optimization", AISTATS 2016). There all wait for the last of a rung. Here
/// a trial goes on as soon as it is certain that it will: when those that are better and those that have not reported
/// yet are together fewer than the next rung has room for; and is stopped as soon as as many are better as there is
/// room. So every arrival order ends in the same sets.
///
/// Trials are compared within brackets: the first so many, the next so many, and so on.
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

  /// More rungs compare trials after hardly more training than before.
  static let mostRungs = 100

  /// The epochs that a trial has trained when it reports at each rung; the last rung's are all.
  package let budgets: [Double]
  private let trials: Int
  private let factor: Double
  private let objective: Objective
  /// Trials in a bracket; the last may have fewer.
  private let size: Int
  /// Those of which a trial has reported.
  private var brackets: [Int: Bracket] = [:]

  /// The rungs of a search: each has room for `factor` times fewer trials than the one before, one at least.
  package init(trials: Int, bracket: Int? = nil, budgets: [Double], factor: Double, objective: Objective) {
    precondition(trials > 0 && !budgets.isEmpty && factor > 1, "\(trials) trials, factor \(factor)")
    precondition(bracket ?? 1 > 0, "brackets of \(bracket ?? 0)")
    self.trials = trials
    self.budgets = budgets
    self.factor = factor
    self.objective = objective
    size = min(bracket ?? trials, trials)
  }

  /// The budgets of the rungs, in epochs: `shortest` times growing powers of `factor`, the last one `epochs`. From one epoch
  /// on they are whole, rounded up; before that they are rounded to millionths.
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

  /// The epochs that a search trains in all if none of its trials ends early.
  package var work: Double {
    let (whole, rest) = trials.quotientAndRemainder(dividingBy: size)
    return Double(whole) * work(size) + (rest > 0 ? work(rest) : 0)
  }

  private func work(_ trials: Int) -> Double {
    zip(rooms(trials), zip(budgets, [0] + budgets)).reduce(0) { $0 + Double($1.0) * ($1.1.0 - $1.1.1) }
  }

  /// The trials that each rung of a bracket has room for.
  private func rooms(_ trials: Int) -> [Int] {
    budgets.indices.dropFirst().reduce(into: [trials]) { rooms, _ in
      rooms.append(max(1, Int(Double(rooms[rooms.count - 1]) / factor)))
    }
  }

  /// Takes what a trial reached at a rung, which it reports there once.
  ///
  /// - Returns: What has become certain by it. A trial at the last rung is done; nothing is decided about it.
  package mutating func report(_ standing: Standing, at rung: Int) -> [Decision] {
    let (index, start) = (standing.trial / size, standing.trial / size * size)
    let fresh = Bracket(rooms(min(size, trials - start)), objective)
    return brackets[index, default: fresh].report(standing, at: rung)
  }
}
