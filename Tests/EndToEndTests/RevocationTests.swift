import Foundation
import Testing

/// Keys that are revoked while their workers train.
@Suite(.serialized)
struct RevocationTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  @Test func workersOfARevokedKeyAreDisconnectedAndTheirTrialsRunElsewhere() async throws {
    try await scratch.makeKeys("keys", port: HeldPort.free())
    try await scratch.addKey("lent", to: "keys")
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.coordinator("--keys", "keys")
    let outcast = try scratch.worker("keys/join-lent.json")
    try await run.waitForResults(2, of: search)
    try await eventually("the worker trains") {
      run.status(of: search)?.workers.contains { $0.pid == outcast.pid && $0.running > 0 } == true
    }
    let fingerprint = try await revoke("lent")
    let refused = try await outcast.ending()
    #expect(refused.end == .exited(2))
    #expect(refused.errorLines.last?.contains("its key was revoked") == true)
    let again = try await scratch.worker("keys/join-lent.json").ending()
    #expect(again.end == .exited(2))
    #expect(again.errorLines.last?.contains("does not admit this worker's key (\(fingerprint))") == true)

    let honest = try scratch.worker("keys/join.json")
    #expect(try await search.ending().end == .exited(0))
    #expect(try await honest.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(try run.attempts().filter { $0.pid == outcast.pid }.map(\.ending).last == "killed")
    #expect(try scratch.text("run/trawl.log").contains("the key lent (\(fingerprint)) was revoked"))
  }

  @Test func newKeyIsAdmittedWhileASearchRunsAndLocalWorkersSurviveARevocation() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "1")
    try await run.waitForResults(1, of: search)
    try await scratch.addKey("second", to: "run/keys")
    let joinFile = try scratch.data("run/join.json")
    let ending = try await scratch.run("keys", "revoke", "default", "--in", "run/keys")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    try await eventually("the join file has the other key") {
      if search.hasEnded { throw Failure("the search ended before: \(search.errors)") }
      return try scratch.data("run/join.json") != joinFile
    }
    #expect(try await search.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
  }

  /// Revokes a worker key of the folder `keys`; returns its fingerprint.
  private func revoke(_ name: String) async throws -> String {
    let ending = try await scratch.run("keys", "revoke", name, "--in", "keys")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    let shown = try await scratch.run("keys", "show", "keys").output.split(separator: "\n")
    let line = try #require(shown.first { $0.hasPrefix("revoked") })
    let words = line.split(separator: " ")
    #expect(words.last == Substring(name))
    for secret in try secrets() { #expect(!shown.contains { $0.contains(secret) }) }
    return String(words[1])
  }

  private func secrets() throws -> [String] {
    try ["keys/coordinator.json", "keys/join.json", "keys/join-lent.json"].flatMap { file in
      try scratch.object(file).filter { $0.key.hasSuffix("secret_key") }.compactMap(\.value.text)
    }
  }
}
