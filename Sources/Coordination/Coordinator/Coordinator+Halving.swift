import Search

// Which trials train on, and how far.
extension Coordinator {
  /// The epochs after which a trial is compared next, or ends.
  func budget(trial: Int) -> Int {
    guard let halving else { return file.epochs(trial: trial) }
    return halving.budgets[openTrials[trial]?.goal ?? 0]
  }

  /// Whether a trial waits until it is certain whether it may train on.
  func isParked(_ trial: Int) -> Bool {
    guard let trial = openTrials[trial] else { return false }
    return trial.reached > trial.goal
  }

  /// Decides again from the epochs of all trials that were begun: what was certain then is certain now.
  mutating func resumeHalving(_ histories: [Int: [EpochScore]]) {
    guard let budgets = halving?.budgets else { return }
    for rung in budgets.indices.dropLast() {
      for (trial, history) in histories.sorted(by: { $0.key < $1.key }) {
        if history.count >= budgets[rung] {
          reach(rung, trial, history)
        } else if let end = results[trial], end.status != .stopped,
          rung == 0 || history.count >= budgets[rung - 1]
        {
          report(nil, of: trial, at: rung)
        }
      }
    }
  }

  /// An epoch of an attempt has been reported.
  mutating func noteEpoch(of id: AttemptID) {
    guard let halving, let attempt = attempts[id], let rung = openTrials[attempt.trial]?.reached,
      rung + 1 < halving.budgets.count, attempt.epochs.count == halving.budgets[rung]
    else { return }
    openTrials[attempt.trial]?.lastReport = id
    // One that was lost may get there while its trial waits to be tried again.
    if openTrials[attempt.trial]?.current == nil { _ = backlog.remove(attempt.trial) }
    resume(reach(rung, attempt.trial, attempt.epochs.map(EpochScore.init)))
  }

  /// A trial has ended without a score: it goes no further.
  mutating func noteEnd(of end: TrialEnd, after trial: OpenTrial) {
    guard halving != nil, end.status != .done, end.status != .stopped else { return }
    resume(report(nil, of: end.trial, at: trial.reached))
  }

  /// Trials that wait for nothing more go on; those that still run do so when they have been handed over.
  private mutating func resume(_ promoted: [Int]) {
    for trial in promoted where openTrials[trial]?.current == nil { backlog.putBack(trial) }
  }

  /// A trial has trained to the budget of a rung.
  ///
  /// - Returns: the trials that may go on now. So do the next two.
  @discardableResult
  private mutating func reach(_ rung: Int, _ trial: Int, _ history: [EpochScore]) -> [Int] {
    guard let budget = halving?.budgets[rung] else { return [] }
    let score = file.objective.decisive(Array(history.prefix(budget)))
    openTrials[trial]?.reached = rung + 1
    openTrials[trial]?.score = score
    return report(score, of: trial, at: rung)
  }

  @discardableResult
  private mutating func report(_ score: EpochScore?, of trial: Int, at rung: Int) -> [Int] {
    let objective = file.objective == .valLoss ? score?.valLoss : score?.valAccuracy
    let standing = Halving.Standing(trial: trial, objective: objective, valLoss: score?.valLoss)
    var promoted: [Int] = []
    for decision in halving?.report(standing, at: rung) ?? [] {
      switch decision {
      case .promote(let trial, let goal):
        guard openTrials[trial] != nil else { continue }
        openTrials[trial]?.goal = goal
        promoted.append(trial)
      case .stop(let trial, let rung): stop(trial, at: rung)
      }
    }
    return promoted
  }

  /// Halving is certain that a trial goes no further.
  private mutating func stop(_ trial: Int, at rung: Int) {
    guard let entry = openTrials[trial], let last = entry.lastReport, let epochs = halving?.budgets[rung]
    else { return }
    if let attempt = attempts[last], !attempt.isLost {
      effects.append(.persist(.attemptEnded(last, .finished, words: "")))
      if let peer = peers[attempt.worker] { sendRevoke(last, to: peer.address) }
    }
    end(
      TrialEnd(
        trial: trial, status: .stopped, epochs: epochs, valAccuracy: entry.score?.valAccuracy,
        valLoss: entry.score?.valLoss), by: last)
  }
}
