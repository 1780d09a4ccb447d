import Foundation
import Testing

/// The same search file and seed give the same files, with any workers and despite any failures.
@Suite(.serialized)
struct ReproducibilityTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", SearchText.lasting())
  }

  @Test(arguments: [2, 4])
  func anyNumberOfWorkersGivesTheSameFiles(workers: Int) async throws {
    let ending = try await search(workers: workers).ending()
    #expect(ending.end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(Set(try run.attempts().map(\.pid)).count == workers)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func killedWorkersDoNotChangeTheResults(seed: UInt64) async throws {
    let kills = 7
    try scratch.write("search.yaml", SearchText.long())
    let search = try search(workers: 2)
    let victims = try await killWorkers(of: search, times: kills, seed: seed)
    #expect(try await search.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.long.value))
    let killed = try run.attempts().filter { $0.ending == "killed" }
    #expect(killed.allSatisfy { victims.contains($0.pid) })
    #expect(killed.count >= kills - 2, "most kills hit a running trial")
  }

  @Test func aStoppedLocalWorkerIsReplaced() async throws {
    try scratch.write("search.yaml", SearchText.lasting(heartbeat: 0.3, lease: 1.5))
    let search = try search(workers: 1)
    try await run.waitForResults(1, of: search)
    let victim = try #require(search.children.first)
    kill(victim, SIGSTOP)
    #expect(try await search.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(!isAlive(victim))
  }

  @Test func killedCoordinatorResumesWithOtherWorkers() async throws {
    try await killCoordinator(search(workers: 2), whenDone: SearchText.trials / 2)
    let ending = try await search(workers: 3, "--resume").ending()
    #expect(ending.end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(try run.attempts().contains { $0.ending == "interrupted" })
  }

  @Test func coordinatorKilledManyTimesLosesNothing() async throws {
    var generator = SeededGenerator(seed: 3)
    for (start, done) in [0, 1, 3, 5, 7].enumerated() {
      let search = try search(workers: start % 3 + 1, "--resume")
      // The last one may end before the kill.
      guard (try? await run.waitForResults(done, of: search)) != nil else { break }
      try await generator.pause(upTo: 150)
      search.send(SIGKILL)
      _ = try await search.ending()
    }
    let ending = try await search(workers: 2, "--resume").ending()
    #expect(ending.end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(try run.attempts().count { $0.ending == "interrupted" } >= 3)
  }

  @Test func resumingAFinishedSearchChangesNothing() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    #expect(try await search(workers: 2).ending().end == .exited(0))
    let outcome = try run.outcome()
    let attempts = try run.attempts().count
    let ending = try await search(workers: 2, "--resume").ending()
    #expect(ending.end == .exited(0))
    #expect(try run.outcome() == outcome)
    #expect(try run.attempts().count == attempts)
  }

  private func search(workers: Int, _ more: String...) throws -> Program {
    try scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "\(workers)"] + more)
  }

  /// Kills joined workers at random times.
  private func killWorkers(of search: Program, times: Int, seed: UInt64) async throws -> Set<pid_t> {
    var generator = SeededGenerator(seed: seed)
    var victims: Set<pid_t> = []
    while victims.count < times {
      var present: [pid_t] = []
      try await eventually("a worker has joined") {
        if search.hasEnded {
          throw Failure("the search ended after \(victims.count) kills: \(search.errors)")
        }
        present = search.children.filter { !victims.contains($0) && run.hasJoined($0) }
        return !present.isEmpty
      }
      try await generator.pause(upTo: 100)
      guard let victim = present.randomElement(using: &generator) else { continue }
      kill(victim, SIGKILL)
      victims.insert(victim)
    }
    return victims
  }

  /// Kills a coordinator and waits for the end of its local workers.
  private func killCoordinator(_ search: Program, whenDone count: Int) async throws {
    try await run.waitForResults(count, of: search)
    let workers = search.children
    search.send(SIGKILL)
    #expect(try await search.ending().end == .signalled(SIGKILL))
    try await eventually("the local workers have ended") { !workers.contains(where: isAlive) }
  }
}
