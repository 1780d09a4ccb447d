import Search

// Which trials train on, and how far.
extension Coordinator {
  /// The epochs after which a trial is compared next, or ends.
  func budget(trial: Int) -> Double {
    guard let halving, !isReplicate(trial) else { return Double(file.epochs(values(trial))) }
    return halving.budgets[openTrials[trial]?.goal ?? 0]
  }

  /// Whether a trial waits until it is certain whether it may train on.
  func isParked(_ trial: Int) -> Bool {
    guard let trial = openTrials[trial] else { return false }
    return trial.reached > trial.goal
  }

  /// Decides again from what trials had come to: what was certain then is certain now. Rung by rung: no trial can be
  /// at one before it was promoted to it.
  mutating func resumeHalving(_ rungs: [[RungScore]]) {
    guard let halving else { return }
    var scoreless = results.values.filter(\.endsWithoutScore).map(\.trial).sorted()
    for rung in halving.budgets.indices.dropLast() {
      let scores = rung < rungs.count ? rungs[rung] : []
      for score in scores { reach(rung, score) }
      let passed = Set(scores.map(\.trial))
      for trial in scoreless where !passed.contains(trial) { report(nil, of: trial, at: rung) }
      scoreless.removeAll { !passed.contains($0) }
    }
  }

  /// An epoch of an attempt has been reported.
  mutating func noteEpoch(of id: AttemptID) {
    guard let epochs = attempts[id]?.epochs.map(EpochScore.init), let score = file.objective.decisive(epochs)
    else { return }
    note(score, after: Double(epochs.count), of: id)
  }

  /// An attempt has told what it came to after so many epochs.
  mutating func note(_ score: EpochScore, after epochs: Double, of id: AttemptID) {
    guard let halving, let trial = attempts[id]?.trial, !isReplicate(trial),
      let rung = openTrials[trial]?.reached, rung + 1 < halving.budgets.count, epochs == halving.budgets[rung]
    else { return }
    // One that was lost may get there while its trial waits to be tried again.
    if openTrials[trial]?.current == nil { _ = backlog.remove(trial) }
    let reached = RungScore(trial: trial, attempt: id, score: score)
    effects.append(.persist(.rungReached(reached, rung: rung)))
    resume(reach(rung, reached))
  }

  /// A trial has ended without a score: it goes no further.
  mutating func noteEnd(of end: TrialEnd, after trial: OpenTrial) {
    guard halving != nil, end.endsWithoutScore, !isReplicate(end.trial) else { return }
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
  private mutating func reach(_ rung: Int, _ reached: RungScore) -> [Int] {
    openTrials[reached.trial]?.reached = rung + 1
    openTrials[reached.trial]?.lastRung = reached
    return report(reached.score, of: reached.trial, at: rung)
  }

  @discardableResult
  private mutating func report(_ score: EpochScore?, of trial: Int, at rung: Int) -> [Int] {
    let objective = file.objective == .valLoss ? score?.valLoss : score?.valAccuracy
    let standing = Halving.Standing(trial: trial, objective: objective, valLoss: score?.valLoss)
    if rung == 0 { proposals.report(trial: trial, objective: objective) }
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
    guard let last = openTrials[trial]?.lastRung, let epochs = halving?.budgets[rung] else { return }
    if let attempt = attempts[last.attempt], !attempt.isLost {
      effects.append(.persist(.attemptEnded(last.attempt, .finished, words: "")))
      if let peer = peers[attempt.worker] { sendRevoke(last.attempt, to: peer.address) }
    }
    end(
      TrialEnd(
        trial: trial, status: .stopped, epochs: epochs, valAccuracy: last.score.valAccuracy,
        valLoss: last.score.valLoss), by: last.attempt)
  }
}

extension TrialEnd {
  fileprivate var endsWithoutScore: Bool { status != .done && status != .stopped }
}
