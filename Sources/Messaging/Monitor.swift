import CZeroMQ
import Synchronization

/// Reads libzmq's events for the connections of one socket.
final class Monitor {
  /// One event: its bit and its value (a descriptor, an error number, a status).
  struct Report {
    let event: Int32
    let value: UInt32
  }

  /// The socket to poll.
  let reader: Socket

  private static let names = Atomic<UInt64>(0)
  private let watched: Socket
  private let frame = Frame()

  /// Monitors the socket for the events of the mask; create it before bind or connect.
  init(of watched: Socket, events: Int32) throws(MessagingError) {
    let name = "monitor-\(Self.names.add(1, ordering: .relaxed).newValue)"
    let reader = try Socket(.pair)
    // Without a limit: libzmq blocks its I/O thread when a limited queue is full.
    reader.set(ZMQ_RCVHWM, 0)
    try watched.monitor(at: name, events: events)
    try reader.connect(inproc: name)
    self.watched = watched
    self.reader = reader
  }

  deinit { close() }

  /// The next event; nil if there is none.
  func next() -> Report? {
    guard frame.receive(from: reader) else { return nil }
    let report = frame.withBytes { bytes in
      Report(
        event: Int32(bytes.loadUnaligned(as: UInt16.self)),
        value: bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
    }
    while frame.hasMore, frame.receive(from: reader) {}
    return report
  }

  /// Stops the events; call it before the monitored socket closes.
  func close() {
    guard reader.handle != nil else { return }
    watched.stopMonitor()
    reader.close()
  }
}
