import CZeroMQ

/// The listening address and the admission rules of a coordinator.
package struct RouterConfiguration: Sendable {
  /// The listening address; port 0 lets the system choose.
  package var endpoint: Endpoint
  /// The coordinator's keys.
  package var keys: CurveKeyPair
  /// The maximum number of connections per key, which several workers may share; further ones must wait.
  package var maximumPeersPerKey: Int
  /// The maximum number of open connections, including those in the handshake. At the limit no new one is accepted.
  /// The default leaves a part of the process's file descriptors free.
  package var maximumConnections: Int
  /// Whether a key is admitted. Called from two threads, at each handshake and for each message, so that revocation
  /// applies to live connections; must be fast.
  package var isAuthorized: @Sendable (CurveKey) -> Bool

  package init(
    endpoint: Endpoint, keys: CurveKeyPair, maximumPeersPerKey: Int = 12_000,
    maximumConnections: Int = OpenFiles.raisedLimit / 100 * 85,
    isAuthorized: @escaping @Sendable (CurveKey) -> Bool
  ) {
    self.endpoint = endpoint
    self.keys = keys
    self.maximumPeersPerKey = maximumPeersPerKey
    self.maximumConnections = maximumConnections
    self.isAuthorized = isAuthorized
  }
}

/// The address of a connected peer. It is valid for one connection and does not identify the peer.
package struct Route: Hashable, Sendable, CustomStringConvertible {
  private static let length = 5
  /// The number of the route within its socket.
  package let number: UInt32

  /// Creates the route from such a number.
  package init(number: UInt32) {
    self.number = number
  }

  /// Accepts only ids that libzmq assigned (a zero and four bytes), not those chosen by peers.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.length, bytes[0] == 0 else { return nil }
    number = bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)
  }

  /// The five bytes of the peer's id in libzmq.
  var bytes: [UInt8] { [0] + withUnsafeBytes(of: number) { [UInt8]($0) } }

  package var description: String { String(UInt32(bigEndian: number), radix: 16) }
}

/// A message received by the coordinator.
package struct Incoming: Sendable {
  /// The route for a reply.
  package let route: Route
  /// The sender's key, authenticated by the handshake.
  package let key: CurveKey
  /// The payload.
  package let bytes: [UInt8]
}

/// The coordinator's socket: a ZeroMQ ROUTER that admits known keys only.
///
/// One thread uses it; other threads may only wake it. No input from a peer makes a call fail or block.
package final class RouterSocket {
  /// The actual listening address, with the port.
  package let endpoint: Endpoint
  private let intake: Intake
  private let admission: Admission
  private let domain: Authenticator.Domain
  private let maximumConnections: Int
  private var listener: Int32?
  /// Whether accepting is paused because of too many connections.
  package private(set) var isFull = false

  /// Listens, and verifies with a test connection that unknown keys are rejected.
  ///
  /// Other threads wake `wait` through the waker.
  package init(_ configuration: RouterConfiguration, waker: Waker) throws(MessagingError) {
    maximumConnections = configuration.maximumConnections
    admission = Admission(
      limit: configuration.maximumPeersPerKey, isAuthorized: configuration.isAuthorized)
    domain = try Authenticator.shared().register(admission)
    let socket = try Socket(.router)
    Transport.prepare(socket, for: configuration.endpoint)
    // Without a limit: see `Intake`.
    socket.set(ZMQ_RCVHWM, 0)
    // Connections that are already in the accept queue still get in.
    socket.set(ZMQ_BACKLOG, Int32(min(1_024, max(16, maximumConnections / 20))))
    socket.set(ZMQ_ROUTER_MANDATORY, 1)
    socket.set(ZMQ_ROUTER_HANDOVER, 0)
    socket.set(ZMQ_CURVE_SERVER, 1)
    socket.set(ZMQ_CURVE_SECRETKEY, key: configuration.keys.secretKey.words)
    socket.set(ZMQ_ZAP_DOMAIN, text: domain.name)
    socket.set(ZMQ_ZAP_ENFORCE_DOMAIN, 1)
    let monitor = try Monitor(
      of: socket, events: ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED)
    try socket.bind(configuration.endpoint)
    endpoint = try socket.lastEndpoint()
    intake = Intake(of: socket, monitor, admission: admission, waker: waker)
    try Self.requireRefusal(at: endpoint, of: configuration.keys.publicKey)
  }

  deinit { close() }

  /// Stops listening and closes all connections; unsent messages are lost. The port is free shortly after.
  package func close() {
    intake.close()
  }

  /// The dropped messages.
  package var dropped: DroppedMessages { intake.droppedMessages }

  /// Open connections, including those in the handshake. As of the last `wait`.
  package var connections: Int { admission.connections }

  /// Waits for messages or a wake until the timeout (nil: no limit); false on timeout.
  package func wait(timeout: Duration?) throws(MessagingError) -> Bool {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    while let arrival = try intake.wait(until: deadline) {
      if !arrival.reports.isEmpty { note(arrival.reports) }
      if arrival.isForCaller { return true }
      // An endless series of new connections must not keep the caller here.
      if let deadline, deadline <= .now { return false }
    }
    return false
  }

  private func note(_ reports: [Monitor.Report]) {
    for report in reports {
      let connection = Int32(truncatingIfNeeded: report.value)
      switch report.event {
      case ZMQ_EVENT_LISTENING: listener = connection
      case ZMQ_EVENT_ACCEPTED: admission.opened(connection)
      default: admission.closed(connection)
      }
    }
    if isFull ? connections <= maximumConnections / 10 * 9 : connections >= maximumConnections {
      setFull(!isFull)
    }
  }

  private func setFull(_ full: Bool) {
    guard let listener, ListeningSocket.setDeaf(listener, full) else { return }
    isFull = full
  }

  /// The next message, without waiting; nil if there is none. Drops and counts invalid messages, and those of a peer
  /// that sends more than the caller takes.
  package func receive() -> Incoming? { intake.receive() }

  /// Sends one message to a peer, without waiting.
  package func send(_ bytes: [UInt8], to route: Route) -> SendOutcome {
    bytes.count <= Transport.maximumPayload ? intake.send(bytes, to: route) : .tooLarge
  }

  /// Connects with an unknown key and checks that the handshake is rejected.
  private static func requireRefusal(
    at endpoint: Endpoint, of serverKey: CurveKey
  ) throws(MessagingError) {
    let probe = try DealerSocket(
      DealerConfiguration(
        endpoint: endpoint.onThisMachine, serverKey: serverKey, keys: .generate(),
        reconnectInterval: .milliseconds(100)),
      waker: Waker())
    defer { probe.close() }
    let deadline = ContinuousClock.now + .seconds(20)
    while try probe.wait(timeout: deadline - .now) {
      for event in probe.events() {
        switch event {
        case .refused(status: 400): return
        case .refused(let status):
          throw .selfTestFailed(endpoint, "authentication answers with status \(status)")
        case .connected: throw .selfTestFailed(endpoint, "the unknown key was let in")
        case .disconnected, .handshakeFailed, .retrying: break
        }
      }
    }
    throw .selfTestFailed(endpoint, "no answer")
  }
}
