/// Decides which trial trains next, and how far.
package protocol TrialScheduler {
  /// What a free slot trains next; nil: nothing before another report.
  mutating func next() -> TrainingJob?

  /// A job is over. A score of nil: the trial diverged.
  mutating func report(_ job: TrainingJob, _ score: EpochScore?)
}

/// A stretch of a trial's training.
package struct TrainingJob: Hashable, Sendable {
  /// The number of the trial.
  package let trial: Int
  /// The epochs that it has trained in all when the job is over.
  package let epochs: Double
}

/// Trains every trial to its end, one after the other.
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

  mutating func report(_ job: TrainingJob, _ score: EpochScore?) {}
}

/// Halving over all trials, or in brackets, as the coordinator does it.
struct HalvingTrials: TrialScheduler {
  private var halving: Halving
  private var fresh: Range<Int>
  private var rungs: [Int: Int] = [:]
  private var promoted: [Int] = []

  init(trials: Int, bracket: Int?, budgets: [Double], factor: Double) {
    fresh = 0..<trials
    halving = Halving(
      trials: trials, bracket: bracket, budgets: budgets, factor: factor, objective: .valAccuracy)
  }

  mutating func next() -> TrainingJob? {
    // What was put back, lowest first, then what has not begun.
    promoted.sort(by: >)
    return (promoted.popLast() ?? fresh.popFirst()).map { trial in
      TrainingJob(trial: trial, epochs: halving.budgets[rungs[trial, default: 0]])
    }
  }

  mutating func report(_ job: TrainingJob, _ score: EpochScore?) {
    let standing = Halving.Standing(job.trial, score)
    for decision in halving.report(standing, at: rungs[job.trial, default: 0]) {
      guard case .promote(let trial, let rung) = decision else { continue }
      rungs[trial] = rung
      promoted.append(trial)
    }
  }
}

/// ASHA with as many trials as there are.
struct ASHATrials: TrialScheduler {
  private var asha: ASHA
  private var fresh: Range<Int>
  private var rungs: [Int: Int] = [:]

  init(trials: Int, budgets: [Double], factor: Double) {
    asha = ASHA(budgets: budgets, factor: factor, objective: .valAccuracy)
    fresh = 0..<trials
  }

  mutating func next() -> TrainingJob? {
    if let promotion = asha.next {
      asha.promote(promotion)
      rungs[promotion.trial] = promotion.to
      return TrainingJob(trial: promotion.trial, epochs: asha.budgets[promotion.to])
    }
    return fresh.popFirst().map { TrainingJob(trial: $0, epochs: asha.budgets[0]) }
  }

  mutating func report(_ job: TrainingJob, _ score: EpochScore?) {
    asha.report(.init(job.trial, score), at: rungs[job.trial, default: 0])
  }
}

/// Every trial trains until the median rule stops it.
struct MedianRuleTrials: TrialScheduler {
  private var rule: MedianRule
  private let epochs: Int
  private var fresh: Range<Int>
  private var scores: [Int: [Double]] = [:]
  private var ongoing: [Int] = []

  init(trials: Int, epochs: Int, patience: Int) {
    rule = MedianRule(patience: patience, objective: .valAccuracy)
    self.epochs = epochs
    fresh = 0..<trials
  }

  mutating func next() -> TrainingJob? {
    guard let trial = ongoing.popLast() ?? fresh.popFirst() else { return nil }
    return TrainingJob(trial: trial, epochs: Double(scores[trial, default: []].count + 1))
  }

  mutating func report(_ job: TrainingJob, _ score: EpochScore?) {
    guard let score, score.valAccuracy.isFinite else { return }
    scores[job.trial, default: []].append(score.valAccuracy)
    let trained = scores[job.trial, default: []]
    if trained.count == epochs {
      rule.complete(trained)
    } else if !rule.stops(trained) {
      ongoing.append(job.trial)
    }
  }
}

extension Halving.Standing {
  init(_ trial: Int, _ score: EpochScore?) {
    self.init(trial: trial, objective: score?.valAccuracy, valLoss: score?.valLoss)
  }
}
