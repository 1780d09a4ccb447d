import Coordination
import Foundation
import SwiftProtobuf
import Testing

@testable import Messaging

/// A search under attack serves its honest worker and ends with the same results.
@Suite(.serialized)
struct HostilePeerTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", SearchText.lasting())
    try await scratch.makeKeys("keys", port: HeldPort.free())
    try await scratch.addKey("lent", to: "keys")
  }

  private func port() throws -> UInt16 {
    try JoinFile.load(from: "\(scratch.path)/keys/join.json").endpoint.port
  }

  /// The start of libzmq's CURVE handshake, which the client does not continue.
  private static let greeting: [UInt8] =
    [0xff] + [UInt8](repeating: 0, count: 8) + [0x7f, 3, 0] + Array("CURVE".utf8)
    + [UInt8](repeating: 0, count: 47)

  @Test func strangersWithoutAKey() async throws {
    let search = try scratch.coordinator("--keys", "keys")
    let worker = try scratch.worker("keys/join.json")
    try await run.waitForResults(1, of: search)
    let port = try port()
    let held = RawConnections()
    for number in 0..<300 { held.open(port, sending: Array(Self.greeting.prefix(number % 70))) }
    let noise = Attack { round in
      var generator = SeededGenerator(seed: UInt64(round))
      let passing = RawConnections()
      for _ in 0..<20 {
        let bytes = (0..<Int.random(in: 0...3000, using: &generator)).map { _ in
          UInt8.random(in: 0...255, using: &generator)
        }
        passing.open(port, sending: Bool.random(using: &generator) ? bytes : Self.greeting + bytes)
      }
    }
    let attacks = [noise, Attack { _ in RawConnections().open(port) }]
    try await expectUndisturbed(search, worker, during: attacks)
    withExtendedLifetime(held) {}
  }

  @Test func peersWithAKeyThatViolateTheProtocol() async throws {
    let search = try scratch.coordinator("--keys", "keys")
    let join = try JoinFile.load(from: "\(scratch.path)/keys/join-lent.json")
    let attacks = try [
      Attack(Hostile(join).floodWithLongMessages), Attack(Hostile(join).greetUnderEveryName),
      Attack(Hostile(join).sendEndlessMessages), Attack(Hostile(join).hoard),
    ]
    try await eventually("all attack, and one of them holds trials") {
      attacks.allSatisfy { $0.rounds > 0 } && run.hasJoined(0, slots: 3)
    }
    // The worker is served during all attacks.
    let worker = try scratch.worker("keys/join.json")
    try await run.waitForResults(4, of: search)
    let peak = try #require(search.peakMemory)
    print("the coordinator's peak memory under attack: \(peak >> 20) MiB")
    #expect(peak < 1 << 30)
    // It renews the leases of the trials that it holds, so they become free only when its key is revoked.
    #expect(try await scratch.run("keys", "revoke", "lent", "--in", "keys").end == .exited(0))
    try await expectUndisturbed(search, worker, during: attacks)
    #expect(try run.attempts().contains { $0.ending == "killed" && $0.pid != worker.pid })
  }

  @Test func moreConnectionsThanDescriptors() async throws {
    let search = try scratch.start([
      "sh", "-c", "ulimit -n 200 && exec trawl search search.yaml --output run --workers 0 --keys keys",
    ])
    let worker = try scratch.worker("keys/join.json")
    try await run.waitForResults(1, of: search)
    let port = try port()
    // Only as many as the coordinator accepts: the other tests of this process need descriptors, too.
    let held = RawConnections()
    try await eventually("the coordinator warns that new connections are refused") {
      if held.areEstablished && held.count < 300 { held.open(port, sending: Self.greeting) }
      return search.errors.contains("at 85 % new connections are refused")
    }
    try await expectUndisturbed(search, worker, during: [])
    withExtendedLifetime(held) {}
  }

  /// Expects that the search ends with the results of an undisturbed search, and that the worker has lost nothing.
  private func expectUndisturbed(_ search: Program, _ worker: Program, during attacks: [Attack]) async throws
  {
    #expect(try await search.ending().end == .exited(0), "\(search.errors)")
    for attack in attacks { try await attack.stop() }
    #expect(try await worker.ending().end == .exited(0), "\(worker.errors)")
    #expect(try run.outcome() == (await Prepared.outcome.value))
    let own = try run.attempts().filter { $0.pid == worker.pid }
    #expect(own.count >= 1)
    // It may release an attempt that arrived while it was busy; none is taken from it.
    #expect(own.allSatisfy { ["finished", "released", "refused"].contains($0.ending) }, "\(own)")
  }
}

