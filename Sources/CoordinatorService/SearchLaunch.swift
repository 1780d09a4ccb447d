import Coordination
import Foundation
import Logging
import Messaging
import Platform
import RunFiles
import Search
import Storage
import Trials

/// Starts a search or resumes it. Performs all checks before it writes any file.
package struct SearchLaunch {
  private let request: SearchRequest
  private let options: SearchOptions
  package let file: SearchFile
  package let directory: RunDirectory
  private let workerCount: Int
  /// The reason why there are fewer local workers than cores; nil if `--workers` was given.
  private let shortage: String?
  /// What the user should know about the data, one line each.
  private let dataNotes: [String]
  private let access: AccessKeys
  private let socket: RouterSocket
  private let report: (String) -> Void

  /// Checks the search and listens for its workers. Writes nothing.
  ///
  /// - Parameters:
  ///   - waker: used to end the wait for messages, such as when `stop` is raised.
  ///   - report: called with each line for the user until the search has a display.
  package init(_ request: SearchRequest, waker: Waker, report: @escaping (String) -> Void) throws {
    self.request = request
    self.report = report
    let given = try RequestedSearch(request, report: report)
    options = given.options
    directory = given.run ?? RunDirectory(path: request.output ?? "runs/\(given.file.name)")
    let isBegun = try directory.check(resume: request.resumes)
    if request.trials != nil, !isBegun { throw UserError("\(directory.path) holds no search to resume") }
    // An earlier --trials may have extended the search.
    let before = isBegun && request.trials == nil ? directory.searchFile(named: options.file) : nil
    let grown = max(given.file.trials, before?.trials ?? 0)
    file = grown == given.file.trials ? given.file : try given.parse(request, trials: grown)
    guard !request.retriesFailed || (!file.comparesTrials && !file.sampler.learns) else {
      throw UserError(
        "--retry is not available with halving, asha, median_rule or tpe: failed trials already influenced later decisions"
      )
    }
    let slots = SlotCount.ofThisProcess(most: Limits.slots)
    workerCount = options.workers ?? slots.number
    shortage = options.workers == nil ? slots.reason.map { _ in "\(slots)" } : nil
    dataNotes = try file.checkTraining(with: workerCount > 0 || file.final != nil ? DatasetStore() : nil)
    do {
      access = try AccessKeys(options, directory, report: report)
      socket = try access.listen(waker: waker)
    } catch {
      // A running coordinator of this search also holds the port.
      throw directory.isInUse ? directory.inUse : error
    }
  }

  /// The search file of a request, after the checks of a start. Writes nothing.
  ///
  /// - Parameter report: called with each line for the user.
  package static func checkedFile(
    _ request: SearchRequest, report: (String) -> Void
  ) throws -> SearchFile {
    let file = try RequestedSearch(request, report: report).file
    _ = try file.checkTraining(with: request.workers == 0 ? nil : DatasetStore())
    return file
  }

  /// Creates the run directory and the coordinator.
  ///
  /// - Parameters:
  ///   - stop: raised to stop the search so that it can be resumed.
  ///   - enough: raised to start no more trials.
  ///   - makeDisplay: makes the display of the search, from its coordinator and the time of its start.
  package func begin(
    stop: Latch, enough: Latch, makeDisplay: (Coordinator, Duration) -> any SearchDisplay
  ) throws -> CoordinatorShell {
    InstructionSet.setForChildren(file.numerics)
    try directory.lock(
      waitingWhile: { request.resumes && !stop.isRaised }, report: report)
    let before = try directory.openStudy(file, named: options.file, resume: request.resumes)
    let keys = try access.write(socket.endpoint, to: directory)
    try directory.write(options)
    let study = try before ?? directory.makeStudy(file)
    var events = try EventFeed(directory, study, rungs: file.rungs)
    let retried = !request.retriesFailed ? [] : try UserError.wrapping { try study.reopenFailed() }
    events.appendReopened(retried)
    let now = monotonicNow()
    let milliseconds = Int64(Date().timeIntervalSince1970 * 1000)
    let snapshot = try UserError.wrapping {
      try study.begin(needsCurves: file.medianRule != nil, leastGeneration: milliseconds)
    }
    guard Coordinator.canResume(file, from: snapshot) else {
      throw UserError(
        StudyError.damaged(
          "\(directory.study): the file is damaged: results are missing, or not of this search"))
    }
    let coordinator = Coordinator(
      file: file, text: file.text,
      intervals: .init(
        heartbeat: .seconds(file.heartbeatSeconds), lease: .seconds(file.leaseSeconds),
        progress: .seconds(file.progressTimeoutSeconds),
        arrival: mayHaveRemoteWorkers ? Coordinator.absence : .zero),
      from: snapshot, at: now)
    events.adopt(snapshot.openAttempts)
    var display = makeDisplay(coordinator, now)
    announce(
      &display, done: coordinator.results.count, retried: retried.count,
      joinFile: access.joinFile(keys, directory))
    let log = Logger(label: "trawl") { _ in FileLog(appendingTo: directory.log) }
    log.info(
      "search '\(file.name)': coordinator listens at \(socket.endpoint), generation \(snapshot.generation)")
    return CoordinatorShell(
      .init(
        coordinator: coordinator, study: study, socket: socket, keys: KeyWatch(keys, of: access, directory),
        workers: LocalWorkers(
          count: min(workerCount, coordinator.leftCount),
          joinFile: directory.joinFile, endpoint: "\(socket.endpoint.onThisMachine)",
          runPrograms: file.runsProgram),
        checkpoints: CheckpointFolder(directory.checkpoints, holding: snapshot.checkpoints),
        exports: Exports(directory, of: coordinator, resume: resumeCommand), events: events,
        files: RunFileWatch(directory),
        display: display, log: log),
      stop: stop, grace: request.grace,
      enough: StopCondition(
        enough, hours: file.hourLimit, since: try UserError.wrapping { try study.beginning() }))
  }

  private var mayHaveRemoteWorkers: Bool { options.isOpen || workerCount == 0 }

  private func announce(_ display: inout any SearchDisplay, done: Int, retried: Int, joinFile: String) {
    func say(_ line: String) { display.say(line, .normal) }
    for notice in file.inertKeys + file.notices + dataNotes + [shortage].compactMap(\.self) {
      say("note: \(notice)")
    }
    let done = (done > 0 ? ", \(done) already done" : "") + (retried > 0 ? ", \(retried) to retry" : "")
    say(
      "searching \(file.name): \(trials)\(done), \(workerCount) local worker"
        + "\(workerCount == 1 ? "" : "s"), into \(directory.path.asShellWord)")
    let join = "trawl worker --join \(joinFile.asAbsolutePath.asShellWord)"
    let isLoopback = (try? JoinFile.load(from: joinFile).endpoint.isLoopback) ?? false
    if let warning = access.portWarning(socket.endpoint) { say("warning: \(warning)") }
    if options.isOpen, isLoopback {
      say("start a worker on this machine: \(join)")
    } else if options.isOpen {
      say("start a worker on any machine: \(join)")
    } else if workerCount == 0 {
      say("start a worker on this machine (for others start the search with --listen): \(join)")
    } else {
      say("only this machine can join; for others start the search with --listen 'tcp://*:5555'")
    }
  }

  /// Whether the first Ctrl-C only prevents new trials.
  package var isOpenEnded: Bool { file.isOpenEnded }

  private var trials: String {
    file.isOpenEnded
      ? "trials \(file.epochLimit ?? file.hourLimit == nil ? "until Ctrl-C" : "until stopped")"
      : "\(file.trials) trial\(file.trials == 1 ? "" : "s")"
  }

  /// The command that resumes the search.
  package var resumeCommand: String { "trawl search --resume \(directory.path.asAbsolutePath.asShellWord)" }
}
