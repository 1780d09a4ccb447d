import Coordination
import Foundation
import Logging
import Messaging
import Platform
import RunFiles
import Search
import Synchronization
import Testing
import Trials

@testable import CoordinatorService
@testable import WorkerService

/// A trial body whose attempts end at once; the score depends on the seed.
private struct InstantBody: TrialBody {
  func forgetData() {}

  func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    control.loaded([UInt8](repeating: 1, count: 32))
    control.advance()
    var metrics = SampleSearch.metrics
    metrics["val_accuracy"] = Double(work.seed % 1000) / 1000
    control.report(TrialMeasurement(step: 1, metrics))
    return .done
  }
}

/// Searches with a real run directory, database and socket, and a worker on a thread whose trials take no time.
@Suite struct CoordinatorShellTests {
  private let sample: SampleSearch
  private let display = RecordedDisplay()
  private let waker: Waker
  private var request: SearchRequest

  init() throws {
    sample = try SampleSearch()
    waker = try Waker()
    let path = "\(sample.folder.path)/sample.yaml"
    try AtomicFile.write(SampleSearch.text, to: path)
    request = SearchRequest(path: path)
    (request.output, request.workers) = (sample.directory.path, 0)
  }

  private func launch() throws -> SearchLaunch {
    try SearchLaunch(request, waker: waker) { Issue.record("\($0)") }
  }

  private func begin(_ launch: SearchLaunch, stop: Latch = Latch()) throws -> CoordinatorShell {
    try launch.begin(stop: stop, enough: Latch()) { [display] _, _ in display }
  }

  /// How the thread of a worker ended.
  private final class EndedThread: Sendable {
    let exit = Mutex<Result<Worker.Exit, any Error>?>(nil)
    let ended = DispatchSemaphore(value: 0)
  }

  /// Starts a worker on a thread and returns a function that waits for its end.
  private func startWorker(_ number: UInt8 = 7) throws -> () throws -> Worker.Exit {
    let id = try #require(WorkerID([UInt8](repeating: number, count: WorkerID.length)))
    let (joinFile, spool) = (sample.directory.joinFile, "\(sample.folder.path)/spool")
    let state = EndedThread()
    Thread {
      let exit = Result {
        let waker = try Waker()
        let identity = Worker.Identity(
          id: id, slots: 1, host: "node", pid: 1, isLocal: false, numerics: "test",
          waitsForNextSearch: false, grace: .seconds(5))
        let shell = try WorkerShell(
          .init(
            location: CoordinatorLocation(joinFile: joinFile, localEndpoint: nil),
            worker: Worker(identity: identity), pool: SlotPool(count: 1, body: InstantBody(), waker: waker),
            spool: Spool(in: spool, of: id), numerics: .native, waker: waker, report: { _ in }))
        return try shell.run(leaving: Latch())
      }
      state.exit.withLock { $0 = exit }
      state.ended.signal()
    }.start()
    return {
      try #require(state.ended.wait(timeout: .now() + 60) == .success)
      let exit = state.exit.withLock { $0 }
      return try #require(exit).get()
    }
  }

  private func lines(_ path: String) throws -> [Substring] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
  }

  @Test func searchEndsWithItsFilesComplete() throws {
    let launch = try launch()
    let shell = try begin(launch)
    let exit = try startWorker()
    #expect(try shell.run() == .finished)
    #expect(try exit() == .finished)
    let run = sample.directory
    #expect(try lines(run.results).count == 4 && lines(run.attempts).count == 4)
    #expect(try run.readStatus().done == 3)
    var reader = EventReader(run.events)
    // A worker joins; three trials with four decisions each; the data is known.
    #expect(try reader.next()?.events.count == 14)
    #expect(try JoinFile.load(from: run.joinFile).endedSearch != nil)
    #expect(shell.coordinator.best?.trial == shell.coordinator.ranking.first?.trial)
    #expect(try shell.insight().parameters.count == 1)
    #expect(display.lines(.always) == [])
    #expect(
      display.lines(.normal).first
        == "searching sample: 3 trials, 0 local workers, into \(run.path.asShellWord)")
    #expect(display.lines(.detail).filter { $0.contains(": done by attempt ") }.count == 3)
    #expect(try lines(run.log).last?.hasSuffix("info: search finished: 3 ended trials") == true)
  }

  @Test func stoppedSearchIsResumed() throws {
    var resumed = self
    let stop = Latch()
    stop.raise()
    do {
      let shell = try begin(try launch(), stop: stop)
      #expect(try shell.run() == .interrupted)
      #expect(try !sample.directory.readStatus().isRunning)
      #expect(try JoinFile.load(from: sample.directory.joinFile).endedSearch == nil)
    }
    let error = #expect(throws: UserError.self) { try launch() }
    #expect(error?.message.contains("is in use") == true, "the lock lasts as long as the process")
    resumed.request = SearchRequest(path: sample.directory.path)
    resumed.request.resumes = true
    let file = try SearchLaunch.checkedFile(resumed.request) { Issue.record("\($0)") }
    #expect(file.name == "sample" && file.trials == 3)
  }

  @Test func searchWithoutUsableWorkerEnds() throws {
    let program = "\(sample.folder.path)/program"
    try AtomicFile.write("#!/bin/sh\nexit 2\n", to: program)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    let run = sample.directory
    let access = try AccessKeys(SearchOptions(request), run) { Issue.record("\($0)") }
    let socket = try access.listen(waker: waker)
    let keys = try access.write(socket.endpoint, to: run)
    let study = try run.makeStudy(sample.file)
    let coordinator = try sample.coordinator(of: study)
    let shell = CoordinatorShell(
      .init(
        coordinator: coordinator, study: study, socket: socket, keys: KeyWatch(keys, of: access, run),
        workers: LocalWorkers(
          count: 1, joinFile: run.joinFile, endpoint: "\(socket.endpoint)", program: program),
        checkpoints: CheckpointFolder(run.checkpoints, holding: []),
        exports: Exports(run, of: coordinator, resume: ""),
        events: try EventFeed(run, study, rungs: []), files: RunFileWatch(run), display: display,
        log: Logger(label: "test") { _ in FileLog(appendingTo: run.log) }),
      stop: Latch(), grace: .seconds(1), enough: StopCondition(Latch(), hours: nil, since: nil))
    #expect(try shell.run() == .noUsableWorker)
    #expect(try lines(run.results).count == 1 && !run.readStatus().isRunning)
  }

  @Test func retryIsRejectedWhereResultsDecided() throws {
    var request = request
    request.overrides = [.init(key: "search.halving", value: "{ min_epochs: 0.5, factor: 2 }")]
    request.retriesFailed = true
    let error = #expect(throws: UserError.self) {
      try SearchLaunch(request, waker: waker) { Issue.record("\($0)") }
    }
    #expect(error?.message.hasPrefix("--retry is not available with halving") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: sample.directory.path).isEmpty)
  }
}

@Suite struct AbsenceWatchTests {
  @Test func searchWithoutWorkersIsReportedOnce() throws {
    let sample = try SampleSearch()
    let coordinator = try sample.coordinator(of: sample.directory.makeStudy(sample.file))
    var watch = AbsenceWatch()
    #expect(watch.look(coordinator, at: .seconds(10)) == nil)
    #expect(watch.look(coordinator, at: .seconds(14)) == nil && watch.since == .seconds(10))
    #expect(watch.look(coordinator, at: .seconds(15)) == "no workers connected; 3 trials wait for one")
    #expect(watch.look(coordinator, at: .seconds(99)) == nil && watch.since == .seconds(10))
  }
}
