import Search

// The progress of a search, for display.
extension Coordinator {
  /// Whether running attempts belong to workers that have not reconnected yet.
  package var hasAbsentWorkers: Bool { attempts.values.contains { !$0.isLost && peers[$0.worker] == nil } }

  /// The completed share of the work, 0...1; nil if the total is unknown.
  package var progress: Double? {
    guard !isFinished else { return 1 }
    if let limit = file.epochLimit, !isComplete { return min(1, (endedEpochs + openEpochs) / limit) }
    guard let trials else { return nil }
    // The remaining work after the last trial has begun is unknown.
    if asha != nil { return isComplete ? nil : Double(begunCount) / Double(trials) * 0.99 }
    let replicates = reevaluations ?? (0, 0)
    let open = openTrials.reduce(0) { $0 + share(of: $1.value, number: $1.key) }
    guard let halving, let epochs = halving.budgets.last else {
      return min(1, (Double(results.count + replicates.done) + open) / Double(trials + replicates.of))
    }
    let ended = endedEpochs / epochs + Double(replicates.done)
    return min(1, (ended + open) / (halving.work / epochs + Double(replicates.of)))
  }

  /// The trained share of a trial.
  private func share(of trial: OpenTrial, number: Int) -> Double {
    let attempt = trial.current.flatMap { attempts[$0] }
    guard let halving, let epochs = halving.budgets.last, !isReplicate(number) else {
      return attempt.map { Double($0.epochs.count) / $0.budget } ?? 0
    }
    let reached = trial.reached > 0 ? halving.budgets[trial.reached - 1] : 0
    return max(reached, Double(attempt?.epochs.count ?? 0)) / epochs
  }

  /// A counter that changes with the ranking: ended trials and replicates and, with ASHA, reached rungs.
  package var changeCount: Int { endedCount + rungScoreCount }

  /// The number of attempts begun.
  package var attemptCount: UInt64 { lastAttempt.number }

  /// The number of ended trials and replicates.
  package var endedCount: Int { results.count + replicates.count }

  /// The number of other trials and replicates known so far.
  package var leftCount: Int {
    trialCount - results.count + (reevaluations.map { $0.of - $0.done } ?? 0)
  }

  package var runningCount: Int {
    trialCount - results.count + pendingReplicates.count - backlog.count - pausedCount
  }

  /// The number of trials paused at a rung.
  package var pausedCount: Int {
    rungs.isEmpty ? 0 : openTrials.values.count { $0.current == nil && $0.reached > $0.goal }
  }

  /// The number of failed or quarantined trials and replicates.
  package var failedCount: Int {
    results.values.count(where: \.status.isFailure)
      + replicates.values.count { $0.status.isFailure && isWanted($0.trial) }
  }

  package var divergedCount: Int { results.values.count { $0.status == .diverged } }

  /// A worker's status, for display.
  package struct WorkerView: Sendable {
    package let description: WorkerDescription
    package let running: Int
    package let lastHeard: Duration
  }

  /// The connected workers, sorted by host and pid.
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
