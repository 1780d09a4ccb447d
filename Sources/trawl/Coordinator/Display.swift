import Coordination
import Foundation
import Search

/// What the user sees while a search runs: a line at the bottom of the terminal, or now and then a plain line.
struct Display {
  /// How much is said.
  enum Verbosity {
    case quiet, normal, verbose
  }

  private var terminal = Terminal()
  private let verbosity: Verbosity
  private let begin: Duration
  /// The share of the work that was done before this start.
  private let resumed: Double
  /// Trials that had begun before it.
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

  /// A line that stays.
  mutating func say(_ line: String) {
    terminal.say(line)
  }

  /// A line that stays, for all but those who asked for quiet.
  mutating func inform(_ line: String) {
    if verbosity != .quiet { terminal.say(line) }
  }

  /// A line that stays, for those who asked to know everything.
  mutating func detail(_ line: String) {
    if verbosity == .verbose { terminal.say(line) }
  }

  mutating func clear() {
    terminal.clear()
  }

  /// Brings what is seen up to date, if it is time.
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
    let count = isOpen ? "\(coordinator.begunCount) begun, \(done) ended" : "\(done)/\(trials ?? done) trials"
    var parts = [count, "\(coordinator.runningCount) running"]
    if let (done, all) = coordinator.reevaluations { parts.append("\(done)/\(all) replicates") }
    if coordinator.parkedCount > 0 { parts.append("\(coordinator.parkedCount) waiting") }
    if coordinator.slotCount == 0 { parts.append("no workers yet") }
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
  /// With four digits after the point.
  var rounded4: Double { (self * 1e4).rounded() / 1e4 }

  /// With three digits, or all before the point.
  var shownRate: String { self >= 100 ? "\(Int(rounded()))" : String(format: "%.3g", self) }

  /// With one digit after the point.
  var rounded1: Double { (self * 10).rounded() / 10 }
}

extension Decision {
  /// For those who want to know what each attempt does; nil where a line of the log tells it.
  var words: String? {
    switch self {
    case .epochsInherited(let id, let earlier, let count):
      "attempt \(id.number) goes on after epoch \(count) of attempt \(earlier.number)"
    case .attemptStarted(let id, let trial, _): "\(Replicate(number: trial)): attempt \(id.number) begins"
    case .trialEnded(let end, let id):
      "\(Replicate(number: end.trial)): attempt \(id.number) ends it, \(end.status)"
        + (end.valAccuracy.map { ", val_accuracy \($0.rounded4)" } ?? "")
    case .workerJoined, .epochEnded, .attemptEnded, .attemptResumed, .checkpointStored, .rungReached,
      .dataKnown, .workerExcluded:
      nil
    case .trialsComplete(let count): "no more trials begin: there are \(count)"
    }
  }
}
