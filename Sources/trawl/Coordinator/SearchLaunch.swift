import Coordination
import Foundation
import Logging
import Messaging
import Platform
import RunFiles
import Search
import Storage
import Trials

/// Starts a search from the command line. Performs all checks before it writes any file.
struct SearchLaunch {
  private let command: SearchCommand
  private let options: SearchOptions
  private let file: SearchFile
  private let directory: RunDirectory
  private let workerCount: Int
  /// The reason why there are fewer local workers than cores; nil if `--workers` was given.
  private let shortage: String?
  /// What the user should know about the data, one line each.
  private let dataNotes: [String]
  private let access: SearchKeys
  private let socket: RouterSocket

  init(_ command: SearchCommand, waker: Waker) throws {
    self.command = command
    let given = try Given(command)
    options = given.options
    directory = given.run ?? RunDirectory(path: command.output ?? "runs/\(given.file.name)")
    let isBegun = try directory.check(resume: command.resume)
    if command.trials != nil, !isBegun { throw UserError("\(directory.path) holds no search to resume") }
    // An earlier --trials may have extended the search.
    let before = isBegun && command.trials == nil ? directory.searchFile(named: options.file) : nil
    let grown = max(given.file.trials, before?.trials ?? 0)
    file = grown == given.file.trials ? given.file : try given.parse(command, trials: grown)
    guard command.retry == nil || (!file.comparesTrials && !file.sampler.learns) else {
      throw UserError(
        "--retry is not available with halving, asha, median_rule or tpe: failed trials already influenced later decisions"
      )
    }
    let slots = SlotCount.ofThisProcess(most: Limits.slots)
    workerCount = options.workers ?? slots.number
    shortage = options.workers == nil ? slots.reason.map { _ in "\(slots)" } : nil
    dataNotes = try file.checkTraining(with: workerCount > 0 || file.final != nil ? DatasetStore() : nil)
    do {
      access = try SearchKeys(options, directory)
      socket = try access.listen(waker: waker)
    } catch {
      // A running coordinator of this search also holds the port.
      throw directory.isInUse ? directory.inUse : error
    }
  }

  /// The search file of a command, after the checks of a start. Writes nothing.
  static func checkedFile(_ command: SearchCommand) throws -> SearchFile {
    let file = try Given(command).file
    _ = try file.checkTraining(with: command.workers == 0 ? nil : DatasetStore())
    return file
  }