/// A peer with a valid key that violates the protocol.
private final class Hostile: @unchecked Sendable {  // each object is used by one thread
  private let join: JoinFile
  private let dealers: [DealerSocket]
  private let bare: Socket
  private var search: UInt64 = 0
  private let name = (0..<WorkerID.length).map { _ in UInt8.random(in: 0...255) }

  init(_ join: JoinFile) throws {
    self.join = join
    dealers = try (0..<5).map { _ in try DealerSocket(DealerConfiguration(join), waker: Waker()) }
    bare = try Socket(.dealer)
    bare.set(ZMQ.publicKey, key: join.workerKeys.publicKey.words)
    bare.set(ZMQ.secretKey, key: join.workerKeys.secretKey.words)
    bare.set(ZMQ.serverKey, key: join.coordinatorKey.words)
    try bare.connect(join.endpoint)
  }

  private enum ZMQ {
    static let (publicKey, secretKey, serverKey): (Int32, Int32, Int32) = (48, 49, 50)
  }

  private func send(_ message: WireToCoordinator, by dealer: DealerSocket) throws {
    _ = dealer.send(try message.serializedBytes())
    _ = dealer.events()
  }

  private func message(_ name: [UInt8]) -> WireToCoordinator {
    var message = WireToCoordinator()
    message.worker = .init(name)
    return message
  }

  private func hello(_ name: [UInt8], slots: UInt32) -> WireToCoordinator {
    var message = message(name)
    message.hello.version = Limits.version
    message.hello.slots = slots
    message.hello.host = String(repeating: "\u{1b}[2J=HYPERLINK(1)", count: 30)
    return message
  }

  /// Sends messages of the maximum length about attempts of others.
  func floodWithLongMessages(_ round: Int) throws {
    if round % 100 == 0 { for dealer in dealers { try send(hello(name, slots: 1), by: dealer) } }
    var message = message(name)
    message.heartbeat.held = (0..<9000).map { number in
      var progress = WireProgress()
      progress.attempt = UInt64(number)
      return progress
    }
    for dealer in dealers { try send(message, by: dealer) }
    // Answers are not read.
  }

  /// Sends Hello with ever new IDs, and Bye each time, so that no trial waits for the end of a lease (`hoard` tests
  /// that).
  func greetUnderEveryName(_ round: Int) throws {
    var name = name
    withUnsafeBytes(of: round) { name.replaceSubrange(0..<8, with: $0) }
    for slots: UInt32 in [1025, 0, .max] { try send(hello(name, slots: slots), by: dealers[0]) }
    if search > 0 {
      try send(hello(name, slots: 1024), by: dealers[0])
      var bye = message(name)
      bye.search = search
      bye.bye.unable = true
      bye.bye.why = "\u{1b}]0;owned\u{7}\n=1+1"
      for _ in 0..<100 where dealers[0].send(try bye.serializedBytes()) == .full { try readAnswers() }
    }
    try readAnswers()
  }

  private func readAnswers() throws {
    _ = try dealers[0].wait(timeout: .milliseconds(20), orRoom: true)
    _ = dealers[0].events()
    while let bytes = dealers[0].receive() {
      if let answer = try? WireToWorker(serializedBytes: bytes) { search = answer.search }
    }
  }

  func sendEndlessMessages(_ round: Int) throws {
    _ = bare.send([UInt8](repeating: 1, count: 1000), isLast: round % 10_000 == 0)
  }

  /// Takes all trials that it can get and reports them as running, but never trains.
  func hoard(_ round: Int) throws {
    let dealer = dealers[1]
    // A separate host: the host of the others is delayed, because they leave repeatedly.
    var hello = hello(name, slots: 3)
    hello.hello.host = "hoarder"
    if round == 0 || !dealer.isConnected { try send(hello, by: dealer) }
    _ = try dealer.wait(timeout: .milliseconds(50))
    while let bytes = dealer.receive() {
      guard let answer = try? WireToWorker(serializedBytes: bytes) else { continue }
      var message = message(name)
      message.search = answer.search
      message.heartbeat.held = [WireProgress()]
      message.heartbeat.held[0].attempt = answer.assign.attempt
      try send(message, by: dealer)
    }
  }
}
