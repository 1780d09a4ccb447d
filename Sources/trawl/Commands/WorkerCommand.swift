import ArgumentParser
import Coordination
import Foundation
import Messaging
import Platform
import WorkerService

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

  @Flag(help: "Run the programs that search files name. Their commands come from the coordinator.")
  var programs = false

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
    try WorkerLaunch(options(), waker: waker, leaving: leaving) { StandardError.say($0) }.run()
  }

  private func options() throws -> WorkerOptions {
    var options = WorkerOptions(joinFile: join)
    if case .number(let number) = slots { options.slots = number }
    options.waitsForNextSearch = keep
    options.runsPrograms = programs
    options.grace = .seconds(grace)
    options.spool = spool
    options.localEndpoint = try localEndpoint.map { text in try UserError.wrapping { try Endpoint(text) } }
    options.pace = .seconds(pace)
    return options
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
