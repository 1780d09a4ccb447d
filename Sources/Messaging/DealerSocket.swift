import CZeroMQ

/// Which coordinator a worker connects to, and as whom.
package struct DealerConfiguration: Sendable {
  package var endpoint: Endpoint
  /// The coordinator's public key; anyone else at the endpoint is not spoken to.
  package var serverKey: CurveKey
  /// The worker's own keys.
  package var keys: CurveKeyPair
  /// The pause before connecting again, doubled after each failure up to the maximum; libzmq adds
  /// up to one such interval at random.
  package var reconnectInterval: Duration
  package var maximumReconnectInterval: Duration

  /// By default every worker draws its own interval of 0.5 to 3 s, so that a coordinator that comes
  /// back is not overrun; the longest pause, with what libzmq adds, is 16 s.
  package init(
    endpoint: Endpoint, serverKey: CurveKey, keys: CurveKeyPair,
    reconnectInterval: Duration = .milliseconds(.random(in: 500...3_000)),
    maximumReconnectInterval: Duration = .seconds(8)
  ) {
    self.endpoint = endpoint
    self.serverKey = serverKey
    self.keys = keys
    self.reconnectInterval = reconnectInterval
    self.maximumReconnectInterval = maximumReconnectInterval
  }

  /// Tries quickly at first, and then at least every two seconds or so: for a worker that starts about when its coordinator does.
  /// The drawn maximum spreads those that have waited long.
  package mutating func tryQuickly() {
    reconnectInterval = .milliseconds(.random(in: 50...150))
    maximumReconnectInterval = .milliseconds(.random(in: 500...2_000))
  }
}

/// What happens to a worker's connection.
package enum ConnectionEvent: Equatable, Sendable {
  /// The handshake is done: sending works.
  case connected
  /// An established connection ended; libzmq connects again by itself.
  case disconnected
  /// The coordinator does not admit the key (status 400) or failed to decide (500). libzmq does not
  /// try again: it takes a new socket.
  case refused(status: Int)
  /// Somebody answered, but there was no handshake: it does not hold the coordinator's key, is no
  /// coordinator, is too busy, or ended just then. `DealerSocket.isFinished` tells whether libzmq
  /// tries again.
  case handshakeFailed
  /// There is no connection, and the next attempt comes after the pause.
  case retrying(after: Duration)
}

/// A worker's end: a ZeroMQ DEALER with one connection to its coordinator.
///
/// One thread owns it; other threads may only wake it. To go elsewhere, close it and make another.
package final class DealerSocket {
  /// Messages of the coordinator that were thrown away so far.
  package private(set) var dropped = DroppedMessages()
  /// Whether there is a connection that has passed its handshake, as of the last `events`.
  package private(set) var isConnected = false
  /// Whether libzmq has given up, so that only a new socket can connect; as of the last `events`.
  package private(set) var isFinished = false

  private let socket: Socket
  private let monitor: Monitor
  private var pollSet: PollSet
  private let frame = Frame()

  /// Begins to connect; `events` tells how that goes. Other threads wake `wait` by the waker.
  ///
  /// An unknown host is not an error here, because the coordinator may still be starting.
  package init(_ configuration: DealerConfiguration, waker: Waker) throws(MessagingError) {
    let endpoint = configuration.endpoint
    guard endpoint.isConnectable else { throw .notConnectable(endpoint) }
    socket = try Socket(.dealer)
    Transport.prepare(socket, for: endpoint)
    let interval = Self.milliseconds(configuration.reconnectInterval)
    socket.set(ZMQ_RECONNECT_IVL, interval)
    socket.set(
      ZMQ_RECONNECT_IVL_MAX,
      max(interval, Self.milliseconds(configuration.maximumReconnectInterval)))
    socket.set(ZMQ_CONNECT_TIMEOUT, 5_000)
    // Without this, messages would queue for a coordinator that is not there.
    socket.set(ZMQ_IMMEDIATE, 1)
    socket.set(ZMQ_CURVE_SERVERKEY, key: configuration.serverKey.words)
    socket.set(ZMQ_CURVE_PUBLICKEY, key: configuration.keys.publicKey.words)
    socket.set(ZMQ_CURVE_SECRETKEY, key: configuration.keys.secretKey.words)
    monitor = try Monitor(of: socket, events: Self.watchedEvents)
    pollSet = PollSet([socket, monitor.reader], waker: waker)
    try socket.connect(endpoint)
  }

  deinit { close() }

  private static let watchedEvents =
    ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED

  private static func milliseconds(_ duration: Duration) -> Int32 {
    max(1, Int32(clamping: Int(duration / .milliseconds(1))))
  }

  /// Ends the connection; what was not sent yet is lost.
  package func close() {
    monitor.close()
    socket.close()
  }

  /// Waits for a message, an event or a wake, at most so long (nil: for ever); false means the time
  /// is up. It does not block while `events` or `receive` have something left.
  ///
  /// With `orRoom` it also returns when a message could be sent, for a caller whose last one met
  /// `.full`.
  package func wait(timeout: Duration?, orRoom: Bool = false) throws(MessagingError) -> Bool {
    pollSet.setAwaitsOutput(orRoom, at: 0)
    return try pollSet.wait(until: timeout.map { .now + $0 })
  }

  /// What happened to the connection since the last call, in order.
  package func events() -> [ConnectionEvent] {
    var events: [ConnectionEvent] = []
    while let report = monitor.next() {
      if let event = event(for: report) { events.append(event) }
    }
    return events
  }

  private func event(for report: Monitor.Report) -> ConnectionEvent? {
    switch report.event {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      isConnected = true
      return .connected
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      isFinished = true
      return .refused(status: Int(report.value))
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      isFinished = true
      return .handshakeFailed
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      return .handshakeFailed
    case ZMQ_EVENT_CONNECT_RETRIED:
      return .retrying(after: .milliseconds(Int(report.value)))
    default:
      // libzmq also calls the end of a failed handshake a disconnection.
      guard isConnected else { return nil }
      isConnected = false
      return .disconnected
    }
  }

  /// The next message, without waiting; nil when none is there. Unfit ones are dropped and counted.
  package func receive() -> [UInt8]? {
    while frame.receive(from: socket) {
      if frame.hasMore {
        while frame.hasMore, frame.receive(from: socket) {}
        dropped.malformed += 1
      } else if frame.count > Transport.maximumPayload {
        dropped.oversize += 1
      } else {
        return frame.bytes
      }
    }
    return nil
  }

  /// Sends one message to the coordinator, without waiting; `.full` too while there is no
  /// connection.
  package func send(_ bytes: [UInt8]) -> SendOutcome {
    guard bytes.count <= Transport.maximumPayload else { return .tooLarge }
    return socket.send(bytes, isLast: true) == .sent ? .sent : .full
  }
}
