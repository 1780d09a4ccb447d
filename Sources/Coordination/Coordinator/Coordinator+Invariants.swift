import Search

extension Coordinator {
  /// What must hold after each event: of each part, and between them.
  ///
  /// - Returns: sentences about what does not hold; none if all is well. The time is proportional to the number of
  ///   workers, attempts and open trials.
  package func checkInvariants() -> [String] {
    membership.checkInvariants() + attempts.checkInvariants() + checkpoints.checkInvariants()
      + promotion.checkInvariants() + allResults.checkInvariants() + brokenSlots + brokenQueue + brokenTrials
  }

  /// Workers and attempts.
  private var brokenSlots: [String] {
    var broken: [String] = []
    for (worker, peer) in membership.peers {
      for id in peer.attempts where attempts[id]?.worker != worker || attempts[id]?.isLost != false {
        broken.append("\(peer.text) holds attempt \(id.number), which is not its own")
      }
    }
    for (id, attempt) in attempts.all where !attempt.isLost {
      guard let peer = membership[attempt.worker] else { continue }
      if !peer.attempts.contains(id), !attempts.expected(of: attempt.worker).contains(id) {
        broken.append("attempt \(id.number) runs on \(peer.text), which does not hold it")
      }
    }
    return broken
  }

  /// Each trial and each required replicate has ended, runs, waits or is paused at a rung.
  private var brokenQueue: [String] {
    var broken: [String] = []
    let waiting = Set(backlog.requeued)
    for (number, trial) in attempts.trials
    where waiting.contains(number) != (trial.current == nil && !promotion.isPaused(number)) {
      broken.append("\(Replicate(number: number)) \(waiting.contains(number) ? "waits" : "does not wait")")
    }
    for number in waiting where allResults.trials[number] != nil || allResults.replicates[number] != nil {
      broken.append("\(Replicate(number: number)) has ended and waits")
    }
    let active = waiting.union(attempts.trials.keys)
    if Set(active.filter(allResults.isReplicate)) != allResults.pendingReplicates {
      broken.append("the replicates that run or wait are not those that are required")
    }
    let begun = active.count { !allResults.isReplicate($0) } + allResults.trials.count
    if begun + backlog.count - waiting.count != allResults.trialCount {
      broken.append("\(begun) of \(allResults.trialCount) trials have begun, and others were forgotten")
    }
    return broken
  }

  /// What the parts know about each trial.
  private var brokenTrials: [String] {
    var broken: [String] = []
    let open = attempts.trials.keys
    if open.contains(where: { allResults.trials[$0] != nil || allResults.replicates[$0] != nil }) {
      broken.append("a trial is open and has a result")
    }
    if Set(promotion.standings.keys) != Set(open.filter { !allResults.isReplicate($0) }) {
      broken.append("the trials with a standing are not the open ones")
    }
    if !blame.histories.keys.allSatisfy({ attempts.trials[$0] != nil }) {
      broken.append("failures of a trial that is not open are kept")
    }
    if !checkpoints.stored.keys.allSatisfy({ attempts.trials[$0] != nil }) {
      broken.append("a checkpoint of a trial that is not open is kept")
    }
    if !checkpoints.handovers.keys.allSatisfy({ attempts[$0] != nil }) {
      broken.append("a handover of no attempt is kept")
    }
    return broken
  }
}
