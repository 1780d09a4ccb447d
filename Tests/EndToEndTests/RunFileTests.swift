import Foundation
import Testing

/// Files of the run directory that are deleted, or that are something else than files.
@Suite struct RunFileTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  @Test func filesDeletedWhileASearchRunsAreRestored() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let worker = try scratch.worker("run/join.json")
    try await run.waitForResults(2, of: search)
    let names = ["study.db", "events.jsonl", "search.yaml", "join.json", "launch.json"]
    for name in names + ["study.db-wal"] {
      try FileManager.default.removeItem(atPath: "\(scratch.path)/run/\(name)")
    }
    try await eventually("the files are there again: \(search.errors)") {
      names.allSatisfy { search.errors.contains("run/\($0) was deleted or replaced; it is restored") }
    }
    // What is committed later is in the new file.
    try await run.waitForResults(4, of: search)
    search.send(SIGKILL)
    #expect(try await search.ending().end == .signalled(SIGKILL))
    let second = try scratch.trawl("search", "--resume", "run", "--workers", "0")
    #expect(try await second.ending().end == .exited(0), "\(second.errors)")
    #expect(try await worker.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    var viewer = Viewer(run)
    try viewer.look()
    try viewer.expectTables(of: run)
    #expect((4..<SearchText.trials).contains { second.errors.contains("\($0) already done") })
  }

  @Test func pipesInPlaceOfFilesNeverBlock() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    #expect(try await scratch.run("search", "search.yaml", "--output", "run").end == .exited(0))
    let results = try scratch.text("run/results.csv")
    func replace(_ name: String) throws {
      try FileManager.default.removeItem(atPath: "\(scratch.path)/run/\(name)")
      try #require(mkfifo("\(scratch.path)/run/\(name)", 0o644) == 0)
    }
    for name in ["status.json", "results.csv", "history.csv", "attempts.csv", "search.yaml", "launch.json"] {
      try replace(name)
    }
    for command in ["status", "results", "report", "plot"] {
      let ending = try await scratch.run(command, "run")
      #expect(ending.end == .exited(2) && ending.errors.contains("is not a regular file"), "\(ending.errors)")
    }
    // Resuming writes them again.
    #expect(try await scratch.run("search", "--resume", "run", "--quiet").end == .exited(0))
    #expect(try scratch.text("run/results.csv") == results)
    for name in ["trawl.log", "study.db"] {
      try replace(name)
      let ending = try await scratch.run("search", "--resume", "run")
      #expect(
        ending.end == .exited(2) && ending.errors.contains("run/\(name) is not a regular file"),
        "\(ending.errors)")
      try FileManager.default.removeItem(atPath: "\(scratch.path)/run/\(name)")
    }
  }
}
