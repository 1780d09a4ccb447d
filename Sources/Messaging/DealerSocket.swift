import CZeroMQ

/// A worker's connection settings: the coordinator and the worker's identity.
package struct DealerConfiguration: Sendable {
  package var endpoint: Endpoint
  /// The coordinator's public key; no other peer at the endpoint is accepted.
  package var serverKey: CurveKey
  /// The worker's own keys.
  package var keys: CurveKeyPair
  /// The reconnect interval, doubled after each failure up to the maximum; libzmq adds up to one interval at random.
  package var reconnectInterval: Duration
  package var maximumReconnectInterval: Duration

  /// By default every worker samples its interval from 0.5 to 3 s, so that workers do not overload a restarted
  /// coordinator; the longest pause, including libzmq's jitter, is 16 s.
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

  /// Retries quickly at first, then about every two seconds or faster: for a worker that starts at about the same
  /// time as its coordinator. The random maximum spreads workers that have waited long.
  package mutating func tryQuickly() {
    reconnectInterval = .milliseconds(.random(in: 50...150))
    maximumReconnectInterval = .milliseconds(.random(in: 500...2_000))
  }
}

/// An event of a worker's connection.
package enum ConnectionEvent: Equatable, Sendable {
  /// The handshake succeeded: messages can be sent.
  case connected
  /// An established connection ended; libzmq reconnects automatically.
  case disconnected
  /// The coordinator rejected the key (status 400) or could not decide (500). libzmq does not retry: a new socket is
  /// needed.
  case refused(status: Int)
  /// A peer answered without a handshake: it does not have the coordinator's key, is not a coordinator, is too busy,
  /// or just exited. `DealerSocket.isFinished` says whether libzmq retries.
  case handshakeFailed
  /// There is no connection; the next attempt follows after the pause.
  case retrying(after: Duration)
}

/// The worker's socket: a ZeroMQ DEALER with one connection to its coordinator.
///
/// One thread owns it; other threads may only wake it. To change the endpoint, close it and create another one.
package final class DealerSocket {
  /// The number of dropped messages from the coordinator.
  package private(set) var dropped = DroppedMessages()
  /// Whether there is a connection with a completed handshake, as of the last `events`.
  package private(set) var isConnected = false
  /// Whether libzmq has stopped retrying, so that only a new socket can connect; as of the last `events`.
  package private(set) var isFinished = false

  private let socket: Socket
  private let monitor: Monitor
  private var pollSet: PollSet
  private let frame = Frame()

  /// Starts to connect; `events` reports the progress. Other threads wake `wait` through the waker.
  ///
  /// An unknown host is not an error, because the coordinator may still be starting.
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
    // Otherwise messages would queue for a coordinator that is not connected.
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

  /// Closes the connection; unsent messages are lost.
  package func close() {
    monitor.close()
    socket.close()
  }

  /// Waits for a message, an event or a wake until the timeout (nil: no limit); false on timeout. Does not block
  /// while `events` or `receive` have more to return.
  ///
  /// With `orRoom` it also returns when a message can be sent; use it after `send` returned `.full`.
  package func wait(timeout: Duration?, orRoom: Bool = false) throws(MessagingError) -> Bool {
    pollSet.setAwaitsOutput(orRoom, at: 0)
    return try pollSet.wait(until: timeout.map { .now + $0 })
  }

  /// The events of the connection since the last call, in order.
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
      // libzmq also reports a failed handshake as a disconnection.
      guard isConnected else { return nil }
      isConnected = false
      return .disconnected
    }
  }

  /// The next message, without waiting; nil if there is none. Drops and counts invalid messages.
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

  /// Sends one message to the coordinator without waiting; also returns `.full` while there is no connection.
  package func send(_ bytes: [UInt8]) -> SendOutcome {
    guard bytes.count <= Transport.maximumPayload else { return .tooLarge }
    return socket.send(bytes, isLast: true) == .sent ? .sent : .full
  }
}
