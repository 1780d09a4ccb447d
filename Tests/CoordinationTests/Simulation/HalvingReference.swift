import Search

@testable import Coordination

/// Textbook successive halving: each rung waits for all its trials, sorts them and keeps the best.
struct HalvingReference {
  private let budgets: [Double]
  private let factor: Double
  private let goal: Goal
  private let bracket: Int

  /// Nil for a search without rungs.
  init?(_ file: SearchFile) {
    guard let line = file.text.split(separator: "\n").first(where: { $0.contains("min_epochs") }),
      let match = line.firstMatch(of: /min_epochs: ([\d.]+), factor: ([\d.]+)/),
      let shortest = Double(match.1), let factor = Double(match.2),
      let epochs = file.text.firstMatch(of: /epochs: (\d+)/).flatMap({ Int($0.1) })
    else { return nil }
    let powers = (0..<20).map {
      let exact = (0..<$0).reduce(shortest) { power, _ in power * factor }
      return exact < 1 ? (exact * 1e6).rounded() / 1e6 : exact.rounded(.up)
    }
    budgets = Set(powers.filter { $0 < Double(epochs) }).sorted() + [Double(epochs)]
    self.factor = factor
    goal = file.goal
    bracket = line.firstMatch(of: /bracket: (\d+)/).flatMap { Int($0.1) } ?? file.trials
  }

  func ends(of plans: [TrialPlan]) -> [Int: TrialEnd] {
    let brackets = stride(from: 0, to: plans.count, by: bracket).map {
      plans[$0..<min($0 + bracket, plans.count)]
    }
    return brackets.reduce(into: [:]) { $0.merge(ends(among: Array($1))) { one, _ in one } }
  }

  private func ends(among plans: [TrialPlan]) -> [Int: TrialEnd] {
    var ends: [Int: TrialEnd] = [:]
    var (rung, room) = (plans, plans.count)
    for budget in budgets {
      let alive = rung.filter { reaches($0, until: budget) }
      for plan in rung { ends[plan.trial] = plan.expected(by: goal) }
      room = budget == budgets.last ? alive.count : max(1, Int(Double(room) / factor))
      let sorted = alive.sorted { key($0, budget).lexicographicallyPrecedes(key($1, budget)) }
      for plan in sorted.dropFirst(room) {
        ends[plan.trial] = TrialEnd(
          trial: plan.trial, status: .stopped, epochs: budget, metrics: metrics(plan, budget))
      }
      rung = Array(sorted.prefix(room))
    }
    return ends
  }

  private func reaches(_ plan: TrialPlan, until budget: Double) -> Bool {
    (1...Int(budget.rounded(.up))).allSatisfy { plan.outcome(inEpoch: $0) == nil }
  }

  private func key(_ plan: TrialPlan, _ budget: Double) -> [Double] {
    guard let metrics = metrics(plan, budget) else { return [] }
    let objective = goal.value(metrics)
    return [goal.isMaximized ? -objective : objective, metrics["val_loss"] ?? .nan, Double(plan.trial)]
  }

  private func metrics(_ plan: TrialPlan, _ budget: Double) -> Metrics? {
    budget < 1 ? plan.metrics(ofPart: budget) : goal.decisive((1...Int(budget)).map(plan.epoch))
  }

  /// The metrics of a trial at a rung.
  func metrics(_ plan: TrialPlan, atRung rung: Int) -> Metrics? { metrics(plan, budgets[rung]) }

  /// The objective of a trial at the first rung; NaN if it ends earlier.
  func first(_ plan: TrialPlan) -> Double {
    guard reaches(plan, until: budgets[0]) else { return .nan }
    return metrics(plan, budgets[0]).map(goal.value) ?? .nan
  }

  /// Whether the budget of an Assign is that of a rung.
  func allows(_ assign: WireAssign) -> Bool {
    assign.part > 0
      ? assign.epochs == 1 && budgets.contains(assign.part) : budgets.contains(Double(assign.epochs))
  }
}
