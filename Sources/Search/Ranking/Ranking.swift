/// The result of a trial.
package struct TrialResult: Hashable, Sendable {
  /// The status of a trial.
  package enum Status: String, CaseIterable, Sendable {
    /// The trial trained to its end.
    case done
    /// The trial was stopped early.
    case stopped
    /// The trial is at a rung and may still be promoted.
    case paused
    /// The loss or weights became infinite or NaN.
    case diverged
    /// The trial raised an error.
    case failed
    /// The trial was given up because workers were lost while running it.
    case quarantined

    /// Whether the trial has no result for a reason that may not recur.
    package var isFailure: Bool { self == .failed || self == .quarantined }
  }

  /// The number of the trial.
  package var trial: Int
  /// The searched values, in the order of the space; nil for a parameter without an effect in this trial.
  package var values: [Value?]
  /// The status of the trial.
  package var status: Status
  /// The epochs trained: a whole number, or a fraction of the first epoch.
  package var epochs: Double
  /// The share of a full training that it was allowed, 0...1; below 1 only if it was stopped early.
  package var budget: Double
  /// The objective; a result with nil or a value that is not finite ranks behind all others.
  package var objective: Double?
  /// The value of the metric that breaks ties.
  package var tieBreaker: Double?
  /// The metrics to show.
  package var metrics: Metrics?
  /// The scores with new seeds; nil if it was not re-evaluated.
  package var reevaluated: Reevaluated?

  /// A result with the stored numbers.
  package init(
    trial: Int, values: [Value?], status: Status, epochs: Double, budget: Double = 1,
    objective: Double? = nil, tieBreaker: Double? = nil
  ) {
    self.trial = trial
    self.values = values
    self.status = status
    self.epochs = epochs
    self.budget = budget
    self.objective = objective
    self.tieBreaker = tieBreaker
  }

  /// A result with metrics, ranked by a goal.
  package init(
    trial: Int, values: [Value?], status: Status, epochs: Double, budget: Double = 1, metrics: Metrics?,
    goal: Goal
  ) {
    self.init(
      trial: trial, values: values, status: status, epochs: epochs, budget: budget,
      objective: metrics?[goal.metric], tieBreaker: goal.tieBreaker.flatMap { metrics?[$0] })
    self.metrics = metrics
  }
}

/// The ranking of results: a total order, independent of the order of arrival.
package enum Ranking {
  /// The results, best first.
  ///
  /// Re-evaluated results come first, by the number of seeds with a score and their mean objective. Then come results
  /// with a finite objective, by budget, objective, tie-breaking metric (missing last) and trial number. Trial numbers
  /// must differ.
  package static func ranked(_ results: [TrialResult], by goal: Goal) -> [TrialResult] {
    results.sorted { isBetter($0, $1, goal) }
  }

  /// Whether a result ranks before another.
  package static func isBetter(
    _ result: TrialResult, _ other: TrialResult, _ goal: Goal
  ) -> Bool {
    if let order = reevaluationOrder(result.reevaluated, other.reevaluated, goal) { return order }
    let scores = (finite(result.objective), finite(other.objective))
    if (scores.0 == nil) != (scores.1 == nil) { return scores.0 != nil }
    if result.budget != other.budget { return result.budget > other.budget }
    if let score = scores.0, let otherScore = scores.1, score != otherScore {
      return goal.isBetter(score, than: otherScore)
    }
    let ties = (finite(result.tieBreaker), finite(other.tieBreaker))
    if ties.0 != ties.1 { return (ties.0 ?? .infinity) < (ties.1 ?? .infinity) }
    return result.trial < other.trial
  }

  /// The order by re-evaluation; nil if it does not decide.
  private static func reevaluationOrder(_ one: Reevaluated?, _ other: Reevaluated?, _ goal: Goal)
    -> Bool?
  {
    guard let one = one?.objective, let other = other?.objective else {
      return one == nil && other == nil ? nil : one != nil
    }
    if one.count != other.count { return one.count > other.count }
    if one.mean != other.mean { return goal.isBetter(one.mean, than: other.mean) }
    return nil
  }

  /// For each ranked result the number of its tie group; nil if it was not re-evaluated with at least two scores.
  ///
  /// The best result of a group does not differ from any other of the group at the 5 % level.
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
