import CZeroMQ
import Foundation
import Synchronization

/// The result of a peer's authentication.
enum Verdict {
  case admitted
  /// The key has its maximum number of connections; libzmq lets the peer retry.
  case busy
  case refused
  /// The request was malformed.
  case failed

  var status: String {
    switch self {
    case .admitted: "200"
    case .busy: "300"
    case .refused: "400"
    case .failed: "500"
    }
  }
}

/// Decides which peers one router admits and counts their connections. Shared by the router's thread and the
/// authenticator's thread.
final class Admission: Sendable {
  private let isAuthorized: @Sendable (CurveKey) -> Bool
  private let ledger: Mutex<ConnectionCounts>

  init(limit: Int, isAuthorized: @escaping @Sendable (CurveKey) -> Bool) {
    self.isAuthorized = isAuthorized
    ledger = Mutex(ConnectionCounts(limit: limit))
  }

  var connections: Int { ledger.withLock { $0.connections } }

  func allows(_ key: CurveKey) -> Bool { isAuthorized(key) }

  func verdict(on key: CurveKey) -> Verdict {
    guard isAuthorized(key) else { return .refused }
    return ledger.withLock { $0.admit(key) } ? .admitted : .busy
  }

  func opened(_ connection: Int32) { ledger.withLock { $0.opened(connection) } }

  func closed(_ connection: Int32) { ledger.withLock { $0.closed(connection) } }

  func heard(_ key: CurveKey, on connection: Int32) {
    ledger.withLock { $0.heard(key, on: connection) }
  }
}

/// The process's ZAP handler (RFC 27): libzmq asks it at each handshake whether to admit a key.
///
/// There is one per context, on a thread that runs as long as the process; every router registers its own domain.
/// Malformed requests are rejected.
final class Authenticator: Sendable {
  /// A router's registration; deinit unregisters it.
  final class Domain: Sendable {
    let name: String
    private let authenticator: Authenticator

    fileprivate init(_ name: String, of authenticator: Authenticator) {
      self.name = name
      self.authenticator = authenticator
    }

    deinit { authenticator.admissions.withLock { $0[name] = nil } }
  }

  /// The running handler, created before the first router.
  static func shared() throws(MessagingError) -> Authenticator { try instance.get() }

  private static let instance = Result { () throws(MessagingError) in try Authenticator() }
  private static let names = Atomic<UInt64>(0)
  private let admissions = Mutex<[String: Admission]>([:])

  private init() throws(MessagingError) {
    let socket = try Socket(.reply)
    try socket.bind(inproc: "zeromq.zap.01")
    // From here on, only this thread uses the socket.
    nonisolated(unsafe) let owned = socket
    let thread = Thread { [self] in answer(on: owned) }
    thread.name = "trawl-zap"
    thread.start()
  }

  func register(_ admission: Admission) -> Domain {
    let name = "trawl-\(Self.names.add(1, ordering: .relaxed).newValue)"
    admissions.withLock { $0[name] = admission }
    return Domain(name, of: self)
  }

  private func answer(on socket: Socket) {
    let frame = Frame()
    while frame.receive(from: socket, waits: true) {
      var request = [frame.bytes]
      while frame.hasMore, frame.receive(from: socket) { request.append(frame.bytes) }
      let reply = reply(to: request)
      for (index, part) in reply.enumerated() {
        // Ignore peers that have disconnected already.
        guard socket.send(part, isLast: index == reply.count - 1) == .sent else { break }
      }
    }
  }

  /// The reply's frames: version, request id, status, status text, user id, metadata (none).
  private func reply(to request: [[UInt8]]) -> [[UInt8]] {
    let (key, verdict) = decide(request)
    let user = verdict == .admitted ? Array((key?.z85 ?? "").utf8) : []
    let requestId = request.count > 1 ? request[1] : []
    return [Array("1.0".utf8), requestId, Array(verdict.status.utf8), [], user, []]
  }

  /// The request's frames: version, request id, domain, address, routing id, mechanism, key.
  private func decide(_ request: [[UInt8]]) -> (CurveKey?, Verdict) {
    guard request.count == 7, request[0].elementsEqual("1.0".utf8),
      request[5].elementsEqual("CURVE".utf8), let key = CurveKey(bytes: request[6])
    else { return (nil, .failed) }
    let domain = String(decoding: request[2], as: UTF8.self)
    let admission = admissions.withLock { $0[domain] }
    return (key, admission?.verdict(on: key) ?? .failed)
  }
}
