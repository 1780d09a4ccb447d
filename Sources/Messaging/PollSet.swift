import CZeroMQ
import Glibc

/// The sockets and the waker that one thread waits for.
struct PollSet {
  private var items: [zmq_pollitem_t]
  private let waker: Waker

  /// Waits for input on the sockets, by their order.
  init(_ sockets: [Socket], waker: Waker) {
    self.waker = waker
    items = sockets.map {
      zmq_pollitem_t(socket: $0.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
    }
    items.append(
      zmq_pollitem_t(socket: nil, fd: waker.descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
  }

  /// Whether the socket at the index is also ready when it can send.
  mutating func setAwaitsOutput(_ awaitsOutput: Bool, at index: Int) {
    items[index].events = Int16(awaitsOutput ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN)
  }

  /// Waits until something is ready or until the deadline (nil: no limit); false at the deadline. Resets the waker.
  mutating func wait(until deadline: ContinuousClock.Instant?) throws(MessagingError) -> Bool {
    while true {
      let count = zmq_poll(&items, Int32(items.count), Self.milliseconds(until: deadline))
      let code = zmq_errno()
      if count > 0 {
        if isReady(items.count - 1) { waker.drain() }
        return true
      }
      if count == 0 {
        guard let deadline, deadline > .now else { return false }
      } else if code != EINTR {
        throw MessagingError("waiting for messages", code: code)
      }
    }
  }

  /// Whether the socket at the index, or the waker (the last index), was ready after the last wait.
  func isReady(_ index: Int) -> Bool { items[index].revents != 0 }

  /// Rounded up, so that waiting does not spin before the deadline; -1 for no limit.
  private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int {
    guard let deadline else { return -1 }
    let left = (deadline - .now).components
    guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
    guard left.seconds < 86_400 else { return 86_400_000 }
    let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
    return Int(left.seconds) * 1_000
      + Int((left.attoseconds + attosecondsPerMillisecond - 1) / attosecondsPerMillisecond)
  }
}
