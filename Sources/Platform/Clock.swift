import Foundation

/// The monotonic time for the state machines. It does not advance while the machine is suspended.
package func monotonicNow() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// The wall clock of one process: the date of its creation and the time since, so that durations are right even if the
/// clock of the machine is set.
package struct SteadyClock {
  private let start = Date()
  private let startUptime = Self.uptime()

  package init() {}

  package func now() -> Date { start + (Self.uptime() - startUptime) }

  /// Seconds since the machine was started, including suspensions.
  private static func uptime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
