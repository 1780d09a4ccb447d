import Coordination

/// Notices that a search has no workers.
struct AbsenceWatch {
  /// The time since when there is no slot; nil if there is one.
  private(set) var since: Duration?
  private var hasWarned = false

  /// The time without a worker after which the user is warned. A local worker that was killed is replaced sooner.
  static let timeToWarning = Duration.seconds(5)

  /// Notes whether there are workers.
  ///
  /// - Returns: a warning when there has been no worker for a while, once each time.
  mutating func look(_ coordinator: Coordinator, at now: Duration) -> String? {
    guard coordinator.slotCount == 0, !coordinator.isFinished else {
      (since, hasWarned) = (nil, false)
      return nil
    }
    let since = since ?? now
    self.since = since
    guard !hasWarned, now - since >= Self.timeToWarning else { return nil }
    hasWarned = true
    let left = (coordinator.trials ?? coordinator.begunCount) - coordinator.results.count
    guard left > 0 else { return "no workers connected; the replicates wait for one" }
    return "no workers connected; \(left) trial\(left == 1 ? " waits" : "s wait") for one"
  }
}
