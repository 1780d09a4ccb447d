import CZeroMQ
import Glibc

/// Wakes a thread that waits for its socket, from any other thread.
///
/// Wakes do not accumulate: after `wake()`, the current or next wait returns immediately, once.
package final class Waker: Sendable {
  /// The eventfd to poll; not inherited by child processes.
  let descriptor: Int32

  /// Creates a waker; fails only if the process has too many open files.
  package init() throws(MessagingError) {
    let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    let code = errno
    guard descriptor >= 0 else { throw MessagingError("making an eventfd", code: code) }
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  /// Wakes the waiting thread; never blocks.
  package func wake() {
    // The only other failure is a full counter, and then a wake is pending.
    while eventfd_write(descriptor, 1) == -1 && errno == EINTR {}
  }

  /// Clears all wakes, so that the next wait blocks.
  func drain() {
    var count: eventfd_t = 0
    while eventfd_read(descriptor, &count) == -1 && errno == EINTR {}
  }
}
