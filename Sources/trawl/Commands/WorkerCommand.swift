import ArgumentParser
import Coordination
import Foundation
import Messaging
import Platform
import Search
import Training
import Trials

struct WorkerCommand: ParsableCommand {
  /// The number of trials that are trained at the same time.
  enum Slots: ExpressibleByArgument {
    case auto
    case number(Int)

    init?(argument: String) {
      if argument == "auto" {
        self = .auto
      } else if let number = Int(argument) {
        self = .number(number)
      } else {
        return nil
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Run a worker, which trains trials for a coordinator on this or another machine.",
    discussion: """
      A worker may start before its coordinator or join later, and ends when the search ends. On SIGTERM or Ctrl-C it \
      checkpoints its trials, hands them back and exits. Results that it cannot deliver because it has no connection \
      stay on disk; the next worker with the same join file delivers them.

      Exit status: 0 the search ended or the worker was stopped, 2 it cannot work for this coordinator.
      """)

  @Option(help: "The join file: RUN/join.json, or join.json of the cluster's keys.", completion: .file())
  var join: String

  @Option(
    parsing: .unconditional,
    help: .init(
      "Trials trained at the same time: a number, or 'auto' for one per core.",
      discussion: """
        'auto' counts the cores in the affinity mask, within the CPU quota and memory limit of the control group, Slurm's \
        variables and the free memory (128 MiB per slot). The worker prints the limit that applies.
        """))
  var slots = Slots.auto

  @Flag(help: "When the search ends, wait for the next one.")
  var keep = false

  @Option(
    parsing: .unconditional,
    help: "Seconds allowed to checkpoint and hand back trials on shutdown.")
  var grace = 10.0

  @Option(
    help: "The folder for undelivered results (default: ~/.local/state/trawl/spool).",
    completion: .directory)
  var spool: String?

  @Option(help: "The format of the lines on standard error.")
  var logFormat = LogFormat.text

  @Option(help: .private)
  var localEndpoint: String?

  /// The minimum duration of an epoch in seconds, for tests that need long trials without processor load. Results do
  /// not depend on it.
  @Option(help: .private)
  var pace = 0.0

  func validate() throws {
    if case .number(let slots) = slots, !(1...Limits.slots).contains(slots) {
      throw ValidationError("--slots must be a number from 1 to \(Limits.slots)")
    }
    guard (0...86400).contains(grace) else {
      throw ValidationError("--grace must be a number from 0 to 86400")
    }
    guard (0...60).contains(pace) else { throw ValidationError("--pace must be a number from 0 to 60") }
  }

  func run() throws {
    logFormat.apply()
    let leaving = Latch()
    let waker = try UserError.wrapping { try Waker() }
    Signals.listen { signal in
      guard signal != SIGCHLD else { return }
      if signal == SIGINT, leaving.isRaised { _exit(ExitStatus.interrupted.rawValue) }
      leaving.raise()
      waker.wake()
    }
    if localEndpoint != nil { Self.endWithParent() }
    guard !FileManager.default.fileExists(atPath: "\(join)/join.json") else {
      throw UserError("\(join) is a folder; the join file is \(join)/join.json")
    }
    let location = WorkerShell.CoordinatorLocation(
      joinFile: join,
      localEndpoint: try localEndpoint.map { text in try UserError.wrapping { try Endpoint(text) } })
    guard location.waitForJoinFile(unless: leaving) else { return }
    try location.checkKind()
    let numerics = try InstructionSet.ofThisProcess()
    let joinFile = try location.load()
    guard joinFile.endedSearch == nil || keep else {
      return StandardError.say("the search of \(join) has ended")
    }
    let folder = Spool.folder(spool, of: joinFile.coordinatorKey)
    if localEndpoint == nil {
      for spool in Spool.leftovers(in: folder) {
        try deliverKeptResults(spool, location, numerics, waker: waker, leaving: leaving)
      }
    }
    let slots = chooseSlots()
    let identity = identity(id: .random(), slots: slots)
    let spool = Spool(in: folder, of: identity.id)
    // Local workers print nothing, because their coordinator uses the terminal.
    let isLocal = localEndpoint != nil
    let store = DatasetStore { if !isLocal { StandardError.say("note: \($0)") } }
    let pool = SlotPool(
      count: slots, body: EmbeddedTraining(store), waker: waker, pace: .seconds(pace))
    let shell = try WorkerShell(
      location: location, worker: Worker(identity: identity), pool: pool, spool: spool, numerics: numerics,
      waker: waker)
    let end = try shell.run(leaving: leaving)
    spool.removeIfEmpty()
    if shell.unsavedCount > 0 {
      StandardError.say(
        "\(shell.unsavedCount) trial\(shell.unsavedCount == 1 ? "" : "s") lost: neither delivered to the coordinator nor "
          + "saved to disk; other workers train them again")
    }
    if let next = shell.requestedNumerics, !leaving.isRaised { throw InstructionSet.restart(next) }
    switch end {
    case .finished: if localEndpoint == nil { StandardError.say("the search has ended") }
    case .left:
      guard spool.count > 0 else { return }
      StandardError.say("\(Self.kept(spool))")
    case .unable(let words): throw UserError(words)
    case .abandoned: throw UserError("the coordinator did not come back; \(Self.kept(spool))")
    }
  }

  private func chooseSlots() -> Int {
    if case .number(let number) = slots { return number }
    let count = SlotCount.ofThisProcess(most: Limits.slots)
    StandardError.say("\(count)")
    return count.number
  }

  private static func kept(_ spool: Spool) -> String {
    "\(spool.count) trial\(spool.count == 1 ? " is" : "s are") saved in \(spool.path); the next worker with this join "
      + "file delivers \(spool.count == 1 ? "it" : "them")"
  }

  /// Delivers the results that an ended worker left in its spool, under its ID.
  private func deliverKeptResults(
    _ spool: Spool, _ location: WorkerShell.CoordinatorLocation, _ numerics: Numerics,
    waker: Waker,
    leaving: Latch
  ) throws {
    guard !leaving.isRaised else { return }
    let left = spool.count
    let searches = spool.attempts()
    let damaged = left - searches.reduce(0) { $0 + $1.count }
    let words = "an earlier worker left \(left) trial\(left == 1 ? "" : "s") in \(spool.path)"
    let loss = damaged > 0 ? "; \(damaged) cannot be read and will be trained again" : ""
    StandardError.say("\(words)\(loss)")
    for attempts in searches {
      let worker = Worker(identity: identity(id: spool.worker, slots: 0), handingIn: attempts)
      let pool = SlotPool(count: 0, body: EmbeddedTraining(DatasetStore()), waker: waker)
      let shell = try WorkerShell(
        location: location, worker: worker, pool: pool, spool: spool, numerics: numerics, waker: waker)
      _ = try shell.run(leaving: leaving)
    }
    spool.removeIfEmpty()
  }

  private func identity(id: WorkerID, slots: Int) -> Worker.Identity {
    Worker.Identity(
      id: id, slots: slots, host: System.hostName, pid: getpid(), isLocal: localEndpoint != nil,
      numerics: "\(NumericsFingerprint.current)", waitsForNextSearch: keep && slots > 0,
      grace: .seconds(grace))
  }

  /// Exits when the coordinator ends: standard input is a pipe from it that carries no data and closes with it.
  private static func endWithParent() {
    let thread = Thread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { _exit(0) }
      }
    }
    thread.start()
  }
}

extension WorkerID {
  fileprivate static func random() -> WorkerID {
    guard let id = WorkerID((0..<length).map { _ in UInt8.random(in: 0...255) }) else {
      preconditionFailure("a worker's ID has \(length) bytes")
    }
    return id
  }
}
