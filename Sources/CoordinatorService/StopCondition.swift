import Foundation
import Platform

/// The condition for starting no more trials: the time limit, or a raised latch.
struct StopCondition {
  private let latch: Latch
  /// The time limit, from the start of the first trial.
  private let limit: Duration?
  /// The time that had passed when this process saw the first trial.
  private var passed: Duration
  private var firstSeen: Duration?

  /// - Parameters:
  ///   - latch: raised to start no more trials.
  ///   - hours: the time limit, from the start of the first trial.
  ///   - beginning: the start of the first trial in seconds since 1970; nil if none has started.
  init(_ latch: Latch, hours: Double?, since beginning: Double?) {
    self.latch = latch
    limit = hours.map { .seconds($0 * 3600) }
    passed = .seconds(beginning.map { max(0, Date().timeIntervalSince1970 - $0) } ?? 0)
  }

  /// Whether the condition is met. `hasBegun`: whether a trial has started.
  mutating func isReached(at now: Duration, hasBegun: Bool) -> Bool {
    if hasBegun, firstSeen == nil { firstSeen = now }
    if let limit, let firstSeen, passed + (now - firstSeen) >= limit { latch.raise() }
    return latch.isRaised
  }
}
