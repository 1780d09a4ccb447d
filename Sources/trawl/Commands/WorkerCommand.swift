import ArgumentParser
import Coordination
import Foundation
import Messaging
import Training

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Train trials for a coordinator on this or another machine.",
    discussion: """
      May start before its coordinator and join late; ends when the search ends. SIGTERM and Ctrl-C make it give its \
      trials back and leave.

      Exit status: 0 the search ended or the worker was told to leave, 2 it cannot work for this coordinator.
      """)

  @Option(help: "The join file: RUN/join.json, or join.json of the cluster's keys.", completion: .file())
  var join: String

  @Option(parsing: .unconditional, help: "Trials trained at once (default: one per core).")
  var slots: Int?

  @Flag(help: "Stay when the search ends, and wait for the next.")
  var keep = false

  @Option(help: .private)
  var localEndpoint: String?

  func validate() throws {
    if let slots, !(1...Limits.slots).contains(slots) {
      throw ValidationError("--slots must be a number from 1 to \(Limits.slots)")
    }
  }

  func run() throws {
    let leaving = Latch()
    let waker = try Complaint.asking { try Waker() }
    Signals.listen { signal in
      guard signal != SIGCHLD else { return }
      if signal == SIGINT, leaving.isRaised { _exit(EndOfRun.interrupted.rawValue) }
      leaving.raise()
      waker.wake()
    }
    if localEndpoint != nil { Self.endWithParent() }
    let place = WorkerShell.Place(
      joinFile: join,
      localEndpoint: try localEndpoint.map { text in try Complaint.asking { try Endpoint(text) } })
    guard place.waitForJoinFile(unless: leaving) else { return }
    let arithmetic = try Arithmetic.ofThisProcess()
    let shell = try WorkerShell(
      place: place, identity: identity(), arithmetic: arithmetic, waker: waker)
    let end = try shell.run(leaving: leaving)
    if let next = shell.nextArithmetic, !leaving.isRaised { throw Arithmetic.restart(next) }
    switch end {
    case .finished, .left: return
    case .unable(let words): throw Complaint(words)
    case .abandoned: throw Complaint("the coordinator did not come back; its results are lost")
    }
  }

  private func identity() throws -> Worker.Identity {
    guard let id = WorkerID((0..<WorkerID.length).map { _ in UInt8.random(in: 0...255) }) else {
      preconditionFailure("a worker's name has \(WorkerID.length) bytes")
    }
    return Worker.Identity(
      id: id, slots: slots ?? min(System.usableCores, Limits.slots), host: System.hostName,
      pid: getpid(), isLocal: localEndpoint != nil, numerics: "\(NumericsFingerprint.current)",
      staysForever: keep)
  }

  /// Our standard input is a pipe from the coordinator that never carries anything: it closes when it ends, however it does.
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
