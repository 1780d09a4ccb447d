/// Notices that a search makes no progress.
struct StallWatch: Sendable {
  /// When an epoch or a result last arrived, or nothing was pending.
  private var lastProgress: Duration
  /// Reports since then.
  private var reports = 0

  init(at now: Duration) {
    lastProgress = now
  }

  mutating func noteProgress(at now: Duration) {
    (lastProgress, reports) = (now, 0)
  }

  /// The time without progress if it is to be reported: when it exceeds `limit`, and each time it has doubled.
  mutating func report(after limit: Duration, at now: Duration) -> Duration? {
    let time = now - lastProgress
    guard time > limit * (1 << min(reports, 20)) else { return nil }
    reports += 1
    return time
  }
}
