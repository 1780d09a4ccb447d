import Search

// The progress of a search, for display.
extension Coordinator {
  /// The number of trials; nil for an open-ended search.
  package var trials: Int? { file.isOpenEnded && !allResults.isComplete ? nil : allResults.trialCount }

  /// The number of trials that have begun.
  package var begunCount: Int { backlog.begun }

  /// Whether the next trial cannot be sampled before running trials report.
  package var waitsForResults: Bool { allResults.waitsForResults }

  /// The SHA-256 of the dataset of all results; nil before the first epoch.
  package var data: [UInt8]? { dataset.digest }

  /// Whether running attempts belong to workers that have not reconnected yet.
  package var hasAbsentWorkers: Bool {
    attempts.all.values.contains { !$0.isLost && membership[$0.worker] == nil }
  }

  /// The completed share of the work, 0...1; nil if the total is unknown.
  package var progress: Double? {
    guard !isFinished else { return 1 }
    if let limit = file.epochLimit, !allResults.isComplete {
      return min(1, (allResults.epochs + promotion.openEpochs) / limit)
    }
    guard let trials else { return nil }
    // The remaining work after the last trial has begun is unknown.
    if promotion.asha != nil {
      return allResults.isComplete ? nil : Double(begunCount) / Double(trials) * 0.99
    }
    let replicates = reevaluations ?? (0, 0)
    let open = attempts.trials.reduce(0) { $0 + share(of: $1.value, number: $1.key) }
    guard let halving = promotion.halving, let epochs = halving.budgets.last else {
      return min(
        1, (Double(allResults.trials.count + replicates.done) + open) / Double(trials + replicates.of))
    }
    let ended = allResults.epochs / epochs + Double(replicates.done)
    return min(1, (ended + open) / (halving.work / epochs + Double(replicates.of)))
  }

  /// The trained share of a trial.
  private func share(of trial: OpenTrial, number: Int) -> Double {
    let attempt = trial.current.flatMap { attempts[$0] }
    guard let halving = promotion.halving, let epochs = halving.budgets.last, !allResults.isReplicate(number)
    else {
      return attempt.map { Double($0.epochs.count) / $0.budget } ?? 0
    }
    let reached = promotion[number]?.reached ?? 0
    return max(reached > 0 ? halving.budgets[reached - 1] : 0, Double(attempt?.epochs.count ?? 0)) / epochs
  }

  /// A counter that changes with the ranking: ended trials and replicates and, with ASHA, reached rungs.
  package var changeCount: Int { endedCount + promotion.rungScoreCount }

  /// The number of attempts begun.
  package var attemptCount: UInt64 { attempts.last.number }

  /// The number of ended trials and replicates.
  package var endedCount: Int { allResults.trials.count + allResults.replicates.count }

  /// The number of other trials and replicates known so far.
  package var leftCount: Int {
    allResults.trialCount - allResults.trials.count + (reevaluations.map { $0.of - $0.done } ?? 0)
  }

  package var runningCount: Int {
    allResults.trialCount - allResults.trials.count + allResults.pendingReplicates.count - backlog.count
      - pausedCount
  }

  /// The number of trials paused at a rung.
  package var pausedCount: Int {
    promotion.standings.keys.count { attempts.trials[$0]?.current == nil && promotion.isPaused($0) }
  }

  /// The number of failed or quarantined trials and replicates.
  package var failedCount: Int {
    allResults.trials.values.count(where: \.status.isFailure)
      + allResults.replicates.values.count { $0.status.isFailure && allResults.isWanted($0.trial) }
  }

  package var divergedCount: Int { allResults.trials.values.count { $0.status == .diverged } }

  /// A worker's status, for display.
  package struct WorkerView: Sendable {
    package let description: WorkerDescription
    package let running: Int
    package let lastHeard: Duration
  }

  /// The connected workers, sorted by host and pid.
  package var workers: [WorkerView] {
    membership.peers.values.map {
      WorkerView(
        description: $0.description, running: $0.attempts.count, lastHeard: $0.lastHeard)
    }.sorted {
      ($0.description.host, $0.description.pid) < ($1.description.host, $1.description.pid)
    }
  }

  package var hasWorkers: Bool { !membership.peers.isEmpty }

  package var slotCount: Int {
    membership.peers.values.reduce(0) { $0 + ($1.isExcluded ? 0 : $1.description.slots) }
  }
}
