import CZeroMQ
import Foundation
import Testing

@testable import Messaging

struct AdmissionTests {
  private let client = CurveKeyPair.generate()

  @Test func unknownKeysAreRejectedWithAStatus() throws {
    let host = try Host(admitting: [client])
    let probe = try Peer(of: host, keys: .generate())
    #expect(probe.dealer.send(Array("let me in".utf8)) == .full)
    try run([host], [probe], until: { probe.isRefused }, "not refused")
    #expect(probe.dealer.isFinished)
    #expect(probe.dealer.send(Array("let me in".utf8)) == .full)
    try expectRoundTrip(host, Peer(of: host, keys: client))
    #expect(host.texts == ["hello"])
    #expect(host.router.dropped.total == 0)
    #expect(!probe.events.contains(.connected))
    #expect(host.admitted.questions(for: probe.keys.publicKey) == 1)
  }

  @Test func retriesOfUnknownKeysAreRejected() throws {
    let host = try Host(admitting: [client])
    let socket = try foreignSocket(of: host, keys: .generate())
    let monitor = try refusalMonitor(of: socket)
    try socket.connect(host.router.endpoint)
    for _ in 0..<10 { #expect(socket.send(Array("junk".utf8), isLast: true) == .sent) }
    try run([host], [], until: { monitor.next() != nil }, "not refused")
    try expectRoundTrip(host, Peer(of: host, keys: client))
    #expect(host.texts == ["hello"])
    #expect(host.router.dropped.total == 0)
  }

  private func refusalMonitor(of socket: Socket) throws -> Monitor {
    try Monitor(
      of: socket,
      events: ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
  }

  @Test func aWrongServerKeyNeverConnects() throws {
    let host = try Host(admitting: [client])
    let impostor = CurveKeyPair.generate().publicKey
    let peer = try Peer(of: host, keys: client, serverKey: impostor)
    try run(
      [host], [peer],
      until: {
        peer.events.contains(.handshakeFailed)
      }, "the handshake did not fail")
    try expectRoundTrip(host, Peer(of: host, keys: client))
    try peer.step()
    #expect(!peer.events.contains(.connected))
    #expect(host.texts == ["hello"])
  }

  @Test func clientsWithoutEncryptionAreRejected() throws {
    let host = try Host(admitting: [client])
    let plain = try Socket(.dealer)
    let monitor = try refusalMonitor(of: plain)
    try plain.connect(host.router.endpoint)
    #expect(plain.send(Array("in the clear".utf8), isLast: true) == .sent)
    try run([host], [], until: { monitor.next() != nil }, "not refused")
    try expectRoundTrip(host, Peer(of: host, keys: client))
    #expect(host.texts == ["hello"])
    #expect(host.router.dropped.total == 0)
  }

  @Test func routersOfOneProcessDoNotShareKeys() throws {
    let other = CurveKeyPair.generate()
    let (first, second) = (try Host(admitting: [client]), try Host(admitting: [other]))
    let lost = try Peer(of: first, keys: other)
    let misled = try Peer(of: second, keys: client)
    try run(
      [first, second], [lost, misled],
      until: {
        lost.isRefused && misled.isRefused
      }, "not refused")
    try expectRoundTrip(first, Peer(of: first, keys: client))
    try expectRoundTrip(second, Peer(of: second, keys: other))
  }

  @Test func aRouterThatAdmitsUnknownKeysDoesNotStart() throws {
    let error = #expect(throws: MessagingError.self) {
      try RouterSocket(
        RouterConfiguration(
          endpoint: Endpoint("tcp://127.0.0.1:0"), keys: .generate(), isAuthorized: { _ in true }),
        waker: Waker())
    }
    guard case .selfTestFailed = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func revokingWorksOnLiveConnections() throws {
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    try expectRoundTrip(host, peer)
    host.admitted.remove(client.publicKey)
    #expect(peer.dealer.send(Array("still here".utf8)) == .sent)
    try run([host], [peer], until: { host.router.dropped.unauthorized == 1 }, "not dropped")
    #expect(host.texts == ["hello"])
    host.admitted.insert(client.publicKey)
    try expectRoundTrip(host, peer, "again")
  }

  @Test func oneKeyCannotTakeEveryConnection() throws {
    let other = CurveKeyPair.generate()
    let host = try Host(admitting: [client, other], maximumPeersPerKey: 2)
    let peers = try (0..<2).map { _ in try Peer(of: host, keys: client) }
    for peer in peers { try expectRoundTrip(host, peer) }
    let questions = host.admitted.questions(for: client.publicKey)
    let third = try Peer(of: host, keys: client)
    try run(
      [host], [third],
      until: {
        host.admitted.questions(for: client.publicKey) > questions
      }, "nobody asked")
    try expectRoundTrip(host, Peer(of: host, keys: other), "other")
    try third.step()
    #expect(!third.isConnected)
    #expect(!third.dealer.isFinished)
  }

  @Test func theAuthenticatorFailsClosed() throws {
    let host = try Host(admitting: [client])
    _ = host
    let key = withUnsafeBytes(of: client.publicKey.words) { [UInt8]($0) }
    let good = ["1.0", "1", "nowhere", "127.0.0.1", "", "CURVE"].map { Array($0.utf8) } + [key]
    var requests: [[[UInt8]]] = [good, [[]], [[], [1]], Array(good.dropLast()), good + [[1]]]
    for (index, part) in [(0, "2.0"), (5, "NULL"), (5, "PLAIN"), (6, "short")] {
      requests.append(good)
      requests[requests.count - 1][index] = Array(part.utf8)
    }
    let socket = try Socket(.dealer)
    try socket.connect(inproc: "zeromq.zap.01")
    var pollSet = PollSet([socket], waker: try Waker())
    let frame = Frame()
    for request in requests {
      let parts = [[]] + request
      for (index, part) in parts.enumerated() {
        #expect(socket.send(part, isLast: index == parts.count - 1) == .sent)
      }
      #expect(try pollSet.wait(until: .now + patience))
      var reply: [[UInt8]] = []
      repeat {
        try #require(frame.receive(from: socket))
        reply.append(frame.bytes)
      } while frame.hasMore
      #expect(reply.count == 7)
      #expect(reply[3] == Array("500".utf8), "\(request)")
      #expect(reply[5].isEmpty)
    }
  }
}
