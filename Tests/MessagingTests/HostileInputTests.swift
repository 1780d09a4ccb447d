import CZeroMQ
import Foundation
import Glibc
import Testing

@testable import Messaging

struct HostileInputTests {
  private let client = CurveKeyPair.generate()

  @Test func oversizeMessagesAreDroppedAndCounted() throws {
    let host = try Host(admitting: [client])
    let socket = try foreignSocket(of: host, keys: client)
    try socket.connect(host.router.endpoint)
    let bytes = [UInt8](repeating: 1, count: Transport.maximumPayload + 1)
    #expect(socket.send(bytes, isLast: true) == .sent)
    #expect(socket.send(Array("fine".utf8), isLast: true) == .sent)
    try run([host], [], until: { host.texts == ["fine"] }, "the next one did not arrive")
    #expect(host.router.dropped.oversize == 1)
    #expect(host.router.dropped.total == 1)
  }

  @Test func hugeFramesCloseOnlyTheirConnection() throws {
    let host = try Host(admitting: [client])
    let honest = try Peer(of: host, keys: client)
    try expectRoundTrip(host, honest)
    let socket = try foreignSocket(of: host, keys: client)
    try socket.connect(host.router.endpoint)
    let monitor = try Monitor(of: socket, events: ZMQ_EVENT_DISCONNECTED)
    #expect(socket.send([UInt8](repeating: 1, count: 1 << 20), isLast: true) == .sent)
    try run([host], [honest], until: { monitor.next() != nil }, "the connection lives")
    try expectRoundTrip(host, honest, "after")
    #expect(host.texts == ["hello", "after"])
  }

