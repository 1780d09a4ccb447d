import CZeroMQ
import Foundation
import Synchronization
import Testing

@testable import Messaging

/// The timeout of waits; only a failing test waits that long.
let patience = Duration.seconds(60)

/// The keys that a router admits; can change while it runs.
final class AdmittedKeys: Sendable {
  private let keys: Mutex<Set<CurveKey>>
  /// The number of requests for each key.
  private let questions = Mutex<[CurveKey: Int]>([:])

  init(_ keys: [CurveKey]) { self.keys = Mutex(Set(keys)) }

  func contains(_ key: CurveKey) -> Bool {
    questions.withLock { $0[key, default: 0] += 1 }
    return keys.withLock { $0.contains(key) }
  }

  func questions(for key: CurveKey) -> Int { questions.withLock { $0[key, default: 0] } }

  func insert(_ key: CurveKey) { _ = keys.withLock { $0.insert(key) } }

  func remove(_ key: CurveKey) { _ = keys.withLock { $0.remove(key) } }
}

/// A coordinator socket that stores all messages.
final class Host {
  let keys: CurveKeyPair
  let admitted: AdmittedKeys
  let waker: Waker
  let router: RouterSocket
  var received: [Incoming] = []

  init(
    admitting clients: [CurveKeyPair], keys: CurveKeyPair = .generate(),
    endpoint: String = "tcp://127.0.0.1:0", maximumPeersPerKey: Int = 1_000,
    maximumConnections: Int = 1_000
  ) throws {
    let admitted = AdmittedKeys(clients.map(\.publicKey))
    self.keys = keys
    self.admitted = admitted
    waker = try Waker()
    router = try RouterSocket(
      RouterConfiguration(
        endpoint: Endpoint(endpoint), keys: keys, maximumPeersPerKey: maximumPeersPerKey,
        maximumConnections: maximumConnections, isAuthorized: { admitted.contains($0) }),
      waker: waker)
  }

  func step() throws {
    guard try router.wait(timeout: .milliseconds(2)) else { return }
    while let incoming = router.receive() { received.append(incoming) }
  }

  var texts: [String] { received.map { String(decoding: $0.bytes, as: UTF8.self) } }
}

/// A worker socket that stores all messages and events.
final class Peer {
  let keys: CurveKeyPair
  let dealer: DealerSocket
  var events: [ConnectionEvent] = []
  var received: [[UInt8]] = []

  /// Connects to the endpoint with short retry intervals.
  init(at endpoint: Endpoint, serverKey: CurveKey, keys: CurveKeyPair) throws {
    self.keys = keys
    dealer = try DealerSocket(
      DealerConfiguration(
        endpoint: endpoint, serverKey: serverKey, keys: keys,
        reconnectInterval: .milliseconds(20), maximumReconnectInterval: .milliseconds(200)),
      waker: Waker())
  }

  convenience init(of host: Host, keys: CurveKeyPair, serverKey: CurveKey? = nil) throws {
    try self.init(
      at: host.router.endpoint, serverKey: serverKey ?? host.keys.publicKey, keys: keys)
  }

  func step() throws {
    guard try dealer.wait(timeout: .milliseconds(2)) else { return }
    events += dealer.events()
    while let bytes = dealer.receive() { received.append(bytes) }
  }

  var isConnected: Bool { dealer.isConnected }

  var isRefused: Bool { events.contains(.refused(status: 400)) }
}

/// Runs all ends in turn until the condition holds; records an issue on timeout.
func run(
  _ hosts: [Host], _ peers: [Peer], until condition: () throws -> Bool,
  _ words: Comment, at location: SourceLocation = #_sourceLocation
) throws {
  let deadline = ContinuousClock.now + patience
  while try !condition() {
    guard ContinuousClock.now < deadline else {
      Issue.record(words, sourceLocation: location)
      throw Impatience()
    }
    for host in hosts { try host.step() }
    for peer in peers { try peer.step() }
  }
}

/// An expected event did not happen.
struct Impatience: Error {}

/// Sends a text back and forth, which shows that valid peers are served.
func expectRoundTrip(
  _ host: Host, _ peer: Peer, _ text: String = "hello",
  at location: SourceLocation = #_sourceLocation
) throws {
  try run([host], [peer], until: { peer.isConnected }, "never connected", at: location)
  let before = host.received.count
  #expect(peer.dealer.send(Array(text.utf8)) == .sent, sourceLocation: location)
  try run([host], [peer], until: { host.received.count > before }, "never arrived", at: location)
  #expect(host.texts.last == text, sourceLocation: location)
  let incoming = try #require(host.received.last)
  #expect(incoming.key == peer.keys.publicKey, sourceLocation: location)
  let answer = Array("\(text) too".utf8)
  #expect(host.router.send(answer, to: incoming.route) == .sent, sourceLocation: location)
  try run([host], [peer], until: { peer.received.last == answer }, "no answer", at: location)
}

/// A client socket as another program may create it, with CURVE but without our options; not yet connected.
func foreignSocket(of host: Host, keys: CurveKeyPair) throws -> Socket {
  let socket = try Socket(.dealer)
  socket.set(ZMQ_CURVE_PUBLICKEY, key: keys.publicKey.words)
  socket.set(ZMQ_CURVE_SECRETKEY, key: keys.secretKey.words)
  socket.set(ZMQ_CURVE_SERVERKEY, key: host.keys.publicKey.words)
  return socket
}

/// A temporary folder for one test, deleted at the end.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "trawl-keys-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}
