import Coordination
import CoordinatorService
import Foundation
import Platform
import Search

/// The progress of a running search: a bar and the best trials at the bottom of the terminal, or plain lines in a log.
struct Display: SearchDisplay {
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

  /// The interval between updates: of the bar, of plain lines while trials end, and of plain lines without news.
  static func interval(isInteractive: Bool, hasNews: Bool) -> Duration {
    isInteractive ? .milliseconds(200) : .seconds(hasNews ? 10 : 60)
  }

  init(_ verbosity: Verbosity, _ coordinator: Coordinator, at now: Duration) {
    self.verbosity = verbosity
    resumed = coordinator.progress ?? 0
    before = (coordinator.begunCount, coordinator.results.count)
    begin = now
    shownCount = coordinator.endedCount
    lastShown = now
  }

  mutating func say(_ line: String, _ importance: SearchLine) {
    switch importance {
    case .always: terminal.say(line)
    case .normal: if verbosity != .quiet { terminal.say(line) }
    case .detail: if verbosity == .verbose { terminal.say(line) }
    }
  }

  mutating func clear() {
    terminal.clear()
  }

  /// Updates the progress if the interval has passed.
  mutating func show(_ coordinator: Coordinator, _ news: SearchNews, at now: Duration) {
    guard verbosity != .quiet else { return }
    let isInteractive = terminal.isInteractive
    guard
      now - lastShown
        >= Self.interval(isInteractive: isInteractive, hasNews: coordinator.endedCount != shownCount)
    else { return }
    lastShown = now
    shownCount = coordinator.endedCount
    let view = view(coordinator, news, at: now)
    if isInteractive { terminal.show(view.lines(terminal.style)) } else { terminal.say(view.line) }
  }

  private func view(_ coordinator: Coordinator, _ news: SearchNews, at now: Duration) -> ProgressView {
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
    let others = news.leaders.filter { $0.trial != best?.trial && $0.objective?.isFinite == true }
    view.best = ([best].compactMap(\.self) + others).prefix(ProgressView.mostTrials).compactMap { result in
      result.objective.map {
        .init(number: result.trial, score: $0, settings: coordinator.file.space.text(result.values))
      }
    }
    if let absentSince = news.absentSince {
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
