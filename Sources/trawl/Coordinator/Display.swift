import Coordination
import Foundation
import Search

/// The progress of a running search: a status line at the bottom of the terminal, or a plain line every 10 s.
struct Display {
  /// The amount of output.
  enum Verbosity {
    case quiet, normal, verbose
  }

  private var terminal = Terminal()
  private let verbosity: Verbosity
  private let begin: Duration
  /// The share of the work done before this start.
  private let resumed: Double
  /// The number of trials started before it.
  private let begunBefore: Int
  private var lastShown = Duration.zero
  private var shownResults: Int

  private static let redraw = Duration.milliseconds(200)
  private static let plainInterval = Duration.seconds(10)

  init(_ verbosity: Verbosity, _ coordinator: Coordinator, at now: Duration) {
    self.verbosity = verbosity
    resumed = coordinator.progress ?? 0
    begunBefore = coordinator.begunCount
    begin = now
    shownResults = coordinator.endedCount
    lastShown = now
  }

  /// Prints a line at every verbosity.
  mutating func say(_ line: String) {
    terminal.say(line)
  }

  /// Prints a line unless quiet.
  mutating func inform(_ line: String) {
    if verbosity != .quiet { terminal.say(line) }
  }

  /// Prints a line if verbose.
  mutating func detail(_ line: String) {
    if verbosity == .verbose { terminal.say(line) }
  }

  mutating func clear() {
    terminal.clear()
  }

  /// Updates the status line if the interval has passed.
  mutating func show(_ coordinator: Coordinator, at now: Duration) {
    guard verbosity != .quiet else { return }
    let interval = terminal.isInteractive ? Self.redraw : Self.plainInterval
    let hasNews = coordinator.endedCount != shownResults || terminal.isInteractive
    guard now - lastShown >= interval, hasNews else { return }
    lastShown = now
    shownResults = coordinator.endedCount
    let line = summary(coordinator, at: now)
    if terminal.isInteractive { terminal.show(line) } else { terminal.say(line) }
  }

  /// `12/50 trials, 2 running, best 0.9812 (trial 7), 14.2 trials/min, 2 min 40 s left`
  private func summary(_ coordinator: Coordinator, at now: Duration) -> String {
    let done = coordinator.results.count
    let trials = coordinator.trials
    let isOpen = trials == nil || (coordinator.file.dependsOnArrival && coordinator.begunCount < trials ?? 0)
    let count =
      isOpen ? "\(coordinator.begunCount) started, \(done) ended" : "\(done)/\(trials ?? done) trials"
    var parts = [count, "\(coordinator.runningCount) running"]
    if let (done, all) = coordinator.reevaluations { parts.append("\(done)/\(all) replicates") }
    if coordinator.parkedCount > 0 { parts.append("\(coordinator.parkedCount) waiting") }
    if coordinator.slotCount == 0 { parts.append("no workers") }
    if let best = coordinator.best, let score = coordinator.result(of: best).objective {
      let name = coordinator.file.objective == .valLoss ? "best loss" : "best"
      parts.append("\(name) \(score.rounded4) (trial \(best.trial))")
    }
    let seconds = max((now - begin).seconds, 0.001)
    guard let progress = coordinator.progress, let trials else {
      return (parts + [rate(Double(coordinator.begunCount - begunBefore) / seconds)]).joined(separator: ", ")
    }
    let share = (progress - resumed) / seconds
    if share > 0 {
      parts.append(rate(share * Double(trials)))
      parts.append("\(Duration.seconds((1 - progress) / share).words) left")
    }
    return parts.joined(separator: ", ")
  }

  private func rate(_ rate: Double) -> String {
    rate >= 1 ? "\(rate.rounded1) trials/s" : "\((rate * 60).rounded1) trials/min"
  }
}

extension Double {
  /// Rounded to four decimals.
  var rounded4: Double { (self * 1e4).rounded() / 1e4 }

  /// Three significant digits; a whole number from 100 on.
  var shownRate: String { self >= 100 ? "\(Int(rounded()))" : String(format: "%.3g", self) }

  /// Rounded to one decimal.
  var rounded1: Double { (self * 10).rounded() / 10 }
}

extension Decision {
  /// The line for verbose output; nil if the log has a line for this decision.
  var words: String? {
    switch self {
    case .epochsInherited(let id, let earlier, let count):
      "attempt \(id.number) resumes attempt \(earlier.number) after epoch \(count)"
    case .attemptStarted(let id, let trial, _): "\(Replicate(number: trial)): attempt \(id.number) started"
    case .trialEnded(let end, let id):
      "\(Replicate(number: end.trial)): \(end.status) by attempt \(id.number)"
        + (end.valAccuracy.map { ", val_accuracy \($0.rounded4)" } ?? "")
    case .workerJoined, .epochEnded, .attemptEnded, .attemptResumed, .checkpointStored, .rungReached,
      .dataKnown, .workerExcluded:
      nil
    case .trialsComplete(let count): "no more trials start: the search has \(count)"
    }
  }
}
