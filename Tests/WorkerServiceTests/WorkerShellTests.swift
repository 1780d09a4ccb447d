import Coordination
import Foundation
import Messaging
import Platform
import Synchronization
import Testing
import Trials

@testable import WorkerService

/// A worker with real sockets, threads and files, and trials that take no time.
@Suite struct WorkerShellTests {
  private let folder: TemporaryFolder
  private let lines = Lines()
  private let leaving = Latch()
  private let waker: Waker
  private let id: WorkerID

  init() throws {
    folder = try TemporaryFolder()
    waker = try Waker()
    id = try #require(WorkerID([UInt8](repeating: 7, count: WorkerID.length)))
  }

  /// How a worker ended, when its thread has ended.
  private final class Ending: Sendable {
    private let result = Mutex<Result<Worker.Exit, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    func set(_ value: Result<Worker.Exit, any Error>) {
      result.withLock { $0 = value }
      ended.signal()
    }

    var isKnown: Bool { result.withLock { $0 != nil } }

    func get() throws -> Worker.Exit {
      try #require(ended.wait(timeout: .now() + 60) == .success)
      let result = result.withLock { $0 }
      return try #require(result).get()
    }
  }

  /// Starts a worker on a thread.
  private func start(_ join: JoinFile, slots: Int = 2, body: any TrialBody = InstantBody()) throws -> Ending {
    let path = "\(folder.path)/join.json"
    if !FileManager.default.fileExists(atPath: path) { try join.write(to: path) }
    let (ending, id, waker, lines, leaving) = (Ending(), id, waker, lines, leaving)
    let spoolFolder = "\(folder.path)/spool"
    Thread {
      ending.set(
        Result {
          let identity = Worker.Identity(
            id: id, slots: slots, host: "node", pid: 1, isLocal: false, numerics: "test",
            waitsForNextSearch: false, grace: .seconds(5))
          let shell = try WorkerShell(
            .init(
              location: CoordinatorLocation(joinFile: path, localEndpoint: nil),
              worker: Worker(identity: identity), pool: SlotPool(count: slots, body: body, waker: waker),
              spool: Spool(in: spoolFolder, of: id), numerics: .native, waker: waker,
              report: { lines.append($0) }))
          return try shell.run(leaving: leaving)
        })
    }.start()
    return ending
  }

  @Test func workerTrainsAllTrialsAndEndsWithTheSearch() throws {
    var host = try MemoryCoordinator()
    let body = InstantBody()
    let ending = try start(host.join, body: body)
    #expect(try host.serve { $0.coordinator.isFinished && !$0.coordinator.hasWorkers })
    #expect(try ending.get() == .finished)
    #expect(host.coordinator.results.values.map(\.status) == [.done, .done, .done, .done])
    #expect(
      lines.all == [
        "waiting for the coordinator at \(host.join.endpoint)", "connected to \(host.join.endpoint)",
        "joined a search of 4 trials",
      ])
    #expect(body.forgotten.load(ordering: .relaxed) == 1)
  }

  @Test func failedTrialsAreReportedWithTheirReason() throws {
    var host = try MemoryCoordinator()
    let ending = try start(host.join, slots: 1, body: InstantBody([.failed("no memory")]))
    #expect(try host.serve { $0.coordinator.isFinished && !$0.coordinator.hasWorkers })
    #expect(try ending.get() == .finished)
    let details = host.decisions.compactMap { decision in
      if case .attemptEnded(_, .failed, let detail) = decision { detail } else { nil }
    }
    #expect(details == ["no memory"])
  }

  @Test func stoppedWorkerHandsBackItsTrials() throws {
    var host = try MemoryCoordinator()
    let body = WaitingBody()
    let ending = try start(host.join, body: body)
    #expect(try host.serve { _ in body.begun.load(ordering: .acquiring) == 2 })
    leaving.raise()
    waker.wake()
    #expect(try host.serve { ending.isKnown && !$0.coordinator.hasWorkers })
    #expect(try ending.get() == .left)
    let ends = host.decisions.compactMap { decision in
      if case .attemptEnded(_, let end, _) = decision { end } else { nil }
    }
    #expect(ends == [.released, .released])
  }

  @Test func keyThatIsNotAdmittedEndsTheWorker() throws {
    var host = try MemoryCoordinator(admits: false)
    let ending = try start(host.join)
    #expect(try host.serve { _ in ending.isKnown })
    let error = #expect(throws: UserError.self) { try ending.get() }
    #expect(
      error?.message == "the coordinator at \(host.join.endpoint) does not admit this worker's key "
        + "(\(host.join.workerKeys.publicKey.fingerprint)); get its current join file")
  }

  @Test func machineThatCannotTrainIsReported() throws {
    var host = try MemoryCoordinator()
    let ending = try start(host.join, slots: 1, body: InstantBody([.unable("no data")]))
    #expect(try host.serve { _ in ending.isKnown })
    #expect(try ending.get() == .unable("no data"))
  }
}

@Suite struct WorkerLaunchTests {
  private let folder: TemporaryFolder
  private let lines = Lines()

  init() throws { folder = try TemporaryFolder() }

  private func run(_ options: WorkerOptions) throws {
    try WorkerLaunch(options, waker: Waker(), leaving: Latch()) { [lines] in lines.append($0) }.run()
  }

  @Test func folderIsNoJoinFile() throws {
    try AtomicFile.write("{}", to: "\(folder.path)/join.json")
    let error = #expect(throws: UserError.self) { try run(WorkerOptions(joinFile: folder.path)) }
    #expect(error?.message == "\(folder.path) is a folder; the join file is \(folder.path)/join.json")
  }

  @Test func endedSearchNeedsNoWorker() throws {
    let path = "\(folder.path)/join.json"
    var join = JoinFile(
      endpoint: try Endpoint("tcp://127.0.0.1:9"), coordinatorKey: CurveKeyPair.generate().publicKey,
      workerKeys: .generate())
    join.endedSearch = 7
    try join.write(to: path)
    try run(WorkerOptions(joinFile: path))
    #expect(lines.all == ["the search of \(path) has ended"])
  }
}