  /// Creates the run directory and the coordinator.
  ///
  /// - Parameters:
  ///   - stop: raised to stop the search so that it can be resumed.
  ///   - enough: raised to start no more trials.
  func begin(stop: Latch, enough: Latch) throws -> CoordinatorShell {
    InstructionSet.setForChildren(file.numerics)
    try directory.lock(
      waitingWhile: { command.resume && !stop.isRaised }, report: { StandardError.say("\($0)") })
    let before = try directory.openStudy(file, named: options.file, resume: command.resume)
    let keys = try access.write(socket.endpoint, to: directory)
    try directory.write(options)
    let study = try before ?? directory.makeStudy(file)
    var events = try EventFeed(directory, study, rungs: file.rungs)
    let retried = command.retry == nil ? [] : try UserError.wrapping { try study.reopenFailed() }
    events.appendReopened(retried)
    let now = monotonicNow()
    let milliseconds = Int64(Date().timeIntervalSince1970 * 1000)
    let snapshot = try UserError.wrapping {
      try study.begin(needsCurves: file.medianRule != nil, leastGeneration: milliseconds)
    }
    guard
      (snapshot.results.map(\.trial) + snapshot.openAttempts.map(\.trial)).allSatisfy({
        $0 >= 0 && Replicate(number: $0).trial < file.trials
      })
    else { throw UserError("\(directory.study) is damaged: it contains trials that are not in the search") }
    let coordinator = Coordinator(
      file: file, text: file.text,
      intervals: .init(
        heartbeat: .seconds(file.heartbeatSeconds), lease: .seconds(file.leaseSeconds),
        progress: .seconds(file.progressTimeoutSeconds),
        arrival: mayHaveRemoteWorkers ? Coordinator.absence : .zero),
      from: snapshot, at: now)
    events.adopt(snapshot.openAttempts)
    var display = Display(verbosity, coordinator, at: now)
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
          joinFile: directory.joinFile, endpoint: "\(socket.endpoint.onThisMachine)"),
        checkpoints: CheckpointFolder(directory.checkpoints, holding: snapshot.checkpoints),
        exports: Exports(directory, of: coordinator, resume: resumeCommand), events: events,
        files: RunFileWatch(directory),
        display: display, log: log),
      stop: stop, grace: .seconds(command.grace),
      enough: StopCondition(
        enough, hours: file.hourLimit, since: try UserError.wrapping { try study.beginning() }))
  }

  private var mayHaveRemoteWorkers: Bool { options.isOpen || workerCount == 0 }

  private var verbosity: Display.Verbosity {
    command.quiet ? .quiet : command.verbose ? .verbose : .normal
  }

  private func announce(_ display: inout Display, done: Int, retried: Int, joinFile: String) {
    guard !command.quiet else { return }
    for notice in file.inertKeys + file.notices + dataNotes + [shortage].compactMap(\.self) {
      display.say("note: \(notice)")
    }
    let done = (done > 0 ? ", \(done) already done" : "") + (retried > 0 ? ", \(retried) to retry" : "")
    display.say(
      "searching \(file.name): \(trials)\(done), \(workerCount) local worker"
        + "\(workerCount == 1 ? "" : "s"), into \(directory.path.asShellWord)")
    let join = "trawl worker --join \(joinFile.asAbsolutePath.asShellWord)"
    let isLoopback = (try? JoinFile.load(from: joinFile).endpoint.isLoopback) ?? false
    if let warning = access.portWarning(socket.endpoint) { display.say("warning: \(warning)") }
    if options.isOpen, isLoopback {
      display.say("start a worker on this machine: \(join)")
    } else if options.isOpen {
      display.say("start a worker on any machine: \(join)")
    } else if workerCount == 0 {
      display.say("start a worker on this machine (for others start the search with --listen): \(join)")
    } else {
      display.say("only this machine can join; for others start the search with --listen 'tcp://*:5555'")
    }
  }

  /// Whether the first Ctrl-C only prevents new trials.
  var isOpenEnded: Bool { file.isOpenEnded }

  private var trials: String {
    file.isOpenEnded
      ? "trials \(file.epochLimit ?? file.hourLimit == nil ? "until Ctrl-C" : "until stopped")"
      : "\(file.trials) trial\(file.trials == 1 ? "" : "s")"
  }

  /// Prints how the search ended, and its ranking.
  func conclude(_ ending: CoordinatorShell.Ending, _ shell: CoordinatorShell, stop: Latch) throws {
    let coordinator = shell.coordinator
    switch ending {
    case .interrupted:
      let replicates = coordinator.reevaluations.map { " and \($0.done) of \($0.of) replicates" } ?? ""
      StandardError.say(
        "stopped with \(coordinator.results.count) of \(coordinator.trials ?? coordinator.begunCount) trials done"
          + "\(replicates); resume with: \(resumeCommand)")
      throw ExitStatus.interrupted
    case .noUsableWorker:
      throw UserError(
        "the local workers repeatedly ended without a result (see above and \(directory.log)); resume with: "
          + resumeCommand)
    case .finished:
      access.writeEnd(of: coordinator.search, to: directory)
      print(try RankingTable(directory).text(top: 10, width: Terminal.size(of: STDOUT_FILENO)?.columns))
      if !command.quiet {
        try shell.insight()?.print()
        let time = Duration.seconds(directory.secondsRun).text
        let count = coordinator.results.count
        StandardError.say(
          "\(count) trial\(count == 1 ? "" : "s") in \(time); results: \(directory.results)")
      }
      if coordinator.best == nil {
        StandardError.say(
          "no trial has a score\(file.final == nil ? "" : ", so there is no model to train")")
      }
      defer { writeReport() }
      try trainBest(stop: stop)
      if coordinator.failedCount > 0 { throw ExitStatus.failedTrials }
    }
  }

  /// Writes the report if `search.report` is set. Errors are printed and do not fail the search.
  private func writeReport() {
    guard file.writesReport else { return }
    do {
      try directory.writeReport(to: directory.report)
      StandardError.say("report: \(directory.report)")
    } catch {
      let detail = (error as? UserError)?.message ?? "\(error)"
      StandardError.say("no report: \(detail); write it with 'trawl report'")
    }
  }

  /// Trains the model of rank 1 if `search.final` is set and a trial has a score.
  private func trainBest(stop: Latch) throws {
    guard let final = file.final, FileManager.default.fileExists(atPath: directory.bestRecipe) else { return }
    do {
      let training = try FinalTraining(
        final, recipe: directory.bestRecipe, into: directory.best, isQuiet: command.quiet)
      try training(stop: stop)
    } catch ExitStatus.interrupted {
      StandardError.say("resume with: \(resumeCommand)")
      throw ExitStatus.interrupted
    }
  }

  private var resumeCommand: String { "trawl search --resume \(directory.path.asAbsolutePath.asShellWord)" }
}

/// The search that a command names: by a search file, or by the run directory to resume.
private struct Given {
  /// The run directory; nil if the argument is a search file.
  let run: RunDirectory?
  let options: SearchOptions
  let file: SearchFile
  private let source: SearchFileSource

  init(_ command: SearchCommand) throws {
    run = try Self.runDirectory(command)
    options = run.map(SearchOptions(command).resuming) ?? SearchOptions(command)
    source = try run?.storedSearchFile(named: options.file) ?? SearchFileSource.read(command.file)
    file = try Self.parse(source, command, trials: command.trials)
    if run != nil { try enterFolder() }
  }

  /// The search file with another number of trials.
  func parse(_ command: SearchCommand, trials: Int) throws -> SearchFile {
    try Self.parse(source, command, trials: trials)
  }

  private static func runDirectory(_ command: SearchCommand) throws -> RunDirectory? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: command.file, isDirectory: &isFolder), isFolder.boolValue
    else { return nil }
    let run = try RunDirectory(existing: command.file.asAbsolutePath)
    guard command.resume else {
      throw UserError("\(command.file) is the run directory of a search; to resume it, add --resume")
    }
    guard command.output == nil else {
      throw UserError("--output cannot be combined with --resume RUN, which continues in \(command.file)")
    }
    return run
  }

  /// Changes to the folder where a resumed search was started if its dataset has a relative path.
  private func enterFolder() throws {
    guard let folder = file.datasetFolder, !folder.hasPrefix("/"), !folder.hasPrefix("~") else { return }
    guard FileManager.default.changeCurrentDirectoryPath(options.folder) else {
      throw UserError(
        "dataset.idx: \(folder) is relative to the start folder \(options.folder), which no longer exists; "
          + "resume the search where this path is valid: trawl search FILE --output RUN --resume")
    }
  }

  private static func parse(
    _ source: SearchFileSource, _ command: SearchCommand, trials: Int?
  ) throws -> SearchFile {
    let trials = trials.map { [SearchFile.Override(key: "search.trials", value: "\($0)")] } ?? []
    return try source.parse(
      overrides: command.overrides.values() + trials, inertKeys: command.resume ? .noted : .rejected)
  }
}