  @Test func messagesOfManyPartsAreDroppedAndCounted() throws {
    let host = try Host(admitting: [client])
    let socket = try foreignSocket(of: host, keys: client)
    try socket.connect(host.router.endpoint)
    for parts in [2, 3, 500] {
      for part in 1...parts { #expect(socket.send([1], isLast: part == parts) == .sent) }
    }
    #expect(socket.send(Array("fine".utf8), isLast: true) == .sent)
    try run([host], [], until: { host.texts == ["fine"] }, "the next one did not arrive")
    #expect(host.router.dropped.malformed == 3)
    #expect(host.router.dropped.total == 3)
  }

  @Test func peersWithChosenIdsAreIgnored() throws {
    let host = try Host(admitting: [client])
    let socket = try foreignSocket(of: host, keys: client)
    socket.set(ZMQ_ROUTING_ID, text: "admin")
    try socket.connect(host.router.endpoint)
    #expect(socket.send([1], isLast: true) == .sent)
    try run([host], [], until: { host.router.dropped.malformed == 1 }, "not dropped")
    try expectRoundTrip(host, Peer(of: host, keys: client))
    #expect(host.texts == ["hello"])
  }

  /// libzmq up to 4.3.5 aborts if a connection is lost while its receive queue is full and a PING is next.
  @Test func disconnectingWithUnreadMessagesAndPingsIsHarmless() throws {
    let host = try Host(admitting: [client])
    for _ in 0..<10 {
      let socket = try foreignSocket(of: host, keys: client)
      socket.set(ZMQ_HEARTBEAT_IVL, 1)
      socket.set(ZMQ_HEARTBEAT_TIMEOUT, 60_000)
      try socket.connect(host.router.endpoint)
      // Nobody receives meanwhile.
      let end = ContinuousClock.now + .milliseconds(200)
      while ContinuousClock.now < end { _ = socket.send([1], isLast: true) }
      socket.close()
    }
    while try host.router.wait(timeout: .milliseconds(500)) { try host.step() }
    #expect(host.received.count > 640)
    try expectRoundTrip(host, Peer(of: host, keys: client), "after")
  }

  @Test func whatAPeerSendsBeyondTheLimitsIsDropped() throws {
    let host = try Host(admitting: [client])
    let honest = try Peer(of: host, keys: client)
    try expectRoundTrip(host, honest)
    let socket = try foreignSocket(of: host, keys: client)
    socket.set(ZMQ_SNDHWM, 1)
    try socket.connect(host.router.endpoint)
    let bytes = [UInt8](repeating: 1, count: Transport.maximumPayload)
    // Twice the limit of one peer; nobody receives meanwhile.
    var sent = 0
    let end = ContinuousClock.now + .seconds(60)
    while sent < 550, ContinuousClock.now < end {
      if socket.send(bytes, isLast: true) == .sent { sent += 1 } else { Thread.sleep(forTimeInterval: 0.001) }
    }
    try #require(sent == 550)
    while try host.router.wait(timeout: .milliseconds(500)) { try host.step() }
    #expect(host.router.dropped.excessive > 0 && host.router.dropped.total == host.router.dropped.excessive)
    try expectRoundTrip(host, honest, "after")
  }

  @Test func invalidMessageFloodsDoNotBlockTheCaller() throws {
    let host = try Host(admitting: [client])
    let socket = try foreignSocket(of: host, keys: client)
    try socket.connect(host.router.endpoint)
    let junk = 900
    var sent = 0
    try run(
      [host], [],
      until: {
        while sent < junk, socket.send([1], isLast: false) == .sent {
          _ = socket.send([2], isLast: true)
          sent += 1
        }
        return host.router.dropped.malformed == junk
      }, "junk was lost")
    #expect(host.received.isEmpty)
  }

  @Test func garbageOverTCPChangesNothingForOthers() throws {
    let host = try Host(admitting: [client])
    let honest = try Peer(of: host, keys: client)
    try expectRoundTrip(host, honest, "before")
    var generator = SystemRandomNumberGenerator()
    let noise = (0..<20).map { _ in
      (0..<Int.random(in: 1...5_000)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { Glibc.close(descriptor) } }
    for bytes in noise + Self.brokenHandshakes {
      let descriptor = try Self.connect(port: host.router.endpoint.port)
      descriptors.append(descriptor)
      _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      try host.step()
    }
    try expectRoundTrip(host, honest, "old")
    try expectRoundTrip(host, Peer(of: host, keys: client), "new")
    // Clients that disconnect halfway are harmless too.
    for descriptor in descriptors { Glibc.close(descriptor) }
    descriptors = []
    try run([host], [honest], until: { host.router.connections <= 2 }, "still open")
    try expectRoundTrip(host, honest, "last")
    #expect(host.texts == ["before", "old", "new", "last"])
    #expect(host.router.dropped.total == 0)
  }

  @Test func atTheLimitOfConnectionsOnlyNewOnesWait() throws {
    let host = try Host(admitting: [client], maximumConnections: 20)
    let honest = try Peer(of: host, keys: client)
    try expectRoundTrip(host, honest, "before")
    // The self-test's connection may still be closing.
    try run([host], [], until: { host.router.connections == 1 }, "more connections than clients")
    var descriptors = try (1..<20).map { _ in try Self.connect(port: host.router.endpoint.port) }
    defer { for descriptor in descriptors { Glibc.close(descriptor) } }
    try run([host], [honest], until: { host.router.isFull }, "not full")
    let late = try Peer(of: host, keys: client)
    try expectRoundTrip(host, honest, "while full")
    #expect(host.router.connections == 20)
    #expect(!late.isConnected)
    for descriptor in descriptors { Glibc.close(descriptor) }
    descriptors = []
    try run([host], [late], until: { !host.router.isFull }, "still full")
    try expectRoundTrip(host, late, "late")
    try expectRoundTrip(host, honest, "after")
  }

  private static let greeting: [UInt8] =
    [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + Array("CURVE".utf8)
    + [UInt8](repeating: 0, count: 47)

  /// Handshakes that stop or fail at each step.
  private static let brokenHandshakes: [[UInt8]] = [
    [], [0xFF], Array(greeting.prefix(10)), Array(greeting.prefix(12)), Array(greeting.prefix(33)),
    greeting, greeting + [4], greeting + [4, 200] + Array("\u{5}HELLO".utf8),
    greeting + [4, 200] + Array("\u{5}HELLO".utf8) + [UInt8](repeating: 9, count: 194),
    greeting + [4, 6] + Array("\u{5}HELLO".utf8),
    greeting + [4, 200] + [UInt8](repeating: 0, count: 200),
    greeting + [6] + [UInt8](repeating: 0xFF, count: 8),
    greeting + [2] + [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], greeting + [0, 1, 65],
    Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), [1, 0, 0, 0],
    [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1],
  ]

  private static func connect(port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    return descriptor
  }
}
