import Foundation
import Glibc
import Testing

@testable import Messaging

struct MessagesTests {
  @Test func messagesTravelBothWays() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    #expect(host.router.endpoint.port != 0)
    let peer = try Peer(of: host, keys: client)
    for number in 0..<10 { try expectRoundTrip(host, peer, "message \(number)") }
    #expect(host.router.dropped.total == 0)
    #expect(peer.dealer.dropped.total == 0)
  }

  @Test(arguments: [0, 1, 255, 256, 60 * 1024])
  func messagesOfEverySizeArriveComplete(_ size: Int) throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try run([host], [peer], until: { peer.isConnected }, "never connected")
    #expect(peer.dealer.send(bytes) == .sent)
    try run([host], [peer], until: { !host.received.isEmpty }, "never arrived")
    #expect(host.received[0].bytes == bytes)
    #expect(host.router.send(bytes, to: host.received[0].route) == .sent)
    try run([host], [peer], until: { peer.received == [bytes] }, "no answer")
  }

  @Test func largerMessagesAreNotQueued() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    try expectRoundTrip(host, peer)
    let bytes = [UInt8](repeating: 0, count: Transport.maximumPayload + 1)
    #expect(peer.dealer.send(bytes) == .tooLarge)
    #expect(host.router.send(bytes, to: host.received[0].route) == .tooLarge)
    try expectRoundTrip(host, peer, "after")
  }

  @Test func sendingToAVanishedPeerIsUnreachable() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    try expectRoundTrip(host, peer)
    let route = host.received[0].route
    peer.dealer.close()
    var outcome = SendOutcome.sent
    try run(
      [host], [],
      until: {
        outcome = host.router.send([1], to: route)
        return outcome == .unreachable
      }, "still reachable")
    #expect(host.router.send([1], to: route) == .unreachable)
  }

  @Test func aFullPeerDoesNotAffectOthers() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let (deaf, alert) = (try Peer(of: host, keys: client), try Peer(of: host, keys: client))
    try expectRoundTrip(host, deaf, "deaf")
    let route = try #require(host.received.last?.route)
    let bytes = [UInt8](repeating: 7, count: Transport.maximumPayload)
    try run([host], [], until: { host.router.send(bytes, to: route) == .full }, "never full")
    try expectRoundTrip(host, alert, "alert")
  }

  @Test func aFullDealerIsNotifiedWhenItCanSend() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    try expectRoundTrip(host, peer)
    let bytes = [UInt8](repeating: 7, count: Transport.maximumPayload)
    var sent = 0
    while peer.dealer.send(bytes) == .sent { sent += 1 }
    try run(
      [host], [],
      until: {
        try peer.dealer.wait(timeout: .milliseconds(5), orRoom: true)
      }, "never room again")
    #expect(peer.dealer.send([2]) == .sent)
    try run([host], [], until: { host.received.count == sent + 2 }, "messages were lost")
  }

  @Test func aWakeEndsABlockedWait() throws {
    let host = try Host(admitting: [])
    let waker = host.waker
    Thread.detachNewThread { waker.wake() }
    let start = ContinuousClock.now
    #expect(try host.router.wait(timeout: patience))
    #expect(ContinuousClock.now - start < patience)
    #expect(try !host.router.wait(timeout: .zero))
    waker.wake()
    waker.wake()
    #expect(try host.router.wait(timeout: nil))
    #expect(try !host.router.wait(timeout: .milliseconds(1)))
  }

  @Test func aWakeEndsAWorkersWaitWithoutACoordinator() throws {
    let waker = try Waker()
    let dealer = try DealerSocket(
      DealerConfiguration(
        endpoint: Endpoint("tcp://127.0.0.1:1"), serverKey: CurveKeyPair.generate().publicKey,
        keys: .generate(), reconnectInterval: .seconds(1)), waker: waker)
    Thread.detachNewThread { waker.wake() }
    var isAwake = false
    var events: [ConnectionEvent] = []
    try run(
      [], [],
      until: {
        isAwake = try dealer.wait(timeout: patience) || isAwake
        events += dealer.events()
        return events.contains { if case .retrying = $0 { true } else { false } }
      }, "no failed attempt was told")
    #expect(isAwake)
    #expect(!dealer.isConnected)
    #expect(dealer.send([1]) == .full)
  }

  @Test func twoHundredClientsAreServedAtOnce() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peers = try (0..<200).map { _ in try Peer(of: host, keys: client) }
    try run([host], peers, until: { peers.allSatisfy(\.isConnected) }, "not all connected")
    for (number, peer) in peers.enumerated() {
      #expect(peer.dealer.send(Array("\(number)".utf8)) == .sent)
    }
    try run([host], [], until: { host.received.count == 200 }, "not all arrived")
    #expect(Set(host.texts) == Set((0..<200).map(String.init)))
    #expect(Set(host.received.map(\.route)).count == 200)
    #expect(host.router.connections == 200)
    for incoming in host.received {
      #expect(host.router.send(incoming.bytes, to: incoming.route) == .sent)
    }
    try run([host], peers, until: { peers.allSatisfy { !$0.received.isEmpty } }, "not all answered")
    for (number, peer) in peers.enumerated() {
      #expect(peer.received == [Array("\(number)".utf8)])
    }
  }

  @Test func descriptorsAreNotInherited() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    try expectRoundTrip(host, peer)
    #expect(fcntl(host.waker.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    let sockets = names.compactMap { Int32($0) }.filter { isTCP($0, port: host.router.endpoint.port) }
    // The listener and both ends of one connection. Other tests have their own descriptors here.
    #expect(sockets.count >= 3)
    for socket in sockets { #expect(fcntl(socket, F_GETFD) & FD_CLOEXEC != 0) }
  }

  /// Whether this is a TCP socket with this port at one of its ends.
  private func isTCP(_ descriptor: Int32, port: UInt16) -> Bool {
    typealias Call = (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    func isAt(_ call: Call) -> Bool {
      var address = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isKnown = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &length) == 0 }
      }
      return isKnown && address.sin_family == sa_family_t(AF_INET) && address.sin_port == port.bigEndian
    }
    return isAt(getsockname) || isAt(getpeername)
  }
}
