/// What a trial ended with.
package struct TrialResult: Hashable, Sendable {
  /// How a trial ended.
  package enum Status: String, CaseIterable, Sendable {
    /// It trained to its end.
    case done
    /// It was stopped early.
    case stopped
    /// It may train on yet.
    case paused
    /// Its numbers stopped being finite.
    case diverged
    /// It raised an error.
    case failed
    /// It was given up after workers were lost over it.
    case quarantined

    /// Whether it came to nothing for reasons that may pass.
    package var isFailure: Bool { self == .failed || self == .quarantined }
  }

  /// The number of the trial.
  package var trial: Int
  /// The searched values, in the order of the space.
  package var values: [Value]
  /// How it ended.
  package var status: Status
  /// How many epochs it trained: a whole number, or a part of the first epoch.
  package var epochs: Double
  /// The share of its training that it was allowed, 0...1: below 1 only when it was stopped early.
  package var budget: Double
  /// What it is ranked by; nil or not finite ranks it behind all that have one.
  package var objective: Double?
  /// The validation accuracy to show.
  package var valAccuracy: Double?
  /// The validation loss to show, and to break ties by.
  package var valLoss: Double?
  /// What fresh seeds say about it, if they were asked.
  package var reevaluated: Reevaluated?

  /// A result with the numbers as they are stored.
  package init(
    trial: Int, values: [Value], status: Status, epochs: Double, budget: Double = 1,
    objective: Double? = nil, valAccuracy: Double? = nil, valLoss: Double? = nil
  ) {
    self.trial = trial
    self.values = values
    self.status = status
    self.epochs = epochs
    self.budget = budget
    self.objective = objective
    self.valAccuracy = valAccuracy
    self.valLoss = valLoss
  }
}

/// The order of results: total, and never by arrival.
package enum Ranking {
  /// The results, best first.
  ///
  /// Those that were confirmed come first, by the number of seeds that led to a score and their mean objective; then
  /// those with a finite objective; then by budget reached, objective, validation loss (missing last) and trial number.
  /// Trial numbers must differ.
  package static func ranked(_ results: [TrialResult], by objective: Objective) -> [TrialResult] {
    results.sorted { isBetter($0, $1, objective) }
  }

  /// Whether a result ranks before another.
  package static func isBetter(
    _ result: TrialResult, _ other: TrialResult, _ objective: Objective
  ) -> Bool {
    if let order = reevaluationOrder(result.reevaluated, other.reevaluated, objective) { return order }
    let scores = (finite(result.objective), finite(other.objective))
    if (scores.0 == nil) != (scores.1 == nil) { return scores.0 != nil }
    if result.budget != other.budget { return result.budget > other.budget }
    if let score = scores.0, let otherScore = scores.1, score != otherScore {
      return objective.isMaximized ? score > otherScore : score < otherScore
    }
    let losses = (finite(result.valLoss), finite(other.valLoss))
    if losses.0 != losses.1 { return (losses.0 ?? .infinity) < (losses.1 ?? .infinity) }
    return result.trial < other.trial
  }

  /// Nil where fresh seeds do not tell.
  private static func reevaluationOrder(_ one: Reevaluated?, _ other: Reevaluated?, _ objective: Objective)
    -> Bool?
  {
    guard let one = one?.objective, let other = other?.objective else {
      return one == nil && other == nil ? nil : one != nil
    }
    if one.count != other.count { return one.count > other.count }
    if one.mean != other.mean { return objective.isMaximized == (one.mean > other.mean) }
    return nil
  }

  /// For each of the ranked results the number of the group of those that it ties with; nil where no seeds tell.
  ///
  /// A group begins with its best, from which none of the others differs at the 5 % level.
  package static func ties(_ ranked: [TrialResult]) -> [Int?] {
    var group = 0
    var best: Estimate?
    return ranked.map { result in
      guard let estimate = result.reevaluated?.objective, estimate.count > 1 else { return nil }
      if best?.differs(from: estimate) ?? true {
        group += 1
        best = estimate
      }
      return group
    }
  }

  private static func finite(_ number: Double?) -> Double? {
    number.flatMap { $0.isFinite ? $0 : nil }
  }
}
