import Coordination
import Foundation
import Platform
import Search

/// The progress of a running search: a bar and the best trials at the bottom of the terminal, or plain lines in a log.
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
  /// The number of trials started and ended before it.
  private let before: (begun: Int, ended: Int)
  private var lastShown = Duration.zero
  private var shownCount: Int
  /// The time since when there is no slot; nil if there is one.
  private var absentSince: Duration?
  private var hasWarnedOfAbsence = false

  /// The interval between updates: of the bar, of plain lines while trials end, and of plain lines without news.
  static func interval(isInteractive: Bool, hasNews: Bool) -> Duration {
    isInteractive ? .milliseconds(200) : .seconds(hasNews ? 10 : 60)
  }

  /// The time without a worker after which the user is warned. A local worker that was killed is replaced sooner.
  private static let absenceToReport = Duration.seconds(5)

  init(_ verbosity: Verbosity, _ coordinator: Coordinator, at now: Duration) {
    self.verbosity = verbosity
    resumed = coordinator.progress ?? 0
    before = (coordinator.begunCount, coordinator.results.count)
    begin = now
    shownCount = coordinator.endedCount
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

  /// Notes whether there are workers.
  ///
  /// - Returns: a warning when there has been no worker for a while, once each time.
  mutating func absenceWarning(_ coordinator: Coordinator, at now: Duration) -> String? {
    guard coordinator.slotCount == 0, !coordinator.isFinished else {
      (absentSince, hasWarnedOfAbsence) = (nil, false)
      return nil
    }
    let since = absentSince ?? now
    absentSince = since
    guard !hasWarnedOfAbsence, now - since >= Self.absenceToReport else { return nil }
    hasWarnedOfAbsence = true
    let left = (coordinator.trials ?? coordinator.begunCount) - coordinator.results.count
    guard left > 0 else { return "no workers connected; the replicates wait for one" }
    return "no workers connected; \(left) trial\(left == 1 ? " waits" : "s wait") for one"
  }

  /// Updates the progress if the interval has passed.
  ///
  /// - Parameter leaders: the best trials when the ranking was last written.
  mutating func show(_ coordinator: Coordinator, leaders: [TrialResult], at now: Duration) {
    guard verbosity != .quiet else { return }
    let isInteractive = terminal.isInteractive
    guard
      now - lastShown
        >= Self.interval(isInteractive: isInteractive, hasNews: coordinator.endedCount != shownCount)
    else { return }
    lastShown = now
    shownCount = coordinator.endedCount
    let view = view(coordinator, leaders, at: now)
    if isInteractive { terminal.show(view.lines(terminal.style)) } else { terminal.say(view.line) }
  }

  private func view(_ coordinator: Coordinator, _ leaders: [TrialResult], at now: Duration) -> ProgressView {
    let (done, begun, trials) = (coordinator.results.count, coordinator.begunCount, coordinator.trials)
    let isOpen = trials == nil || (coordinator.file.dependsOnArrival && begun < trials ?? 0)
    var view = ProgressView(
      count: isOpen ? "\(begun) started, \(done) ended" : "\(done)/\(trials ?? done) trials",
      share: coordinator.progress, running: coordinator.runningCount, failed: coordinator.failedCount)
    if let (done, all) = coordinator.reevaluations { view.details.append("\(done)/\(all) replicates") }
    if coordinator.pausedCount > 0 { view.details.append("\(coordinator.pausedCount) undecided") }
    let goal = coordinator.file.goal
    view.scoreName = goal.isMaximized ? "best" : "best \(goal.metric)"
    let best = coordinator.best.map { coordinator.result(of: $0) }
    let others = leaders.filter { $0.trial != best?.trial && $0.objective?.isFinite == true }
    view.best = ([best].compactMap(\.self) + others).prefix(ProgressView.mostTrials).compactMap { result in
      result.objective.map {
        .init(number: result.trial, score: $0, settings: coordinator.file.space.text(result.values))
      }
    }
    if let absentSince {
      let time = now - absentSince
      view.absence = "no workers connected" + (time >= .seconds(1) ? " for \(time.text)" : "")
      return view
    }
    let seconds = max((now - begin).seconds, 0.001)
    let ended = isOpen ? begun - before.begun : done - before.ended
    if ended > 0 { view.rate = (Double(ended) / seconds).trialRate }
    if let progress = coordinator.progress, progress > resumed {
      view.left = "\(Duration.seconds((1 - progress) / (progress - resumed) * seconds).text) left"
    }
    return view
  }
}

extension SearchSpace {
  /// The values of a trial that have an effect: `lr 0.183, hidden 212`.
  func text(_ values: [Value?]) -> String {
    zip(parameters, values).compactMap { parameter, value in value.map { "\(parameter.column) \($0.shown)" } }
      .joined(separator: ", ")
  }
}

extension Double {
  /// Rounded to four decimals.
  var rounded4: Double { (self * 1e4).rounded() / 1e4 }

  /// A number of trials per second, in the unit that suits it: `1.3 trials/s`, `14.2 trials/min`, `5 trials/h`.
  var trialRate: String {
    for (unit, seconds) in [("s", 1.0), ("min", 60)] where self * seconds >= 1 {
      return "\((self * seconds).rounded1.shortText) trials/\(unit)"
    }
    return "\((self * 3600).rounded1.shortText) trials/h"
  }

  /// Rounded to one decimal.
  var rounded1: Double { (self * 10).rounded() / 10 }
}

extension Decision {
  /// The line for verbose output, with a metric of results; nil if the log has a line for this decision.
  func logLine(showing metric: String) -> String? {
    switch self {
    case .epochsInherited(let id, let earlier, let count):
      "attempt \(id.number) resumes attempt \(earlier.number) after epoch \(count)"
    case .attemptStarted(let id, let trial, _): "\(Replicate(number: trial)): attempt \(id.number) started"
    case .trialEnded(let end, let id):
      "\(Replicate(number: end.trial)): \(end.status) by attempt \(id.number)"
        + (end.metrics?[metric].map { ", \(metric) \($0.rounded4)" } ?? "")
    case .workerJoined, .epochEnded, .attemptEnded, .attemptResumed, .checkpointStored, .rungReached,
      .dataKnown, .workerExcluded:
      nil
    case .trialsComplete(let count): "no more trials start: the search has \(count)"
    }
  }
}
