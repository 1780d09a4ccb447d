import Coordination
import Foundation

/// The worker processes of this machine: started, watched, and started again when they die.
struct LocalWorkers {
  /// A process that has ended.
  struct Ended {
    let pid: pid_t
    let end: Coordinator.ProcessEnd
  }

  private let arguments: [String]
  private var children: [ChildProcess] = []
  private let wanted: Int
  private var lastStart = Duration.zero
  private var hasStarted = false
  /// Ends since one of them last did some work.
  private var failures = 0
  /// Ends with the word that work is impossible.
  private var refusals = 0
  private(set) var isHopeless = false

  private static let mostRefusals = 3

  /// More than it takes to quarantine a trial in each of them.
  private var mostFailures: Int { 4 * wanted + 4 }
  private var outOfMemoryKills = System.outOfMemoryKills

  init(count: Int, joinFile: String, endpoint: String) {
    wanted = count
    arguments = ["worker", "--join", joinFile, "--slots", "1", "--local-endpoint", endpoint]
  }

  var count: Int { children.count }

  /// Starts what is missing; soon after a failure only one at a time.
  ///
  /// - Returns: the new process numbers.
  mutating func start(at now: Duration) throws -> [pid_t] {
    // Not when one ends: that may have decided a trial, which is progress.
    isHopeless = isHopeless || refusals >= Self.mostRefusals || failures >= mostFailures
    guard !isHopeless, children.count < wanted else { return [] }
    guard failures == 0 || now - lastStart > .milliseconds(200 << min(failures, 5)) else { return [] }
    lastStart = now
    let missing = failures == 0 ? wanted - children.count : 1
    do {
      let started = try (0..<missing).map { _ in try ChildProcess("/proc/self/exe", arguments) }
      hasStarted = true
      children += started
      return started.map(\.pid)
    } catch {
      // What was possible before will be again: for now there may be no descriptor left.
      guard hasStarted else { throw error }
      return []
    }
  }

  /// Takes away those that have ended.
  mutating func reap() -> [Ended] {
    var ended: [Ended] = []
    for child in children {
      guard let end = child.reap() else { continue }
      ended.append(Ended(pid: child.pid, end: judge(end)))
    }
    children.removeAll { child in ended.contains { $0.pid == child.pid } }
    return ended
  }

  private mutating func judge(_ end: ChildProcess.End) -> Coordinator.ProcessEnd {
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

  /// Some work was done, here or elsewhere: earlier failures were not the program's.
  mutating func noteProgress() {
    failures = 0
  }

  /// Those that were refused had other keys.
  mutating func noteOtherKeys() {
    refusals = 0
    killAll()
  }

  /// Has them hand over what they have trained, and end.
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
