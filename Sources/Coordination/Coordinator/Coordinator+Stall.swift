import Search

// Searches that make no progress.
extension Coordinator {
  /// Warns if no epoch and no result arrives for `intervals.progress` although work is pending. Repeats the warning
  /// each time the period without progress has doubled.
  mutating func reportStall(at now: Duration) {
    guard !membership.peers.isEmpty, backlog.count > 0 || !attempts.trials.isEmpty, !isClosing, !isFinished
    else { return stallWatch.noteProgress(at: now) }
    guard let time = stallWatch.report(after: intervals.progress, at: now) else { return }
    warn("no epoch and no result for \(time.wholeSeconds) s: \(stallReason(at: now))")
  }

  private func stallReason(at now: Duration) -> String {
    let reasons = [
      silentWorkers(at: now), slowestAttempt(at: now), waitingTrial(at: now), idleWorkers(at: now),
    ].compactMap(\.self)
    return reasons.isEmpty ? "the trials wait for each other" : reasons.joined(separator: "; ")
  }

  private func silentWorkers(at now: Duration) -> String? {
    let silent = membership.peers.values.filter { !membership.isResponsive($0, at: now) }
    guard let first = silent.min(by: { $0.lastHeard < $1.lastHeard }) else { return nil }
    return
      "no heartbeat from \(silent.count) of \(membership.peers.count) workers (\(first.description.host), "
      + "pid \(first.description.pid), for \((now - first.lastHeard).wholeSeconds) s)"
  }

  private func slowestAttempt(at now: Duration) -> String? {
    let running = attempts.all.filter { !$0.value.isLost }
    guard
      let (id, attempt) = running.min(by: { ($0.value.lastMoved, $0.key) < ($1.value.lastMoved, $1.key) })
    else { return nil }
    let host = membership[attempt.worker]?.description.host ?? "a worker that has not come back"
    return
      "\(running.count) attempt\(running.count == 1 ? " runs" : "s run"), the last step of attempt \(id.number) "
      + "(\(Replicate(number: attempt.trial)), \(host)) was reported \((now - attempt.lastMoved).wholeSeconds) s ago"
  }

  private func waitingTrial(at now: Duration) -> String? {
    let waiting = blame.histories.keys.filter {
      attempts.trials[$0]?.current == nil && !promotion.isPaused($0)
    }
    guard let trial = waiting.min(), let entry = attempts.trials[trial] else { return nil }
    let detail =
      blame.histories[trial]?.failures.last.map { " (attempt \($0.attempt.number): \($0.detail))" } ?? ""
    let wait =
      attempts.isReady(trial, at: now)
      ? "waits for another worker"
      : "runs again in \((entry.backoff.end - now).wholeSeconds) s"
    return "\(Replicate(number: trial))\(detail) \(wait)"
  }

  private func idleWorkers(at now: Duration) -> String? {
    let count = membership.peers.keys.count { blame.getsNoNewTrials($0, in: membership, at: now) }
    let isAlone = !membership.peers.values.contains(where: \.isAvailable)
    if isAlone {
      return "no worker may run the trials: start another worker, or repair those that get no more work"
    }
    return count > 0
      ? "\(count) workers get no new trials before others have tried those that failed on them" : nil
  }
}

extension Duration {
  var wholeSeconds: Int { Int(self / .seconds(1)) }
}
