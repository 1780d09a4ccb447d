import Coordination
import Foundation
import Logging
import Messaging
import Search
import Storage

/// Everything between the command line and a running coordinator: checks first, and nothing written before all hold.
struct SearchLaunch {
  private let command: SearchCommand
  private let file: SearchFile
  private let directory: RunDirectory
  private let workerCount: Int
  private let access: Access
  private let socket: RouterSocket

  init(_ command: SearchCommand, waker: Waker) throws {
    self.command = command
    file = try SearchFileSource.read(command.file).parse(overrides: command.overrides.values())
    guard !file.sampler.learns else {
      throw file.error(at: "search.sampler", "'tpe' cannot be run by this version")
    }
    directory = RunDirectory(path: command.output ?? "runs/\(file.name)")
    _ = try directory.check(resume: command.resume)
    guard command.retry == nil || file.halving == nil else {
      throw Complaint(
        "--retry is not for searches with halving: by what failed it has been decided already which trials went on"
      )
    }
    workerCount = command.workers ?? System.usableCores
    try file.checkTraining(with: workerCount > 0 ? DatasetStore() : nil)
    access = try Access(command, directory)
    socket = try access.listen(waker: waker)
  }

  /// Makes the run directory and starts the coordinator.
  func begin(stop: Latch) throws -> CoordinatorShell {
    Arithmetic.settleForChildren(file.numerics)
    try directory.lock()
    let before = try directory.openStudy(file, named: command.file, resume: command.resume)
    let keys = try access.write(socket.endpoint, to: directory)
    let study = try before ?? directory.makeStudy(file)
    let retried = command.retry == nil ? 0 : try Complaint.asking { try study.reopenFailed() }
    let now = monotonicNow()
    let snapshot = try Complaint.asking { try study.begin(withHistories: file.halving != nil) }
    guard
      (snapshot.results.map(\.trial) + snapshot.openAttempts.map(\.trial)).allSatisfy({ $0 < file.trials })
    else { throw Complaint("\(directory.study) is damaged: it holds trials that the search does not have") }
    let coordinator = Coordinator(
      file: file, text: file.text,
      intervals: .init(
        heartbeat: .seconds(file.heartbeatSeconds), lease: .seconds(file.leaseSeconds),
        progress: .seconds(file.progressTimeoutSeconds)),
      from: snapshot, at: now)
    var display = Display(verbosity, coordinator, at: now)
    announce(&display, done: snapshot.results.count, retried: retried)
    let log = Logger(label: "trawl") { _ in FileLog(appendingTo: directory.log) }
    log.info("coordinator \(snapshot.epoch) of '\(file.name)' listens at \(socket.endpoint)")
    return CoordinatorShell(
      .init(
        coordinator: coordinator, study: study, socket: socket, keys: KeyWatch(keys, of: access, directory),
        workers: LocalWorkers(
          count: min(workerCount, max(file.trials - snapshot.results.count, 0)),
          joinFile: directory.joinFile, endpoint: "\(socket.endpoint.onThisMachine)"),
        checkpoints: CheckpointFolder(directory.checkpoints, holding: snapshot.checkpoints),
        exports: Exports(directory, resume: resumeCommand), display: display, log: log),
      stop: stop, grace: .seconds(command.grace))
  }

  private var verbosity: Display.Verbosity {
    command.quiet ? .quiet : command.verbose ? .verbose : .normal
  }

  private func announce(_ display: inout Display, done: Int, retried: Int) {
    guard !command.quiet else { return }
    for notice in file.notices { display.say("note: \(notice)") }
    let done = (done > 0 ? ", \(done) done before" : "") + (retried > 0 ? ", \(retried) tried again" : "")
    display.say(
      "searching \(file.name): \(file.trials) trials\(done), \(workerCount) local worker"
        + "\(workerCount == 1 ? "" : "s"), into \(directory.path.asShellWord)")
    let isOpen = command.listen != nil || command.keys != nil
    if isOpen || workerCount == 0 {
      let place = isOpen ? "elsewhere" : "on this machine (--listen lets others in)"
      display.say("start a worker \(place): trawl worker --join \(directory.joinFile.asShellWord)")
    }
  }

  /// Tells how it ended and prints the ranking.
  func conclude(_ ending: CoordinatorShell.Ending, _ coordinator: Coordinator) throws {
    switch ending {
    case .interrupted:
      StandardError.write(
        "stopped with \(coordinator.results.count) of \(file.trials) trials done; to go on: \(resumeCommand)\n"
      )
      throw EndOfRun.interrupted
    case .hopeless:
      throw Complaint("the local workers cannot run; \(directory.log) tells more")
    case .finished:
      access.writeEnd(of: coordinator.search, to: directory)
      print(try Table(file: directory.results).top(10).withoutEmptyColumns.text)
      if !command.quiet { StandardError.write("results: \(directory.results)\n") }
      if coordinator.failedCount > 0 { throw EndOfRun.failedTrials }
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

extension String {
  /// As a shell takes it for one word.
  var asShellWord: String {
    let plain = allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,+@%".contains($0)) }
    return plain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
