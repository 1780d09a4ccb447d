import Foundation
import Platform
import RunFiles

extension SearchStatus.Best {
  /// The best trial with its scores, and its searched values.
  fileprivate var lines: [String] {
    let scores = (metrics ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rounded4)" }
    var lines = [(["best: trial \(trial)"] + scores).joined(separator: ", ")]
    if let seeds, let metric, let mean {
      let interval = ci95.map { " ± \($0.rounded4) (95 %)" } ?? ""
      lines.append("  \(metric) over \(seeds) new seeds: \(mean.rounded4)\(interval)")
    }
    let settings = (parameters ?? [:]).sorted { $0.key < $1.key }.map {
      "\($0.key.asShownText) \($0.value.shown)"
    }
    let width = Terminal.size(of: STDOUT_FILENO)?.columns
    return lines
      + (settings.isEmpty ? [] : ["  \(settings.joined(separator: ", "))".wrapped(to: width, indent: "  ")])
  }
}

extension SearchStatus.Setting {
  /// Numbers with five significant digits.
  var shown: String {
    switch self {
    case .number(let number): String(format: "%.5g", number)
    case .text(let text): text.asShownText
    }
  }
}

extension SearchStatus {
  private var age: Double { max(0, Date().timeIntervalSince1970 - updated) }

  /// Whether there is a coordinator: on this machine its process exists, on another machine its status is less than
  /// 30 s old.
  var isAlive: Bool {
    guard isRunning else { return false }
    return host == System.hostName ? kill(pid, 0) == 0 || errno == EPERM : age < 30
  }

  /// The status without workers and running trials if the coordinator is gone.
  var asSeenNow: SearchStatus {
    guard !isAlive else { return self }
    var status = self
    status.isRunning = false
    status.running = 0
    status.workers = []
    return status
  }

  var text: String {
    var lines = ["\(name.asShownText): \(state)", "trials: \(counts)"]
    if let best { lines += best.lines }
    if let seconds, seconds > 0 {
      let rate = isAlive ? trialsPerHour.map { ", \(($0 / 3600).trialRate)" } ?? "" : ""
      lines.append("time: \(Duration.seconds(seconds).text)\(rate)")
    }
    if let attempts { lines.append("attempts: \(attempts)") }
    if isAlive { lines += workerLines }
    return lines.joined(separator: "\n")
  }

  /// Whether the search is finished, running or stopped, with the command that resumes it.
  var state: String {
    if left == 0, trials != nil { return "finished" }
    if isAlive { return "running (process \(pid) on \(host.asShownText))" }
    return "\(shortState); resume with: \(resume.asShownText)"
  }

  /// The state in one or two words.
  var shortState: String {
    if left == 0, trials != nil { return "finished" }
    return isAlive ? "running" : isRunning ? "no coordinator" : "stopped"
  }

  /// The number of trials and replicates that have not ended; in an open-ended search, of those that have started.
  private var left: Int { (trials ?? begun ?? 0) - done + (replicates ?? 0) - (replicatesDone ?? 0) }

  private var counts: String {
    let running = isAlive ? running : 0
    let waiting = max(0, (trials ?? begun ?? 0) - (begun ?? done))
    let ends = [("failed", failed), ("diverged", diverged ?? 0)].filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
    let failed = ends.isEmpty ? "" : " (\(ends.joined(separator: ", ")))"
    let undecided = undecided.map { $0 > 0 ? ", \($0) undecided" : "" } ?? ""
    let replicates = replicates.map { "; \(replicatesDone ?? 0) of \($0) replicates done" } ?? ""
    let ended = trials.map { "\(done) of \($0) done" } ?? "\(begun ?? 0) started, \(done) done"
    let interrupted = isAlive ? 0 : (begun ?? done) - done - (self.undecided ?? 0)
    let stopped = interrupted > 0 ? ", \(interrupted) interrupted" : ""
    return "\(ended)\(failed), \(running) running\(stopped)\(undecided), \(waiting) not started\(replicates)"
  }

  /// The reason why slots are idle; nil if none is.
  private var idleLine: String? {
    let idle = workers.reduce(0) { $0 + $1.slots - $1.running }
    guard idle > 0, left > 0, let trials else { return nil }
    let slots = "  \(idle) slot\(idle == 1 ? "" : "s") idle: "
    if let undecided, undecided > 0, done + running + undecided == trials {
      return slots + "promotions are pending until running trials report"
    }
    if waitsForResults == true {
      return slots + "the next configuration depends on running trials (search.lag)"
    }
    guard done + running >= trials else { return nil }
    return slots + "no trial is waiting"
  }

  private var workerLines: [String] {
    guard !workers.isEmpty else { return ["workers: none"] }
    return ["workers: \(workers.count)"]
      + workers.map { worker in
        "  \(worker.host.asShownText) (process \(worker.pid)): \(worker.running) of \(worker.slots) slots busy, "
          + "last heartbeat \(Duration.seconds(worker.secondsSinceHeard + age).text) ago"
      } + [idleLine].compactMap(\.self)
  }
}
