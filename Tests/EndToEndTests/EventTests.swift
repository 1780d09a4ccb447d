import Foundation
import RunFiles
import Testing

/// `events.jsonl`: what it says is what the tables say, whatever happens to the coordinator or to the file.
@Suite struct EventTests {
  private let scratch: Scratch
  private let run: Run
  private var path: String { "\(scratch.path)/run/events.jsonl" }

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  @Test func liveEventsLeadToTheTables() async throws {
    try scratch.write(
      "search.yaml",
      SearchText.halving().replacing("trials: 12,", with: "trials: 12, confirm: { top: 2, seeds: 2 },"))
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "2")
    var viewer = Viewer(run)
    try await eventually("the search has ended") {
      try viewer.look()
      return search.hasEnded
    }
    #expect(try await search.ending().end == .exited(0))
    try viewer.look()
    #expect(viewer.batches > 1, "read while the search ran")
    try viewer.expectTables(of: run)
    var later = Viewer(run)
    try later.look()
    #expect(later.number == viewer.number && viewer.starts == 1)

    let table = try await scratch.run("compare", "run", "run").output.split(separator: "\n")
    let epochs = table.first { $0.hasPrefix("epochs trained") }?.split(separator: " ")
    #expect(epochs?.suffix(2) == ["\(viewer.epochCount)", "\(viewer.epochCount)"])

    // A file that is written again has inherited epochs and replicates, too.
    unlink(path)
    #expect(try await scratch.run("search", "--resume", "run", "--quiet").end == .exited(0))
    var again = Viewer(run)
    try again.look()
    #expect(again.number > 0)
    try again.expectTables(of: run)
  }

  @Test func eventsSurviveKillsAndDeletions() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let changes: [(String, (inout [UInt8]?) -> Void)] = [
      ("nothing", { _ in }),
      ("deleted", { $0 = nil }),
      ("a torn line", { $0?.append(contentsOf: "{\"number\":".utf8) }),
      ("missing events", { $0?.removeLast(1000) }),
      ("damaged at its end", { bytes in (bytes?.count).map { bytes?[$0 - 20] = 0 } }),
      ("empty", { $0 = [] }),
    ]
    for (index, change) in changes.enumerated() {
      let resume = index == 0 ? [] : ["--resume"]
      let search = try scratch.start(
        ["trawl", "search", "search.yaml", "--output", "run", "--workers", "2"] + resume)
      try await run.waitForResults(2 * (index + 1), of: search)
      search.send(SIGKILL)
      #expect(try await search.ending().end == .signalled(SIGKILL))
      var bytes = FileManager.default.contents(atPath: path).map(Array.init)
      change.1(&bytes)
      if let bytes { try scratch.write("run/events.jsonl", bytes) } else { unlink(path) }
    }
    let search = try scratch.trawl("search", "--resume", "run", "--workers", "1")
    #expect(try await search.ending().end == .exited(0), "\(search.errors)")
    #expect(try run.outcome() == (await Prepared.outcome.value))
    var viewer = Viewer(run)
    try viewer.look()
    try viewer.expectTables(of: run)
  }

  @Test func aFileDeletedWhileTheSearchRunsIsWrittenAgain() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "1")
    var viewer = Viewer(run)
    for (count, change) in [(2, "deleted"), (4, "cut"), (6, "replaced by a folder")] {
      try await run.waitForResults(count, of: search)
      try viewer.look()
      switch change {
      case "deleted": unlink(path)
      case "cut": truncate(path, 100)
      default:
        unlink(path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try await eventually("a warning") { search.errors.contains("cannot write run/events.jsonl") }
        rmdir(path)
      }
      try await eventually("the file is there again after it was \(change)") {
        var other = Viewer(run)
        return (try? other.look()) != nil && other.number >= viewer.number
      }
    }
    #expect(try await search.ending().end == .exited(0))
    #expect(search.errors.contains("run/events.jsonl was deleted or replaced; it is restored"))
    // A viewer that follows the file starts again.
    try viewer.look()
    #expect(viewer.starts > 1)
    try viewer.expectTables(of: run)
  }
}
