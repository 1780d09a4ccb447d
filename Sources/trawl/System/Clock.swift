import Foundation

/// Time for the state machines: since an arbitrary moment, never set back, standing still while the machine sleeps.
func monotonicNow() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
