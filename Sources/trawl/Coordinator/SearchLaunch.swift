import Coordination
import Foundation
import Logging
import Messaging
import RunFiles
import Search
import Storage

/// Starts a search from the command line. Performs all checks before it writes any file.
struct SearchLaunch {
  private let command: SearchCommand
  private let file: SearchFile
  private let directory: RunDirectory
  private let workerCount: Int
  /// The reason why there are fewer local workers than cores; nil if `--workers` was given.
  private let shortage: String?
  /// What the user should know about the data, one line each.
  private let dataNotes: [String]
  private let access: Access
  private let socket: RouterSocket

  init(_ command: SearchCommand, waker: Waker) throws {
    self.command = command
    let given = try Self.read(command, trials: command.trials)
    directory = RunDirectory(path: command.output ?? "runs/\(given.name)")
    let isBegun = try directory.check(resume: command.resume)
    if command.trials != nil, !isBegun { throw UserError("\(directory.path) holds no search to resume") }
    // An earlier --trials may have extended the search.
    let before = isBegun && command.trials == nil ? directory.searchFile(named: command.file) : nil
    let grown = max(given.trials, before?.trials ?? 0)
    file = grown == given.trials ? given : try Self.read(command, trials: grown)
    guard command.retry == nil || (!file.comparesTrials && !file.sampler.learns) else {
      throw UserError(
        "--retry is not available with halving, asha, median_rule or tpe: failed trials already influenced later decisions"
      )
    }
    let slots = SlotCount.ofThisProcess()
    workerCount = command.workers ?? slots.number
    shortage = command.workers == nil ? slots.reason.map { "\(slots.cores) cores, but \($0)" } : nil
    dataNotes = try file.checkTraining(with: workerCount > 0 || file.final != nil ? DatasetStore() : nil)
    do {
      access = try Access(command, directory)
      socket = try access.listen(waker: waker)
    } catch {
      // A running coordinator of this search also holds the port.
      throw directory.isInUse ? directory.inUse : error
    }
  }

  private static func read(_ command: SearchCommand, trials: Int?) throws -> SearchFile {
    let trials = trials.map { [SearchFile.Override(key: "search.trials", value: "\($0)")] } ?? []
    return try SearchFileSource.read(command.file).parse(overrides: command.overrides.values() + trials)
  }

  /// Creates the run directory and the coordinator.
  ///
  /// - Parameters:
  ///   - stop: raised to stop the search so that it can be resumed.
  ///   - enough: raised to start no more trials.
  func begin(stop: Latch, enough: Latch) throws -> CoordinatorShell {
    InstructionSet.settleForChildren(file.numerics)
    try directory.lock(
      while: { command.resume && !stop.isRaised }, tell: { StandardError.write("\($0)\n") })
    let before = try directory.openStudy(file, named: command.file, resume: command.resume)
    let keys = try access.write(socket.endpoint, to: directory)
    let study = try before ?? directory.makeStudy(file)
    let retried = command.retry == nil ? 0 : try UserError.wrapping { try study.reopenFailed() }
    let now = monotonicNow()
    let snapshot = try UserError.wrapping { try study.begin(needsCurves: file.medianRule != nil) }
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
    var display = Display(verbosity, coordinator, at: now)
    announce(
      &display, done: coordinator.results.count, retried: retried, joinFile: access.joinFile(keys, directory))
    let log = Logger(label: "trawl") { _ in FileLog(appendingTo: directory.log) }
    log.info("search '\(file.name)', generation \(snapshot.epoch): coordinator listens at \(socket.endpoint)")
    return CoordinatorShell(
      .init(
        coordinator: coordinator, study: study, socket: socket, keys: KeyWatch(keys, of: access, directory),
        workers: LocalWorkers(
          count: min(workerCount, coordinator.leftCount),
          joinFile: directory.joinFile, endpoint: "\(socket.endpoint.onThisMachine)"),
        checkpoints: CheckpointFolder(directory.checkpoints, holding: snapshot.checkpoints),
        exports: Exports(directory, of: coordinator, resume: resumeCommand), display: display, log: log),
      stop: stop, grace: .seconds(command.grace),
      enough: StopCondition(
        enough, hours: file.hourLimit, since: try UserError.wrapping { try study.beginning() }))
  }

  private var mayHaveRemoteWorkers: Bool { command.listen != nil || command.keys != nil || workerCount == 0 }

  private var verbosity: Display.Verbosity {
    command.quiet ? .quiet : command.verbose ? .verbose : .normal
  }

  private func announce(_ display: inout Display, done: Int, retried: Int, joinFile: String) {
    guard !command.quiet else { return }
    for notice in file.notices + dataNotes + [shortage].compactMap(\.self) {
      display.say("note: \(notice)")
    }
    let done = (done > 0 ? ", \(done) already done" : "") + (retried > 0 ? ", \(retried) to retry" : "")
    display.say(
      "searching \(file.name): \(trials)\(done), \(workerCount) local worker"
        + "\(workerCount == 1 ? "" : "s"), into \(directory.path.asShellWord)")
    let isOpen = command.listen != nil || command.keys != nil
    if isOpen || workerCount == 0 {
      let place = isOpen ? "on any machine" : "on this machine (on others: needs --listen)"
      let file = URL(filePath: joinFile).standardizedFileURL.path
      display.say("start a worker \(place): trawl worker --join \(file.asShellWord)")
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
  func conclude(_ ending: CoordinatorShell.Ending, _ coordinator: Coordinator, stop: Latch) throws {
    switch ending {
    case .interrupted:
      StandardError.write(
        "stopped with \(coordinator.results.count) of \(coordinator.trials ?? coordinator.begunCount) trials done; "
          + "resume with: \(resumeCommand)\n"
      )
      throw ExitStatus.interrupted
    case .noUsableWorker:
      throw UserError(
        "the local workers repeatedly ended without a result (see above and \(directory.log)); resume with: "
          + resumeCommand)
    case .finished:
      access.writeEnd(of: coordinator.search, to: directory)
      let results = try Table(file: directory.results)
      print(results.top(10).withoutEmptyColumns.text)
      if !command.quiet {
        try directory.printInsight()
        StandardError.write("results: \(directory.results)\n")
      }
      if coordinator.best == nil {
        StandardError.write(
          "no trial has a score\(file.final == nil ? "" : ", so there is no model to train")\n")
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
      StandardError.write("report: \(directory.report)\n")
    } catch {
      let detail = (error as? UserError)?.words ?? "\(error)"
      StandardError.write("no report: \(detail.asShownText); write it with 'trawl report'\n")
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
      StandardError.write("resume with: \(resumeCommand)\n")
      throw ExitStatus.interrupted
    }
  }

  private var resumeCommand: String {
    var words = ["trawl", "search", command.file, "--output", directory.path, "--resume"]
    words += command.overrides.texts.flatMap { ["--set", $0] }
    if let workers = command.workers { words += ["--workers", "\(workers)"] }
    if let listen = command.listen { words += ["--listen", listen] }
    if let advertise = command.advertise { words += ["--advertise", advertise] }
    if let keys = command.keys { words += ["--keys", keys] }
    return words.map(\.asShellWord).joined(separator: " ")
  }
}
