/// A rate limit (token bucket) for log lines caused by peers, so that a peer cannot fill the disk or the terminal.
/// Skipped lines are counted.
package struct LineBudget {
  private let burst: Double
  private let perSecond: Double
  private var left: Double
  private var last = Duration.zero
  private var skipped = 0

  package init(burst: Int, perSecond: Int) {
    self.burst = Double(burst)
    self.perSecond = Double(perSecond)
    left = self.burst
  }

  /// The lines to write: this one, preceded by the number of skipped lines; none if the limit is reached.
  package mutating func admit(_ line: String, at now: Duration) -> [String] {
    left = min(burst, left + (now - last).seconds * perSecond)
    last = now
    guard left >= 1 else {
      skipped += 1
      return []
    }
    left -= 1
    defer { skipped = 0 }
    return skipped > 0 ? ["\(skipped) similar lines skipped", line] : [line]
  }
}
