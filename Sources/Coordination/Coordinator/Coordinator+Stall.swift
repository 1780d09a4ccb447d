import Search

// Searches that make no progress.
extension Coordinator {
  /// Warns when workers have had work for `intervals.progress` and no epoch and no result has come of it.
  mutating func reportStall(at now: Duration) {
    guard !peers.isEmpty, backlog.count > 0 || !openTrials.isEmpty, !isClosing, !isFinished else {
      lastProgress = now
      return
    }
    let time = now - lastProgress
    guard time > intervals.progress else { return }
    lastProgress = now
    effects.append(.warn("no epoch and no result for \(time.wholeSeconds) s: \(stallReason(at: now))"))
  }

  private func stallReason(at now: Duration) -> String {
    let reasons = [slowestAttempt(at: now), waitingTrial(at: now), idleWorkers(at: now)].compactMap(\.self)
    return reasons.isEmpty ? "its trials wait for each other" : reasons.joined(separator: "; ")
  }

  private func slowestAttempt(at now: Duration) -> String? {
    let running = attempts.filter { !$0.value.isLost }
    guard
      let (id, attempt) = running.min(by: { ($0.value.lastMoved, $0.key) < ($1.value.lastMoved, $1.key) })
    else { return nil }
    let host = peers[attempt.worker]?.description.host ?? "a worker that has not come back"
    return "\(running.count) attempts run; the last step of attempt \(id.number) "
      + "(\(Replicate(number: attempt.trial)), \(host)) was \((now - attempt.lastMoved).wholeSeconds) s ago"
  }

  private func waitingTrial(at now: Duration) -> String? {
    let waiting = failedTrials.filter { openTrials[$0]?.current == nil && !isParked($0) }
    guard let trial = waiting.min(), let entry = openTrials[trial] else { return nil }
    let detail = entry.failures.failures.last.map { " (\($0.detail))" } ?? ""
    let wait =
      isReady(trial, at: now)
      ? "waits for a worker that it has not failed on"
      : "runs again in \((entry.backoff.end - now).wholeSeconds) s"
    return "\(Replicate(number: trial)) has failed\(detail) and \(wait)"
  }

  private func idleWorkers(at now: Duration) -> String? {
    let count = peers.keys.count { isOnProbation($0, at: now) }
    let isAlone = !peers.values.contains(where: \.isAvailable)
    if isAlone {
      return "no worker may take its trials: start another, or repair those that get no more work"
    }
    return count > 0
      ? "\(count) workers get no new trials before others have tried those that failed on them" : nil
  }
}

extension Duration {
  fileprivate var wholeSeconds: Int { Int(self / .seconds(1)) }
}
