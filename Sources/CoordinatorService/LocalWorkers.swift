import Coordination
import Foundation
import Platform

/// Starts the local worker processes and restarts them when they die.
struct LocalWorkers {
  /// A process that has ended.
  struct Ended {
    let pid: pid_t
    let end: Coordinator.ProcessEnd
  }

  private let program: String
  private let arguments: [String]
  private var children: [ChildProcess] = []
  private let wanted: Int
  private var lastStart = Duration.zero
  private var hasStarted = false
  /// The number of failed processes since the last progress.
  private var failures = 0
  /// The number of processes that exited because they cannot work.
  private var refusals = 0
  private(set) var hasFailed = false

  private static let mostRefusals = 3

  /// The number of failures after which no process is restarted. One quarantined trial per process causes fewer.
  private var mostFailures: Int { 4 * wanted + 4 }
  private var outOfMemoryKills = System.outOfMemoryKills

  /// - Parameters:
  ///   - runPrograms: whether they run the program of the search file.
  ///   - program: the path of the program to start; the default is that of this process.
  init(
    count: Int, joinFile: String, endpoint: String, runPrograms: Bool = false,
    program: String = "/proc/self/exe"
  ) {
    wanted = count
    self.program = program
    arguments =
      ["worker", "--join", joinFile, "--slots", "1", "--local-endpoint", endpoint]
      + (runPrograms ? ["--programs"] : [])
  }

  var count: Int { children.count }

  /// Starts missing processes, only one at a time after a failure.
  ///
  /// - Returns: the new process IDs.
  mutating func start(at now: Duration) throws -> [pid_t] {
    // Decided here and not when a process ends, because its end may decide a trial, which is progress.
    hasFailed = hasFailed || refusals >= Self.mostRefusals || failures >= mostFailures
    guard !hasFailed, children.count < wanted else { return [] }
    guard failures == 0 || now - lastStart > .milliseconds(200 << min(failures, 5)) else { return [] }
    lastStart = now
    let missing = failures == 0 ? wanted - children.count : 1
    do {
      let started = try (0..<missing).map { _ in try ChildProcess(program, arguments) }
      hasStarted = true
      children += started
      return started.map(\.pid)
    } catch {
      // Retried later: the process may have run out of file descriptors for a moment.
      guard hasStarted else { throw error }
      return []
    }
  }

  /// Removes and returns ended processes.
  mutating func reap() -> [Ended] {
    var ended: [Ended] = []
    for child in children {
      guard let end = child.reap() else { continue }
      ended.append(Ended(pid: child.pid, end: classify(end)))
    }
    children.removeAll { child in ended.contains { $0.pid == child.pid } }
    return ended
  }

  private mutating func classify(_ end: ChildProcess.End) -> Coordinator.ProcessEnd {
    switch end {
    case .exited(ExitStatus.badInput.rawValue), .exited(ExitStatus.failed.rawValue):
      refusals += 1
      failures += 1
      return .killed
    case .exited(0), .signalled(SIGTERM), .signalled(SIGINT): return .killed
    case .signalled(SIGKILL) where System.outOfMemoryKills == outOfMemoryKills: return .killed
    case .exited, .signalled:
      outOfMemoryKills = System.outOfMemoryKills
      failures += 1
      return .crashed
    }
  }

  /// Resets the failure count: a trial has ended, so the program works.
  mutating func resetFailures() {
    failures = 0
  }

  /// Restarts the processes with the new keys. Earlier refusals no longer count.
  mutating func restartWithNewKeys() {
    refusals = 0
    killAll()
  }

  /// Asks the processes to hand back their trials and exit.
  func terminateAll() {
    for child in children { child.terminate() }
  }

  func kill(_ pid: pid_t) {
    children.first { $0.pid == pid }?.kill()
  }

  func killAll() {
    for child in children { child.kill() }
  }
}
