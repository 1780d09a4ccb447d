import CProcess
import Foundation
import Platform
import Synchronization

/// A `ProcessGuard` as seen from its worker: starts one program at a time.
final class GuardedProcess: @unchecked Sendable {  // used by one thread at a time
  /// What has arrived.
  enum Arrival {
    case answer(ProcessGuard.Answer)
    case report([UInt8])
    case output([UInt8])
    case errors([UInt8])
    /// The guard has ended unexpectedly.
    case guardEnded
  }

  /// The guards of this process.
  private static let guards = Mutex<Set<pid_t>>([])

  private let pid: pid_t
  private let requests: Int32
  private let answers: Int32
  private let reports: Int32
  private let taken: Int32
  private let output: Int32
  private let errors: Int32
  private var pending: [UInt8] = []
  private static let pieceSize = 1 << 16

  /// Starts a guard.
  ///
  /// - Parameter executable: the path of `trawl`.
  init(_ executable: String) throws {
    // A guard that has ended is an arrival, not the end of this process; what it guarded is adopted.
    Glibc.signal(SIGPIPE, SIG_IGN)
    _ = trawl_adopt_orphans()
    let pipes = try (0..<6).map { _ in try PipeEnds() }
    defer { for pipe in pipes { pipe.closeOther() } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let others = pipes.enumerated().map { [0, 3].contains($0) ? $1.readEnd : $1.writeEnd }
    for (target, source) in others.enumerated() {
      // Standard error stays that of the worker.
      posix_spawn_file_actions_adddup2(&actions, source, target < 2 ? Int32(target) : Int32(target) + 1)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The Ctrl-C of a terminal does not reach it.
    posix_spawnattr_setflags(&attributes, trawl_spawn_setsid)
    var pid: pid_t = 0
    let code = withStrings(["trawl", ProcessGuard.command]) {
      posix_spawn(&pid, executable, &actions, &attributes, $0, environ)
    }
    guard code == 0 else { throw UserError("cannot start \(executable): \(String(cString: strerror(code)))") }
    self.pid = pid
    Self.guards.withLock { _ = $0.insert(pid) }
    requests = pipes[0].keepWriteEnd()
    answers = pipes[1].keepReadEnd()
    reports = pipes[2].keepReadEnd()
    taken = pipes[3].keepWriteEnd()
    _ = fcntl(taken, F_SETFL, O_NONBLOCK)
    output = pipes[4].keepReadEnd()
    errors = pipes[5].keepReadEnd()
  }

  deinit {
    // The guard ends its program and itself when the requests end.
    for descriptor in [requests, answers, reports, taken, output, errors] { close(descriptor) }
    reap()
  }

  private func reap() {
    guard Self.guards.withLock({ $0.contains(pid) }) else { return }
    waitpid(pid, nil, 0)
    Self.guards.withLock { _ = $0.remove(pid) }
  }

  /// Ends what a guard has left that has ended itself.
  func killAdopted() {
    // Its children are adopted before it can be reaped.
    reap()
    Self.guards.withLock { Descendants.killAdopted(except: $0) }
  }

  /// Starts a program; its end arrives as an answer.
  func start(_ launch: ProcessGuard.Launch) { send(ProcessGuard.Request(start: launch)) }

  /// Sends a signal to the process group of the program.
  func signal(_ signal: Int32) { send(ProcessGuard.Request(signal: signal)) }

  /// Tells the program that a report was taken, if it waits for that.
  func confirmReport() {
    var byte = UInt8(ascii: "\n")
    // A program that does not read these leaves the pipe full.
    _ = write(taken, &byte, 1)
  }

  private func send(_ request: ProcessGuard.Request) {
    guard var line = try? JSONEncoder().encode(request) else { return }
    line.append(UInt8(ascii: "\n"))
    line.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = write(requests, bytes.baseAddress! + sent, bytes.count - sent)
        guard count > 0 || errno == EINTR else { return }
        sent += max(count, 0)
      }
    }
  }

  /// What arrives within the time, at most a piece from each pipe.
  func wait(_ timeout: Duration) -> [Arrival] {
    let descriptors = [answers, reports, output, errors]
    var states = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard poll(&states, nfds_t(states.count), Int32(timeout.seconds * 1000)) > 0 else { return [] }
    var arrivals: [Arrival] = []
    // What the program has written comes before its end.
    let pieces = (1...3).map { states[$0].revents != 0 ? read(descriptors[$0]) : [] }
    if !pieces[0].isEmpty { arrivals.append(.report(pieces[0])) }
    if !pieces[1].isEmpty { arrivals.append(.output(pieces[1])) }
    if !pieces[2].isEmpty { arrivals.append(.errors(pieces[2])) }
    if arrivals.isEmpty, states[0].revents != 0 { arrivals += answer() }
    return arrivals
  }

  private func answer() -> [Arrival] {
    let bytes = read(answers)
    guard !bytes.isEmpty else { return [.guardEnded] }
    pending += bytes
    guard let end = pending.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
    let line = Data(pending[..<end])
    pending.removeSubrange(...end)
    return (try? JSONDecoder().decode(ProcessGuard.Answer.self, from: line)).map { [.answer($0)] } ?? [
      .guardEnded
    ]
  }

  /// The next piece of a pipe that has one; empty at its end.
  private func read(_ descriptor: Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
      count = max(Glibc.read(descriptor, buffer.baseAddress, buffer.count), 0)
    }
  }
}

/// A pipe that no other process inherits by accident.
private final class PipeEnds {
  private(set) var readEnd: Int32 = -1
  private(set) var writeEnd: Int32 = -1
  private var kept: Int32 = -1

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw UserError.system("cannot make a pipe") }
    // Above the numbers that the guard uses.
    let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
    for end in ends { close(end) }
    guard moved.allSatisfy({ $0 >= 0 }) else { throw UserError.system("cannot make a pipe") }
    (readEnd, writeEnd) = (moved[0], moved[1])
  }

  /// The read end for this process.
  func keepReadEnd() -> Int32 { keep(readEnd) }

  /// The write end for this process.
  func keepWriteEnd() -> Int32 { keep(writeEnd) }

  private func keep(_ end: Int32) -> Int32 {
    kept = end
    return end
  }

  /// Closes what is not kept.
  func closeOther() {
    for end in [readEnd, writeEnd] where end != kept { close(end) }
  }
}
