import Search

/// The rungs of early stopping: how far each open trial may train, and which are promoted.
struct Promotion: Sendable {
  /// The position of an open trial on the rungs.
  struct Standing: Sendable {
    /// The index of the rung that it is promoted to.
    var target = 0
    /// The number of rungs that it has reached.
    var reached = 0
    /// Its score at the last of them.
    var lastRung: RungScore?
    /// The epochs to its target, or of its whole training.
    var budget: Double
  }

  /// What follows from a score at a rung.
  struct Outcome {
    /// The promoted trials.
    var promoted: [Int] = []
    /// The stopped trials, and the rung whose score they end with.
    var stopped: [(trial: Int, rung: Int)] = []
  }

  /// The budgets of the rungs in epochs, the last one the full training; empty without rungs.
  let rungs: [Double]
  private let goal: Goal
  /// The successive-halving schedule; nil if unused.
  private(set) var halving: Halving?
  /// The ASHA schedule; nil if unused.
  private(set) var asha: ASHA?
  /// The median stopping rule; nil if unused.
  private var medianRule: MedianRule?
  /// The standings of open trials; replicates have none.
  private(set) var standings: [Int: Standing] = [:]
  /// How often trials have reached a rung, with ASHA.
  private(set) var rungScoreCount = 0
  /// The sum of the budgets of open trials, in epochs.
  private(set) var openEpochs = 0.0

  /// The rungs of a search without trials.
  ///
  /// - Parameter curves: the learning curves of completed trials.
  init(of file: SearchFile, after curves: [[Metrics]]) {
    rungs = file.rungs
    goal = file.goal
    halving = file.halving
    asha = file.asha
    medianRule = file.medianRule
    for curve in curves { complete(curve) }
  }

  subscript(_ trial: Int) -> Standing? { standings[trial] }

  /// Whether a trial is paused at a rung and waits for the promotion decision.
  func isPaused(_ trial: Int) -> Bool { standings[trial].map { $0.reached > $0.target } ?? false }

  /// Whether epochs at a step are the next rung of a trial that is not its last.
  func isNextRung(_ step: Double, of trial: Int) -> Bool {
    guard let reached = standings[trial]?.reached, reached + 1 < rungs.count else { return false }
    return step == rungs[reached]
  }

  /// Whether a trial has passed a rung with this budget.
  func hasPassed(_ step: Double, _ trial: Int) -> Bool {
    rungs.prefix(standings[trial]?.reached ?? 0).contains(step)
  }

  /// The epochs of the rung that a trial is promoted to; nil if that is the first one.
  func startOfTarget(of trial: Int) -> Double? {
    standings[trial].flatMap { $0.target > 0 ? rungs[$0.target - 1] : nil }
  }

  /// The epochs of the rung at which a trial is paused; nil if it is not.
  func endOfPaused(_ trial: Int) -> Double? {
    standings[trial].flatMap { $0.reached > $0.target ? rungs[$0.reached - 1] : nil }
  }

  /// The provisional result of an open trial: its score at its last rung.
  func provisionalResult(of trial: Int) -> TrialEnd? {
    guard let standing = standings[trial], let last = standing.lastRung else { return nil }
    return TrialEnd(
      trial: trial, status: .paused, epochs: rungs[standing.reached - 1], metrics: last.metrics)
  }

  // MARK: Events

  /// Begins a trial; `epochs` are its whole training.
  mutating func begin(_ trial: Int, epochs: Double) {
    let budget = rungs.first ?? epochs
    standings[trial] = Standing(budget: budget)
    openEpochs += budget
  }

  /// Ends a trial.
  mutating func end(_ trial: Int) {
    openEpochs -= standings.removeValue(forKey: trial)?.budget ?? 0
  }

  /// Records that a trial has reached a rung.
  mutating func reach(_ rung: Int, _ score: RungScore) {
    standings[score.trial]?.reached = rung + 1
    standings[score.trial]?.lastRung = score
    if asha != nil { rungScoreCount += 1 }
  }

  /// Reports a trial's result at a rung to the schedules, and promotes the trials that follow from it.
  mutating func report(_ result: Halving.RungResult, at rung: Int) -> Outcome {
    asha?.report(result, at: rung)
    var outcome = Outcome()
    for decision in halving?.report(result, at: rung) ?? [] {
      switch decision {
      case .promote(let trial, let target):
        guard promote(trial, to: target) else { continue }
        outcome.promoted.append(trial)
      case .stop(let trial, let rung): outcome.stopped.append((trial, rung))
      }
    }
    return outcome
  }

  /// Promotes the next trial that ASHA selects; nil if there is none.
  mutating func promoteNext() -> Int? {
    guard let promotion = asha?.next else { return nil }
    asha?.promote(promotion)
    promote(promotion.trial, to: promotion.to)
    return promotion.trial
  }

  /// Repeats a promotion of ASHA that was made before the coordinator started.
  mutating func repeatPromotion(of trial: Int, to rung: Int) {
    asha?.promote((trial, to: rung))
  }

  /// Restores the target of an open trial after its last rung; ASHA's promotions are not recorded.
  mutating func resume(_ trial: Int, isPromoted: Bool) {
    guard let reached = standings[trial]?.reached, reached > 0 else { return }
    promote(trial, to: isPromoted ? reached : reached - 1)
    if isPromoted { repeatPromotion(of: trial, to: reached) }
  }

  @discardableResult
  private mutating func promote(_ trial: Int, to rung: Int) -> Bool {
    guard let standing = standings[trial] else { return false }
    openEpochs += rungs[rung] - standing.budget
    standings[trial]?.target = rung
    standings[trial]?.budget = rungs[rung]
    return true
  }

  // MARK: Median stopping rule

  /// Adds the learning curve of a completed trial.
  mutating func complete(_ curve: [Metrics]) {
    medianRule?.complete(curve.map(goal.value))
  }

  /// Whether the median stopping rule stops a trial after these epochs.
  func stops(_ epochs: [Metrics]) -> Bool { medianRule?.stops(epochs.map(goal.value)) ?? false }

  // MARK: Invariants

  /// Sentences about what does not hold; none if all is well.
  func checkInvariants() -> [String] {
    var broken: [String] = []
    let sum = standings.values.reduce(0) { $0 + $1.budget }
    if abs(sum - openEpochs) > 1e-6 * max(1, sum) { broken.append("the epochs of open trials are wrong") }
    for (trial, standing) in standings where !rungs.isEmpty {
      if standing.budget != rungs[standing.target] {
        broken.append("the budget of trial \(trial) is not its rung's")
      }
      if standing.reached > standing.target + 1 || standing.reached >= rungs.count {
        broken.append("trial \(trial) is past its target")
      }
      if (standing.reached > 0) != (standing.lastRung != nil) {
        broken.append("trial \(trial) has reached a rung without a score")
      }
    }
    return broken
  }
}
