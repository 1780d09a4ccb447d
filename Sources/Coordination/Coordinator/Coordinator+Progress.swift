import Search

// How a search stands, for people.
extension Coordinator {
  /// Whether workers that train may yet come back to this coordinator.
  package var awaitsWorkers: Bool { attempts.values.contains { !$0.isLost && peers[$0.worker] == nil } }

  /// The share of the work that is done, 0...1; nil where nobody knows how much there is.
  package var progress: Double? {
    guard !isFinished else { return 1 }
    if let limit = file.epochLimit, !isComplete { return min(1, (endedEpochs + openEpochs) / limit) }
    guard let trials else { return nil }
    // What comes after the last has begun takes long or short.
    if asha != nil { return isComplete ? nil : Double(begunCount) / Double(trials) * 0.99 }
    let replicates = reevaluations ?? (0, 0)
    let open = openTrials.reduce(0) { $0 + share(of: $1.value, number: $1.key) }
    guard let halving, let epochs = halving.budgets.last else {
      return min(1, (Double(results.count + replicates.done) + open) / Double(trials + replicates.of))
    }
    let ended = endedEpochs / epochs + Double(replicates.done)
    return min(1, (ended + open) / (halving.work / epochs + Double(replicates.of)))
  }

  /// How much of its whole training a trial has had.
  private func share(of trial: OpenTrial, number: Int) -> Double {
    let attempt = trial.current.flatMap { attempts[$0] }
    guard let halving, let epochs = halving.budgets.last, !isReplicate(number) else {
      return attempt.map { Double($0.epochs.count) / $0.budget } ?? 0
    }
    let reached = trial.reached > 0 ? halving.budgets[trial.reached - 1] : 0
    return max(reached, Double(attempt?.epochs.count ?? 0)) / epochs
  }

  /// What has ended, and where ASHA does not wait for ends, what has come to a rung: how much there is to tell.
  package var newsCount: Int { endedCount + standingCount }

  /// Attempts that were begun in all.
  package var attemptCount: UInt64 { lastAttempt.number }

  /// Trials and replicates that have ended.
  package var endedCount: Int { results.count + replicates.count }

  /// Those that have not, as far as is known.
  package var leftCount: Int {
    trialCount - results.count + (reevaluations.map { $0.of - $0.done } ?? 0)
  }

  package var runningCount: Int {
    trialCount - results.count + unconfirmed.count - backlog.count - parkedCount
  }

  /// Trials that wait until others have been trained as long as they were.
  package var parkedCount: Int {
    rungs.isEmpty ? 0 : openTrials.values.count { $0.current == nil && $0.reached > $0.goal }
  }

  /// Trials that ended without a score for a reason other than their configuration's.
  package var failedCount: Int {
    results.values.count(where: \.status.isFailure)
      + replicates.values.count { $0.status.isFailure && isWanted($0.trial) }
  }

  /// A worker as people want to see it.
  package struct WorkerView: Sendable {
    package let description: WorkerDescription
    package let running: Int
    package let lastHeard: Duration
  }

  /// The workers, by host and process.
  package var workers: [WorkerView] {
    peers.values.map {
      WorkerView(
        description: $0.description, running: $0.attempts.count, lastHeard: $0.lastHeard)
    }.sorted {
      ($0.description.host, $0.description.pid) < ($1.description.host, $1.description.pid)
    }
  }

  package var hasWorkers: Bool { !peers.isEmpty }

  package var slotCount: Int { peers.values.reduce(0) { $0 + ($1.isExcluded ? 0 : $1.description.slots) } }
}
