import CZeroMQ

/// Where a coordinator listens and whom it lets in.
package struct RouterConfiguration: Sendable {
  /// Where to listen; port 0 lets the system choose.
  package var endpoint: Endpoint
  /// The coordinator's keys.
  package var keys: CurveKeyPair
  /// Connections that one key may hold, since workers may share one; the next ones have to wait.
  package var maximumPeersPerKey: Int
  /// Open connections, those in their handshake included, at which nobody new is let in until some
  /// have ended. By default that leaves a share of the descriptors that the process may have.
  package var maximumConnections: Int
  /// Whether a key may enter and speak. Called from two threads, at each handshake and for each
  /// message, so that revoking works on live connections: it must be quick.
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

/// The way back to a connected peer. Only a return address: it ends with the connection, and says
/// nothing about who the peer is.
package struct Route: Hashable, Sendable, CustomStringConvertible {
  private static let length = 5
  /// What tells it from the other routes of its socket.
  package let number: UInt32

  /// The route with a number that a route of this socket had.
  package init(number: UInt32) {
    self.number = number
  }

  /// Takes only ids that our own end drew: a zero and four bytes. Peers have no business naming
  /// themselves.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.length, bytes[0] == 0 else { return nil }
    number = bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)
  }

  /// The five bytes that libzmq knows the peer by.
  var bytes: [UInt8] { [0] + withUnsafeBytes(of: number) { [UInt8]($0) } }

  package var description: String { String(UInt32(bigEndian: number), radix: 16) }
}

/// A message that reached the coordinator.
package struct Incoming: Sendable {
  /// Where an answer goes.
  package let route: Route
  /// Who sent it, proven by the handshake.
  package let key: CurveKey
  /// The payload.
  package let bytes: [UInt8]
}

/// The coordinator's end: a ZeroMQ ROUTER that admits known keys only.
///
/// One thread owns it; other threads may only wake it. Nothing that a peer sends makes a call here
/// fail or block.
package final class RouterSocket {
  /// Where it really listens, the port known.
  package let endpoint: Endpoint
  /// What was thrown away so far.
  package private(set) var dropped = DroppedMessages()

  /// Junk that one `receive` steps over before it returns to its caller.
  private static let junkLimit = 256

  private let socket: Socket
  private let monitor: Monitor
  private let admission: Admission
  private let domain: Authenticator.Domain
  private let maximumConnections: Int
  private var listener: Int32?
  /// Whether nobody new is let in for now, because there are too many connections.
  package private(set) var isFull = false
  private var pollSet: PollSet
  private let address = Frame()
  private let payload = Frame()

  /// Listens, and proves by a connection of its own that unknown keys are refused.
  ///
  /// Other threads wake `wait` by the waker.
  package init(_ configuration: RouterConfiguration, waker: Waker) throws(MessagingError) {
    maximumConnections = configuration.maximumConnections
    admission = Admission(
      limit: configuration.maximumPeersPerKey, isAuthorized: configuration.isAuthorized)
    domain = try Authenticator.shared().register(admission)
    socket = try Socket(.router)
    Transport.prepare(socket, for: configuration.endpoint)
    // Those that wait to be accepted when there are too many still come in.
    socket.set(ZMQ_BACKLOG, Int32(min(1_024, max(16, maximumConnections / 20))))
    socket.set(ZMQ_ROUTER_MANDATORY, 1)
    socket.set(ZMQ_ROUTER_HANDOVER, 0)
    socket.set(ZMQ_CURVE_SERVER, 1)
    socket.set(ZMQ_CURVE_SECRETKEY, key: configuration.keys.secretKey.words)
    socket.set(ZMQ_ZAP_DOMAIN, text: domain.name)
    socket.set(ZMQ_ZAP_ENFORCE_DOMAIN, 1)
    monitor = try Monitor(
      of: socket, events: ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED)
    pollSet = PollSet([socket, monitor.reader], waker: waker)
    try socket.bind(configuration.endpoint)
    endpoint = try socket.lastEndpoint()
    try Self.requireRefusal(at: endpoint, of: configuration.keys.publicKey)
  }

  deinit { close() }

  /// Stops listening and drops every connection; what was not sent yet is lost. The port is free
  /// soon after.
  package func close() {
    monitor.close()
    socket.close()
  }

  /// Open connections, those still in their handshake included. As of the last `wait`.
  package var connections: Int { admission.connections }

  /// Waits for messages or a wake, at most so long (nil: for ever); false means the time is up.
  package func wait(timeout: Duration?) throws(MessagingError) -> Bool {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    while try pollSet.wait(until: deadline) {
      if pollSet.isReady(1) { noteConnections() }
      if pollSet.isReady(0) || pollSet.isReady(2) { return true }
      // Connections that come and go without end must not keep the caller.
      if let deadline, deadline <= .now { return false }
    }
    return false
  }

  private func noteConnections() {
    while let report = monitor.next() {
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

  /// The next message, without waiting; nil when none is there. Unfit ones are dropped and counted.
  package func receive() -> Incoming? {
    for _ in 0..<Self.junkLimit {
      guard address.receive(from: socket) else { return nil }
      if let incoming = receivePayload() { return incoming }
    }
    return nil
  }

  private func receivePayload() -> Incoming? {
    guard address.hasMore, payload.receive(from: socket) else {
      dropped.malformed += 1
      return nil
    }
    if payload.hasMore {
      while payload.hasMore, payload.receive(from: socket) {}
      dropped.malformed += 1
      return nil
    }
    guard payload.count <= Transport.maximumPayload else {
      dropped.oversize += 1
      return nil
    }
    // libzmq may forget the user on the routing id's frame, never on the payload's.
    guard let key = payload.userKey else {
      dropped.unidentified += 1
      return nil
    }
    admission.heard(key, on: payload.connection)
    guard admission.allows(key) else {
      dropped.unauthorized += 1
      return nil
    }
    guard let route = address.withBytes(Route.init) else {
      dropped.malformed += 1
      return nil
    }
    return Incoming(route: route, key: key, bytes: payload.bytes)
  }

  /// Sends one message to a peer, without waiting.
  package func send(_ bytes: [UInt8], to route: Route) -> SendOutcome {
    guard bytes.count <= Transport.maximumPayload else { return .tooLarge }
    switch socket.send(route.bytes, isLast: false) {
    case .unreachable: return .unreachable
    case .full: return .full
    case .sent: break
    }
    let outcome = socket.send(bytes, isLast: true)
    precondition(outcome == .sent, "libzmq took a routing id, then said \(outcome)")
    return .sent
  }

  /// Connects with keys that nobody knows and sees the handshake refused.
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
    throw .selfTestFailed(endpoint, "nobody answers")
  }
}
