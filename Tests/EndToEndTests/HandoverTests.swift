import Foundation
import Testing

/// Checkpoints and results move between processes; nothing is lost or trained twice.
@Suite(.serialized)
struct HandoverTests {
  private static let epochs = 120
  private static let file = SearchText.lasting()
    .replacing("trials: \(SearchText.trials)", with: "trials: 2").replacing(
      "epochs: 7", with: "epochs: \(epochs)")

  /// The outcome of an undisturbed search.
  private static let outcome = Task {
    try await Prepared.digits.value
    let scratch = try Scratch()
    try scratch.write("search.yaml", file)
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "1")
    guard ending.end == .exited(0) else { throw Failure(ending.errors) }
    return try Run(scratch: scratch).outcome()
  }

  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", Self.file)
  }

  @Test func stoppedWorkerHandsOverItsTrial() async throws {
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let workers = [try scratch.worker("run/join.json"), try scratch.worker("run/join.json")]
    try await waitForWork(of: workers[0].pid, search)
    workers[0].send(SIGTERM)
    #expect(try await workers[0].ending().end == .exited(0))
    #expect(try await search.ending().end == .exited(0))
    #expect(try await workers[1].ending().end == .exited(0))
    try await expectNothingTwice()
    let released = try run.attempts().filter { $0.ending == "released" }
    #expect(released.map(\.pid) == [workers[0].pid])
  }

  @Test func interruptedSearchResumesFromCheckpoints() async throws {
    let search = try scratch.trawl(
      "search", "search.yaml", "--output", "run", "--workers", "1", "--grace", "60")
    try await waitForWork(of: nil, search)
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(130))
    let resumed = try await scratch.run(
      "search", "search.yaml", "--output", "run", "--workers", "1", "--resume")
    #expect(resumed.end == .exited(0), "\(resumed.errors)")
    try await expectNothingTwice()
  }

  @Test(arguments: [false, true])
  func aResultOutlivesItsWorkerUnlessItIsDamaged(isDamaged: Bool) async throws {
    let first = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let worker = try scratch.worker("run/join.json", "--spool", "spool")
    try await waitForWork(of: worker.pid, first)
    first.send(SIGKILL)
    #expect(try await first.ending().end == .signalled(SIGKILL))
    try await eventually("the worker saves its result; it said: \(worker.errors)") {
      !keptFiles.isEmpty
    }
    worker.send(SIGKILL)
    #expect(try await worker.ending().end == .signalled(SIGKILL))
    if isDamaged { try damageKeptFiles() }
    let second = try scratch.coordinator("--listen", "tcp://127.0.0.1:0", "--resume")
    let heir = try scratch.worker("run/join.json", "--spool", "spool")
    #expect(try await second.ending().end == .exited(0))
    let ending = try await heir.ending()
    #expect(ending.end == .exited(0))
    #expect(ending.errors.contains("an earlier worker left"))
    #expect(ending.errors.contains("cannot be read") == isDamaged)
    #expect(keptFiles.isEmpty)
    if isDamaged {
      #expect(try run.outcome() == (await Self.outcome.value))
    } else {
      try await expectNothingTwice()
    }
  }

  @Test func workerThatMissedTheEndReadsItInTheJoinFile() async throws {
    try scratch.write("search.yaml", SearchText.lasting(heartbeat: 0.5, lease: 2))
    let search = try scratch.coordinator("--listen", "tcp://127.0.0.1:0")
    let workers = [try scratch.worker("run/join.json"), try scratch.worker("run/join.json")]
    try await eventually("both have joined") { workers.allSatisfy { run.hasJoined($0.pid) } }
    workers[0].send(SIGSTOP)
    #expect(try await search.ending().end == .exited(0))
    workers[0].send(SIGCONT)
    #expect(try await workers[0].ending().end == .exited(0))
    let late = try await scratch.worker("run/join.json").ending()
    #expect(late.end == .exited(0))
    #expect(late.errors.contains("has ended"))
    #expect(try run.outcome() == (await Prepared.outcome.value))
  }

  /// The files in the spool, one for each attempt, named by search and attempt.
  private var keptFiles: [String] {
    let all = FileManager.default.enumerator(atPath: "\(scratch.path)/spool")?.allObjects as? [String] ?? []
    return all.filter { $0.contains(/\/[0-9]+-[0-9]+$/) }
  }

  /// Changes the last bit of each.
  private func damageKeptFiles() throws {
    for path in keptFiles {
      var bytes = try scratch.data("spool/\(path)")
      bytes[bytes.count - 1] ^= 1
      try bytes.write(to: URL(filePath: "\(scratch.path)/spool/\(path)"))
    }
  }

  private func waitForWork(of pid: pid_t?, _ search: Program) async throws {
    try await eventually("a trial runs; it said: \(search.errors)") {
      if search.hasEnded { throw Failure("the search ended before: \(search.errors)") }
      return run.status(of: search)?.workers.contains { $0.running > 0 && pid ?? $0.pid == $0.pid } ?? false
    }
  }

  private func expectNothingTwice() async throws {
    #expect(try run.outcome() == (await Self.outcome.value))
    let attempts = try run.attempts()
    #expect(attempts.reduce(0) { $0 + $1.epochs } == 2 * Self.epochs, "\(attempts)")
  }
}
