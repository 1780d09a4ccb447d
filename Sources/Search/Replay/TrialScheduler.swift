/// Schedules the trials of a replay.
package protocol TrialScheduler {
  /// The next job for a free slot; nil if there is none before another report.
  mutating func next() -> TrainingJob?

  /// Records the end of a job. A score of nil means that the trial diverged.
  mutating func report(_ job: TrainingJob, _ score: Metrics?)
}

/// A job that trains a trial up to a number of epochs.
package struct TrainingJob: Hashable, Sendable {
  /// The number of the trial.
  package let trial: Int
  /// The total epochs of the trial at the end of the job.
  package let epochs: Double
}

/// Trains every trial to its end, in order.
struct WholeTraining: TrialScheduler {
  private let epochs: Double
  private var waiting: Range<Int>

  init(trials: Int, epochs: Int) {
    self.epochs = Double(epochs)
    waiting = 0..<trials
  }

  mutating func next() -> TrainingJob? {
    waiting.popFirst().map { TrainingJob(trial: $0, epochs: epochs) }
  }

  mutating func report(_ job: TrainingJob, _ score: Metrics?) {}
}

/// Successive halving, over all trials or in brackets, as in the coordinator.
struct HalvingTrials: TrialScheduler {
  private let goal: Goal
  private var halving: Halving
  private var unstarted: Range<Int>
  private var rungs: [Int: Int] = [:]
  private var promoted: [Int] = []

  init(trials: Int, bracket: Int?, budgets: [Double], factor: Double, goal: Goal) {
    self.goal = goal
    unstarted = 0..<trials
    halving = Halving(
      trials: trials, bracket: bracket, budgets: budgets, factor: factor, goal: goal)
  }

  mutating func next() -> TrainingJob? {
    // Promoted trials in ascending order, then unstarted trials.
    promoted.sort(by: >)
    return (promoted.popLast() ?? unstarted.popFirst()).map { trial in
      TrainingJob(trial: trial, epochs: halving.budgets[rungs[trial, default: 0]])
    }
  }

  mutating func report(_ job: TrainingJob, _ score: Metrics?) {
    let standing = Halving.RungResult(trial: job.trial, metrics: score, goal: goal)
    for decision in halving.report(standing, at: rungs[job.trial, default: 0]) {
      guard case .promote(let trial, let rung) = decision else { continue }
      rungs[trial] = rung
      promoted.append(trial)
    }
  }
}

/// ASHA over all trials.
struct ASHATrials: TrialScheduler {
  private let goal: Goal
  private var asha: ASHA
  private var unstarted: Range<Int>
  private var rungs: [Int: Int] = [:]

  init(trials: Int, budgets: [Double], factor: Double, goal: Goal) {
    self.goal = goal
    asha = ASHA(budgets: budgets, factor: factor, goal: goal)
    unstarted = 0..<trials
  }

  mutating func next() -> TrainingJob? {
    if let promotion = asha.next {
      asha.promote(promotion)
      rungs[promotion.trial] = promotion.to
      return TrainingJob(trial: promotion.trial, epochs: asha.budgets[promotion.to])
    }
    return unstarted.popFirst().map { TrainingJob(trial: $0, epochs: asha.budgets[0]) }
  }

  mutating func report(_ job: TrainingJob, _ score: Metrics?) {
    asha.report(.init(trial: job.trial, metrics: score, goal: goal), at: rungs[job.trial, default: 0])
  }
}

/// The median stopping rule: every trial trains until the rule stops it.
struct MedianRuleTrials: TrialScheduler {
  private let goal: Goal
  private var rule: MedianRule
  private let epochs: Int
  private var unstarted: Range<Int>
  private var scores: [Int: [Double]] = [:]
  private var ongoing: [Int] = []

  init(trials: Int, epochs: Int, patience: Int, goal: Goal) {
    self.goal = goal
    rule = MedianRule(patience: patience, goal: goal)
    self.epochs = epochs
    unstarted = 0..<trials
  }

  mutating func next() -> TrainingJob? {
    guard let trial = ongoing.popLast() ?? unstarted.popFirst() else { return nil }
    return TrainingJob(trial: trial, epochs: Double(scores[trial, default: []].count + 1))
  }

  mutating func report(_ job: TrainingJob, _ score: Metrics?) {
    guard let score, goal.value(score).isFinite else { return }
    scores[job.trial, default: []].append(goal.value(score))
    let trained = scores[job.trial, default: []]
    if trained.count == epochs {
      rule.complete(trained)
    } else if !rule.stops(trained) {
      ongoing.append(job.trial)
    }
  }
}
