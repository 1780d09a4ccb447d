import Foundation

/// When a search has had enough time, or was told that enough trials have begun.
struct StopCondition {
  private let latch: Latch
  /// Counted from the beginning of the first trial.
  private let limit: Duration?
  /// How much of it had passed when this process saw the first trial.
  private var passed: Duration
  private var firstSeen: Duration?

  /// - Parameters:
  ///   - latch: raised when enough trials have begun.
  ///   - hours: since the first trial began.
  ///   - beginning: when that was, in seconds since 1970; nil if none has.
  init(_ latch: Latch, hours: Double?, since beginning: Double?) {
    self.latch = latch
    limit = hours.map { .seconds($0 * 3600) }
    passed = .seconds(beginning.map { max(0, Date().timeIntervalSince1970 - $0) } ?? 0)
  }

  /// Whether there is enough, now that some trial, or none, has begun.
  mutating func isReached(at now: Duration, hasBegun: Bool) -> Bool {
    if hasBegun, firstSeen == nil { firstSeen = now }
    if let limit, let firstSeen, passed + (now - firstSeen) >= limit { latch.raise() }
    return latch.isRaised
  }
}
