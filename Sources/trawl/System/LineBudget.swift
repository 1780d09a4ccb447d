/// How many lines may be written because of what peers do: a number at once, and some every second in the long run. What
/// is beyond that is counted, so that nobody can fill a disk or a terminal by making us complain.
struct LineBudget {
  private let burst: Double
  private let perSecond: Double
  private var left: Double
  private var last = Duration.zero
  private var skipped = 0

  init(burst: Int, perSecond: Int) {
    self.burst = Double(burst)
    self.perSecond = Double(perSecond)
    left = self.burst
  }

  /// The lines to write in place of this one: it, and before it how many are missing; none if the budget is spent.
  mutating func spend(on line: String, at now: Duration) -> [String] {
    left = min(burst, left + (now - last).seconds * perSecond)
    last = now
    guard left >= 1 else {
      skipped += 1
      return []
    }
    left -= 1
    defer { skipped = 0 }
    return skipped > 0 ? ["\(skipped) more such lines are not written", line] : [line]
  }
}
