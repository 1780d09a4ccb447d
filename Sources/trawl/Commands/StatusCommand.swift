import ArgumentParser
import Foundation

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Print how a search stands: trials, best so far, workers.",
    discussion: """
      In JSON 'is_running' says whether there is a coordinator, 'trials' is missing while a search is open-ended, 'undecided' \
      are trials that wait for others to be compared with, and 'waits_for_results' says whether the next configuration \
      follows from trials that run (tpe).
      """)

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Flag(help: "Go on until the search ends.")
  var watch = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let path = RunDirectory(path: directory).status
    var status = try Status.read(path)
    if json { return try JSON.print(status.asSeenNow) }
    print(status.text)
    while watch, status.isAlive {
      fflush(nil)
      Thread.sleep(forTimeInterval: 1)
      status = try Status.read(path)
      // On a terminal the new status takes the place of the old one.
      print((isatty(STDOUT_FILENO) == 1 ? "\u{1b}[H\u{1b}[2J" : "\n") + status.text)
    }
  }
}

extension Status {
  private var age: Double { max(0, Date().timeIntervalSince1970 - updated) }

  /// Whether there is a coordinator, as far as can be seen from here: its process, or on another machine a status that is
  /// not old.
  var isAlive: Bool {
    guard isRunning else { return false }
    return host == System.hostName ? kill(pid, 0) == 0 || errno == EPERM : age < 30
  }

  /// Without what it tells of a coordinator that is gone.
  fileprivate var asSeenNow: Status {
    guard !isAlive else { return self }
    var status = self
    status.isRunning = false
    status.running = 0
    status.workers = []
    return status
  }

  var text: String {
    var lines = ["\(name.asShownText): \(state)", "trials: \(counts)"]
    if let best {
      let scores = [
        best.valAccuracy.map { "val_accuracy \($0.rounded4)" },
        best.valLoss.map { "val_loss \($0.rounded4)" },
      ]
      lines.append("best: trial \(best.trial), " + scores.compactMap(\.self).joined(separator: ", "))
    }
    if let attempts {
      let rate = trialsPerHour.map { ", \($0.shownRate) trials an hour" } ?? ""
      lines.append("attempts: \(attempts)\(rate)")
    }
    if isAlive { lines += workerLines }
    return lines.joined(separator: "\n")
  }

  /// Whether it runs, and how to resume it if it does not.
  var state: String {
    if left == 0, trials != nil { return "finished" }
    if isAlive { return "running (process \(pid) on \(host.asShownText))" }
    let how = isRunning ? "its coordinator is gone" : "stopped"
    return "\(how); to go on: \(resume.asShownText)"
  }

  /// Trials and replicates that have not ended; of an open-ended search those that have begun.
  private var left: Int { (trials ?? begun ?? 0) - done + (replicates ?? 0) - (replicatesDone ?? 0) }

  private var counts: String {
    let running = isAlive ? running : 0
    let waiting = left - running
    let failed = failed > 0 ? " (\(failed) failed)" : ""
    let undecided = undecided.map { $0 > 0 ? " (\($0) undecided)" : "" } ?? ""
    let replicates = replicates.map { ", \(replicatesDone ?? 0) of \($0) replicates" } ?? ""
    let ended = trials.map { "\(done) of \($0) done" } ?? "\(begun ?? 0) begun, \(done) done"
    return "\(ended)\(failed)\(replicates), \(running) running, \(waiting) waiting\(undecided)"
  }

  /// Why a slot is idle; nil if none is.
  private var idleLine: String? {
    let idle = workers.reduce(0) { $0 + $1.slots - $1.running }
    guard idle > 0, left > 0, let trials else { return nil }
    let slots = "  \(idle) slot\(idle == 1 ? " is" : "s are") idle: "
    if let undecided, undecided > 0, done + running + undecided == trials {
      return slots + "whether the undecided trials train on depends on those that run"
    }
    if waitsForResults == true {
      return slots + "the next configuration follows from trials that run (search.lag)"
    }
    guard done + running >= trials else { return nil }
    return slots + "all that is certain to be trained is running"
  }

  private var workerLines: [String] {
    guard !workers.isEmpty else { return ["workers: none"] }
    return ["workers: \(workers.count)"]
      + workers.map { worker in
        "  \(worker.host.asShownText) (process \(worker.pid)): \(worker.running) of \(worker.slots) slots busy, "
          + "heard \(Duration.seconds(worker.secondsSinceHeard + age).words) ago"
      } + [idleLine].compactMap(\.self)
  }
}
