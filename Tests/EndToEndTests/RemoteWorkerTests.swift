import Foundation
import Testing

/// Workers that are started from a join file, as on other machines.
@Suite(.serialized)
struct RemoteWorkerTests {
  private static let anyPort = "tcp://127.0.0.1:0"

  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  @Test func workersMayStartBeforeTheCoordinatorAndAfterIt() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let early = try scratch.worker("run/join.json")
    try await eventually("the worker waits") { early.errors.contains("waiting for run/join.json") }
    let search = try scratch.coordinator("--listen", Self.anyPort)
    try await run.waitForResults(2, of: search)
    let late = try scratch.worker("run/join.json")
    #expect(try await search.ending().end == .exited(0))
    #expect(try await early.ending().end == .exited(0))
    #expect(try await late.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(try Set(run.attempts().map(\.pid)) == [early.pid, late.pid])
  }

  @Test func killedWorkersTrialRunsElsewhere() async throws {
    try scratch.write("search.yaml", SearchText.lasting(heartbeat: 0.5, lease: 2))
    let search = try scratch.coordinator("--listen", Self.anyPort)
    let workers = try (0..<2).map { _ in try scratch.worker("run/join.json", "--pace", "0.1") }
    try await run.waitForResults(3, of: search)
    try await waitForWork(of: workers, search)
    workers[0].send(SIGKILL)
    #expect(try await search.ending().end == .exited(0))
    #expect(try await workers[1].ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    let lost = try run.attempts().filter { $0.ending == "lost" }
    #expect(lost.map(\.pid) == [workers[0].pid])
    let last = try run.attemptsByTrial()[lost.first?.trial ?? ""]?.last
    #expect(last?.pid == workers[1].pid)
    #expect(last?.ending == "finished")
  }

  @Test func workersContinueWhileTheirCoordinatorIsAwayAndNothingIsTrainedTwice() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let workers = [try scratch.worker("run/join.json"), try scratch.worker("run/join.json")]
    let first = try scratch.coordinator("--listen", Self.anyPort)
    let away = try await killCoordinator(first, whenDone: 3)
    try await eventually("the workers continue without it") {
      workers.allSatisfy { $0.errors.contains("no answer from the coordinator; training continues") }
    }
    let second = try scratch.coordinator("--listen", Self.anyPort, "--resume")
    let awayAgain = try await killCoordinator(second, whenDone: 6)
    let third = try scratch.coordinator("--listen", Self.anyPort, "--resume")
    #expect(try await third.ending().end == .exited(0))
    for worker in workers { #expect(try await worker.ending().end == .exited(0)) }
    #expect(try run.outcome() == (await Prepared.outcome.value))
    try expectAdopted(away + awayAgain)
  }

  @Test func workersFollowTheirCoordinatorToAnotherPort() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let workers = [try scratch.worker("run/join.json"), try scratch.worker("run/join.json")]
    let first = try scratch.coordinator("--listen", Self.anyPort)
    let away = try await killCoordinator(first, whenDone: 3)
    let taken = try HeldPort(port(of: "run/join.json"))
    let second = try scratch.coordinator("--listen", Self.anyPort, "--resume")
    #expect(try await second.ending().end == .exited(0))
    for worker in workers { #expect(try await worker.ending().end == .exited(0)) }
    #expect(try port(of: "run/join.json") != taken.number)
    #expect(try run.outcome() == (await Prepared.outcome.value))
    try expectAdopted(away)
  }

  @Test func oneWorkerServesManySearchesOfItsCluster() async throws {
    try await scratch.makeKeys("keys", port: HeldPort.free())
    let worker = try scratch.worker("keys/join.json", "--keep")
    for number in 1...2 {
      try scratch.write("search-\(number).yaml", SearchText.brief(seed: number))
      let ending = try await scratch.run(
        "search", "search-\(number).yaml", "--output", "run-\(number)", "--keys", "keys", "--workers", "0")
      #expect(ending.end == .exited(0), "\(ending.errors)")
      let attempts = try Run(scratch: scratch, name: "run-\(number)").attempts()
      #expect(attempts.count == 4)
      #expect(attempts.allSatisfy { $0.pid == worker.pid && $0.ending == "finished" })
    }
    worker.send(SIGTERM)
    #expect(try await worker.ending().end == .exited(0))
  }

  @Test func leavingWorkerGivesItsTrialBack() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.coordinator("--listen", Self.anyPort)
    let workers = try (0..<2).map { _ in try scratch.worker("run/join.json", "--pace", "0.1") }
    try await run.waitForResults(2, of: search)
    try await waitForWork(of: workers, search)
    workers[0].send(SIGTERM)
    #expect(try await workers[0].ending().end == .exited(0))
    #expect(try await search.ending().end == .exited(0))
    #expect(try run.outcome() == (await Prepared.outcome.value))
    let endings = try run.attempts().filter { $0.pid == workers[0].pid }.map(\.ending)
    #expect(endings.last == "released")
  }

  @Test func stragglersTrialIsWonByASpeculativeAttempt() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.coordinator("--listen", Self.anyPort)
    // An epoch of this one takes a minute.
    let slow = try scratch.worker("run/join.json", "--pace", "60")
    try await eventually("the slow worker has a trial") { run.status(of: search)?.running == 1 }
    let quick = try scratch.worker("run/join.json")
    #expect(try await search.ending().end == .exited(0))
    for worker in [slow, quick] { #expect(try await worker.ending().end == .exited(0)) }
    #expect(try run.outcome() == (await Prepared.outcome.value))
    let attempts = try run.attempts()
    #expect(attempts.filter { $0.pid == slow.pid }.map(\.ending) == ["superseded"])
    #expect(attempts.filter { $0.pid == quick.pid }.allSatisfy { $0.ending == "finished" })
  }

  /// Its last trial trains for another moment, and has the number of one of the next search.
  @Test func unfinishedAttemptDoesNotAffectTheNextSearch() async throws {
    try await scratch.makeKeys("keys", port: HeldPort.free())
    for number in 1...2 {
      try scratch.write(
        "search-\(number).yaml",
        SearchText.brief(seed: number).replacing("epochs: 2", with: "epochs: 1")
          .replacing("trials: 4", with: "trials: 2"))
    }
    let expected = try await scratch.run("search", "search-2.yaml", "--output", "expected", "--workers", "1")
    #expect(expected.end == .exited(0))
    let worker = try scratch.worker("keys/join.json", "--keep", "--pace", "4")
    func search(_ number: Int) throws -> Program {
      try scratch.trawl(
        "search", "search-\(number).yaml", "--output", "run-\(number)", "--keys", "keys", "--workers", "0")
    }
    let first = try search(1)
    let firstRun = Run(scratch: scratch, name: "run-1")
    try await eventually("the worker trains") { firstRun.status(of: first)?.running == 1 }
    // It has trained its epoch and waits for the end of its pace.
    try await Task.sleep(for: .seconds(2))
    first.send(SIGINT)
    #expect(try await first.ending(within: .seconds(10)).end == .exited(130))
    let second = try await search(2).ending()
    #expect(second.end == .exited(0))
    worker.send(SIGTERM)
    #expect(try await worker.ending().end == .exited(0))
    #expect(
      try Run(scratch: scratch, name: "run-2").outcome()
        == (Run(scratch: scratch, name: "expected").outcome()))
  }

  @Test func persistentWorkerDetectsAChangedDataset() async throws {
    try await scratch.makeKeys("keys", port: HeldPort.free())
    try scratch.write(
      "search.yaml",
      SearchText.brief().replacing("name: digits", with: "idx: own")
        .replacing("epochs: 2", with: "epochs: 2, batch: 4"))
    let worker = try scratch.worker("keys/join.json", "--keep")
    for count in [40, 50] {
      try IDXSet(images: count).write(to: "own", in: scratch)
      for (name, words) in [("run-\(count)", ["--keys", "keys", "--workers", "0"]), ("here-\(count)", [])] {
        let command = ["trawl", "search", "search.yaml", "--output", name] + words
        #expect(try await scratch.start(command).ending().end == .exited(0))
      }
      #expect(
        try Run(scratch: scratch, name: "run-\(count)").outcome()
          == (Run(scratch: scratch, name: "here-\(count)").outcome()))
    }
    worker.send(SIGTERM)
    #expect(try await worker.ending().end == .exited(0))
  }

  @Test func workerWithADifferentDatasetIsRejected() async throws {
    for (place, count) in [("one", 40), ("other", 50)] {
      try IDXSet(images: count).write(to: "\(place)/own", in: scratch)
    }
    try scratch.write(
      "search.yaml",
      SearchText.brief().replacing("name: digits", with: "name: own")
        .replacing("epochs: 2", with: "epochs: 2, batch: 4"))
    let search = try scratch.coordinator("--listen", Self.anyPort)
    func worker(_ place: String, _ more: String...) throws -> Program {
      let words = ["trawl", "worker", "--join", "run/join.json", "--slots", "1"] + more
      return try scratch.start(words, environment: ["TRAWL_DATA_PATH": place])
    }
    let first = try worker("one", "--pace", "1")
    try await run.waitForResults(1, of: search)
    let other = try await worker("other").ending()
    #expect(other.end == .exited(2))
    #expect(other.errorLines.count { $0.contains("is not the one that this search began with") } == 1)
    let ending = try await search.ending()
    #expect(ending.end == .exited(0))
    #expect(ending.errors.contains("was rejected: its dataset (SHA-256 sum "))
    #expect(try await first.ending().end == .exited(0))
    #expect(try run.attempts().filter { $0.ending == "finished" }.allSatisfy { $0.pid == first.pid })
  }

  @Test func workerWithAnUnknownKeyIsRejectedAndNotCounted() async throws {
    let port = try HeldPort.free()
    try await scratch.makeKeys("keys", port: port)
    try await scratch.makeKeys("others", port: port)
    var join = try scratch.object("keys/join.json")
    let foreign = try scratch.object("others/join.json")
    for name in ["worker_public_key", "worker_secret_key"] { join[name] = foreign[name] }
    try scratch.write("foreign.json", JSONEncoder().encode(join))
    try scratch.setMode("foreign.json", 0o600)
    try scratch.write("search.yaml", SearchText.brief())
    let search = try scratch.coordinator("--keys", "keys")
    let probe = try scratch.worker("foreign.json")
    let refused = try await probe.ending()
    #expect(refused.end == .exited(2))
    #expect(refused.errorLines.count { $0.contains("does not admit this worker's key") } == 1)
    let worker = try scratch.worker("keys/join.json")
    #expect(try await search.ending().end == .exited(0))
    #expect(try await worker.ending().end == .exited(0))
    #expect(try run.attempts().map(\.pid) == [pid_t](repeating: worker.pid, count: 4))
    #expect(try !scratch.text("run/trawl.log").contains("pid \(probe.pid)"))
  }

  private func waitForWork(of workers: [Program], _ search: Program) async throws {
    try await eventually("all workers train") {
      if search.hasEnded { throw Failure("the search ended before: \(search.errors)") }
      let busy = run.status(of: search)?.workers.filter { $0.running > 0 }.map(\.pid) ?? []
      return workers.allSatisfy { busy.contains($0.pid) }
    }
  }

  /// Kills a coordinator while workers train; returns the attempts that ran.
  private func killCoordinator(_ search: Program, whenDone count: Int) async throws -> [Run.Attempt] {
    try await run.waitForResults(count, of: search)
    try await eventually("a worker trains; it said: \(search.errors)") {
      if search.hasEnded { throw Failure("the search ended before: \(search.errors)") }
      return try run.attempts().contains { $0.ending == "running" }
    }
    search.send(SIGKILL)
    #expect(try await search.ending().end == .signalled(SIGKILL))
    return try run.attempts().filter { $0.ending == "running" }
  }

  /// Expects that the attempts continued to their ends and that nothing was trained twice.
  private func expectAdopted(_ running: [Run.Attempt]) throws {
    #expect(!running.isEmpty)
    let all = try run.attempts()
    #expect(all.count(where: \.wasBegun) == SearchText.trials)
    for attempt in running {
      let now = all.first { $0.number == attempt.number }
      #expect(now?.ending == "finished")
      #expect(now?.pid == attempt.pid)
    }
  }

  private func port(of joinFile: String) throws -> UInt16 {
    let endpoint = try scratch.object(joinFile)["endpoint"]?.text
    guard let port = endpoint?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw Failure("\(joinFile) names no port")
    }
    return port
  }
}
