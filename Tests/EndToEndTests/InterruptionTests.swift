import Foundation
import Testing

/// Interrupted searches: their processes, and the printed command to resume.
@Suite(.serialized)
struct InterruptionTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", SearchText.lasting())
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interruptedSearchTellsHowToGoOnAndLeavesNoProcess(signal: Int32) async throws {
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "2")
    try await run.waitForResults(3, of: search)
    let workers = search.children
    #expect(workers.count == 2)
    search.send(signal)
    let ending = try await search.ending(within: .seconds(10))
    #expect(ending.end == .exited(130))
    #expect(ending.output.isEmpty)
    try await eventually("no worker is left") { !workers.contains(where: isAlive) }
    let status = try scratch.object("run/status.json")
    #expect(status["is_running"] == .flag(false))

    let words = try #require(ending.errorLines.last)
    let command = try #require(words.split(separator: "resume with: ").last.map(String.init))
    let resumed = try await scratch.start(["sh", "-c", command]).ending()
    #expect(resumed.end == .exited(0), "\(command): \(resumed.errors)")
    #expect(try run.outcome() == (await Prepared.outcome.value))
  }

  @Test func printedCommandNamesPathsThatAShellWouldTakeApart() async throws {
    try scratch.write("my search.yaml", SearchText.lasting())
    let search = try scratch.trawl("search", "my search.yaml", "--output", "it's a run", "--workers", "1")
    let run = Run(scratch: scratch, name: "it's a run")
    try await run.waitForResults(1, of: search)
    search.send(SIGINT)
    let words = try #require(try await search.ending(within: .seconds(10)).errorLines.last)
    let command = try #require(words.split(separator: "resume with: ").last.map(String.init))
    let resumed = try scratch.start(["sh", "-c", "exec " + command])
    try await run.waitForResults(2, of: resumed)
    resumed.send(SIGINT)
    #expect(try await resumed.ending(within: .seconds(10)).end == .exited(130))
  }

  /// On a network file system, the lock of a dead machine remains for some time.
  @Test func whoGoesOnWaitsForACoordinatorOfAnotherMachine() async throws {
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "1")
    try await run.waitForResults(1, of: search)
    search.send(SIGINT)
    #expect(try await search.ending(within: .seconds(10)).end == .exited(130))
    let host = try #require(scratch.object("run/status.json")["host"]?.text)
    let status = try scratch.text("run/status.json").replacing("\"\(host)\"", with: "\"elsewhere\"")
    try scratch.write("run/status.json", status)
    let lock = open("\(scratch.path)/run/trawl.log", O_RDONLY | O_CLOEXEC)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)

    let command = ["trawl", "search", "search.yaml", "--output", "run", "--workers", "1", "--resume"]
    let refused = try scratch.start(command)
    try await eventually("it waits") { refused.errors.contains("on elsewhere; waiting 3 min") }
    refused.send(SIGINT)
    #expect(try await refused.ending(within: .seconds(10)).end == .exited(130))
    let resumed = try scratch.start(command)
    try await eventually("it waits") { resumed.errors.contains("on elsewhere; waiting 3 min") }
    flock(lock, LOCK_UN)
    #expect(try await resumed.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
  }

  @Test func remoteWorkersDoNotNoticeAnInterruption() async throws {
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let worker = try scratch.worker("run/join.json")
    try await run.waitForResults(2, of: search)
    search.send(SIGINT)
    let ending = try await search.ending(within: .seconds(10))
    #expect(ending.end == .exited(130))
    #expect(!worker.hasEnded)
    let line = try #require(ending.errorLines.last)
    let command = try #require(line.split(separator: "resume with: ").last.map(String.init))
    #expect(try await scratch.start(["sh", "-c", command]).ending().end == .exited(0))
    #expect(try await worker.ending().end == .exited(0))
    #expect(try run.attempts().count(where: \.wasBegun) == SearchText.trials)
    #expect(try run.outcome() == (await Prepared.outcome.value))
  }
}
