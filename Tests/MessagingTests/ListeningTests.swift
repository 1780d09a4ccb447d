import Foundation
import Glibc
import Testing

@testable import Messaging

struct ListeningTests {
  private func listen(at endpoint: String) throws {
    _ = try Host(admitting: [], endpoint: endpoint)
  }

  @Test func aPortInUseIsAnError() throws {
    let host = try Host(admitting: [])
    let endpoint = host.router.endpoint
    let error = #expect(throws: MessagingError.self) { try listen(at: endpoint.description) }
    #expect(error == .portInUse(endpoint))
    #expect(
      error?.description
        == "port \(endpoint.port) on this machine is already in use (\(endpoint))")
  }

  @Test(arguments: ["tcp://192.0.2.1:0", "tcp://no-such-host.invalid:0", "tcp://noif0:5555"])
  func hostsOfOtherMachinesAreErrors(_ text: String) throws {
    let error = #expect(throws: MessagingError.self) { try listen(at: text) }
    #expect(error == .notOfThisMachine(try Endpoint(text)))
  }

  @Test func listensEverywhere() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client], endpoint: "tcp://*:0")
    #expect(host.router.endpoint.isWildcard)
    let dealer = try DealerSocket(
      DealerConfiguration(
        endpoint: host.router.endpoint.at(host: "localhost"), serverKey: host.keys.publicKey,
        keys: client, reconnectInterval: .milliseconds(20)), waker: Waker())
    try run(
      [host], [],
      until: {
        _ = try dealer.wait(timeout: .milliseconds(5))
        return dealer.events().contains(.connected)
      }, "not connected by name")
  }

  @Test(.enabled(if: Self.hasIPv6, "this machine has no IPv6"))
  func listensOnIPv6() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client], endpoint: "tcp://[::1]:0")
    #expect(host.router.endpoint.isIPv6)
    try expectRoundTrip(host, Peer(of: host, keys: client))
  }

  private static let hasIPv6: Bool = {
    let addresses = try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)
    return addresses?.contains("00000000000000000000000000000001") == true
  }()

  @Test(arguments: ["tcp://*:5555", "tcp://host:0", "tcp://0.0.0.0:1"])
  func workersNeedAHostAndAPort(_ text: String) throws {
    let endpoint = try Endpoint(text)
    #expect(throws: MessagingError.notConnectable(endpoint)) {
      try DealerSocket(
        DealerConfiguration(
          endpoint: endpoint, serverKey: CurveKeyPair.generate().publicKey, keys: .generate()),
        waker: Waker())
    }
  }

  @Test func workersFindARestartedCoordinator() throws {
    let client = CurveKeyPair.generate()
    let first = try Host(admitting: [client])
    let endpoint = first.router.endpoint.description
    let peer = try Peer(of: first, keys: client)
    try expectRoundTrip(first, peer)
    first.router.close()
    try run([], [peer], until: { peer.events.contains(.disconnected) }, "not told")
    #expect(!peer.isConnected)

    let second = try reopen(endpoint, keys: first.keys, admitting: client, peer)
    try expectRoundTrip(second, peer, "again")
    let changes = peer.events.filter { [.connected, .disconnected].contains($0) }
    #expect(changes == [.connected, .disconnected, .connected])
  }

  /// The port becomes free shortly after a socket closes.
  private func reopen(
    _ endpoint: String, keys: CurveKeyPair, admitting client: CurveKeyPair, _ peer: Peer
  ) throws -> Host {
    var host: Host?
    try run(
      [], [peer],
      until: {
        do {
          host = try Host(admitting: [client], keys: keys, endpoint: endpoint)
        } catch MessagingError.portInUse {
          host = nil
        }
        return host != nil
      }, "the port stays in use")
    return try #require(host)
  }

  @Test func workersMayStartFirst() throws {
    let client = CurveKeyPair.generate()
    let keys = CurveKeyPair.generate()
    let endpoint = "tcp://127.0.0.1:\(try freePort())"
    let peer = try Peer(at: Endpoint(endpoint), serverKey: keys.publicKey, keys: client)
    try run([], [peer], until: { !peer.events.isEmpty }, "no attempt")
    #expect(!peer.isConnected)
    let host = try reopen(endpoint, keys: keys, admitting: client, peer)
    try expectRoundTrip(host, peer)
  }

  /// A free port: this process had it bound for a moment.
  private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(result)
    return UInt16(bigEndian: address.sin_port)
  }

  @Test func closingTwiceIsHarmless() throws {
    let client = CurveKeyPair.generate()
    let host = try Host(admitting: [client])
    let peer = try Peer(of: host, keys: client)
    try expectRoundTrip(host, peer)
    for _ in 0..<2 {
      peer.dealer.close()
      host.router.close()
    }
  }
}
