import Search

// Searches that make no progress.
extension Coordinator {
  /// Warns when workers have had work for `intervals.progress` and no epoch and no result has come of it.
  mutating func reportStall(at now: Duration) {
    guard !peers.isEmpty, !openTrials.isEmpty, !isClosing, !isFinished else {
      lastProgress = now
      return
    }
    let time = now - lastProgress
    guard time > intervals.progress else { return }
    lastProgress = now
    let seconds = Int(time / .seconds(1))
    effects.append(.warn("no epoch and no result for \(seconds) s: \(stallReason(at: now))"))
  }

  private func stallReason(at now: Duration) -> String {
    var reasons: [String] = []
    let running = attempts.filter { !$0.value.isLost }.sorted { $0.key < $1.key }
    if let (id, attempt) = running.min(by: { $0.value.lastMoved < $1.value.lastMoved }) {
      let host = peers[attempt.worker]?.description.host ?? "a worker that has not come back"
      reasons.append(
        "\(running.count) attempts run; the last step of attempt \(id.number) "
          + "(\(Replicate(number: attempt.trial)), \(host)) was \(Int((now - attempt.lastMoved) / .seconds(1))) s ago"
      )
    }
    if let trial = failedTrials.min(), openTrials[trial]?.current == nil {
      reasons.append("\(Replicate(number: trial)) has failed and waits for another worker")
    }
    if backlog.count > 0, !peers.values.contains(where: \.isAvailable) {
      reasons.append("\(backlog.count) trials wait, and no worker may take them")
    }
    return reasons.isEmpty ? "its trials wait for each other" : reasons.joined(separator: "; ")
  }
}
