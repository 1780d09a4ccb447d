import Charts
import RunFiles
import Search

/// The pictures of a search, running or ended.
package struct SearchPictures {
  /// A kind of picture. The raw value is its name on the command line and the beginning of the file names.
  package enum Kind: String, CaseIterable, Sendable {
    /// The objective of each trial, with the best so far.
    case history
    /// The objective against epochs.
    case curves
    case parallel
    /// Each parameter against the objective.
    case parameter
    /// The objective over two parameters.
    case contour
    case importance
    /// The empirical distribution function of the objective.
    case distribution
    /// The number of trials that each rung of halving compared, and its rank correlation with the next.
    case rungs
    /// The attempts of each worker over time.
    case timeline
    /// Trials trained again with new seeds.
    case intervals
  }

  let record: RunRecord
  /// The trials with a score, best first.
  let scored: [Scored]
  /// The trials without one.
  let lost: [TrialResult]
  /// The range of the scores; nil without scores.
  let range: ScoreRange?
  let axes: [ParameterAxis]
  let insight: Insight

  /// A trial and its score.
  struct Scored {
    let result: TrialResult
    let score: Double
    /// Its name and score in words.
    let label: String
  }

  /// - Parameter insight: the diagnostics of the record; computed if nil.
  package init(_ record: RunRecord, insight: Insight? = nil) {
    self.record = record
    self.insight = insight ?? record.insight
    axes = record.file.space.parameters.map(ParameterAxis.init)
    let title = record.file.goalTitle
    scored = record.results.compactMap { result in
      guard let score = result.objective, score.isFinite else { return nil }
      return Scored(result: result, score: score, label: "trial \(result.trial): \(title) \(score.shortText)")
    }
    lost = record.results.filter { $0.objective?.isFinite != true }
    range = ScoreRange(scored.map(\.score), isMaximized: record.file.goal.isMaximized)
  }

  var goal: Goal { record.file.goal }
  var goalTitle: String { record.file.goalTitle }
  var name: String { record.file.name }

  /// The pictures of a kind; empty if the search has no data for it.
  ///
  /// - Parameter allPairs: whether contours show all pairs of parameters; else only the two most important.
  package func pictures(_ kind: Kind, allPairs: Bool = false) -> [NamedPicture] {
    switch kind {
    case .history: named("history", history)
    case .curves: named("curves", curves)
    case .parallel: named("parallel", parallel)
    case .parameter: parameters
    case .contour: contours(allPairs: allPairs)
    case .importance: named("importance", importance)
    case .distribution: named("distribution", distribution)
    case .rungs: named("rungs", rungs) + rungAgreements
    case .timeline: named("timeline", timeline)
    case .intervals: named("intervals", intervals)
    }
  }

  /// The reason why the search has no picture of a kind.
  package func reason(_ kind: Kind) -> String {
    switch kind {
    case .history, .distribution: "no trial has ended yet"
    case .curves: "no trial has an epoch yet"
    case .parallel, .parameter: axes.isEmpty ? "the search varies no parameter" : "no trial has ended yet"
    case .contour:
      axes.count < 2 ? "the search varies fewer than two parameters" : "fewer than 4 trials have a score"
    case .importance:
      axes.count < 2
        ? "the search varies fewer than two parameters"
        : insight.importance == nil
          ? "fewer than \(Importance.fewestTrials) trials have a score, or the halving search has not ended"
          : "the parameters explain too little of the differences between the trials"
    case .rungs:
      record.file.rungs.isEmpty
        ? "the search file has neither search.halving nor search.asha" : "no trial has reached a rung yet"
    case .timeline: "no attempt has begun yet"
    case .intervals:
      record.file.reevaluation(of: 1) == nil
        ? "the search file has no search.confirm" : "no trial has been trained again with new seeds yet"
    }
  }

  /// Notes that explain the scores.
  var scoreNotes: [String] {
    var notes = range?.notes(isMaximized: goal.isMaximized) ?? []
    if !record.file.rungs.isEmpty || scored.contains(where: Self.isStoppedEarly) {
      notes.append("The score of a stopped or paused trial is that of its last epoch.")
    }
    if !record.reevaluations.isEmpty { notes.append("The best are ranked by their mean with new seeds.") }
    return notes
  }

  private func named(_ name: String, _ chart: (any Chart)?) -> [NamedPicture] {
    chart.map { [NamedPicture(name, $0.picture())] } ?? []
  }

  /// The trials whose training ended before its full budget.
  static func isStoppedEarly(_ trial: Scored) -> Bool {
    trial.result.status == .stopped || trial.result.status == .paused
  }

  /// The end of a trial without a score, in words.
  static func label(_ lost: TrialResult) -> String { "trial \(lost.trial): \(lost.status.rawValue)" }

  /// The scored trials in groups that look different, and those without a score.
  func groups(highlighting count: Int, x: (TrialResult) -> Double?) -> [ScatterChart.Group] {
    let best = scored.prefix(count)
    let others = scored.dropFirst(count)
    func marks(_ trials: some Sequence<Scored>) -> [ScatterChart.Mark] {
      trials.compactMap { trial in x(trial.result).map { .init(x: $0, y: trial.score, label: trial.label) } }
    }
    let crosses = lost.compactMap { trial in
      x(trial).map { ScatterChart.Mark(x: $0, y: .nan, label: Self.label(trial)) }
    }
    let early = others.filter(Self.isStoppedEarly)
    let names = ["stopped", "paused"].filter { name in early.contains { $0.result.status.rawValue == name } }
    return [
      .init(names.joined(separator: " or "), marks(early), .secondary),
      .init("completed", marks(others.filter { !Self.isStoppedEarly($0) }), .normal),
      .init(count == 1 ? "best trial" : "best \(best.count)", marks(best), .highlighted),
      .init("diverged or failed", crosses, .missing),
    ]
  }
}

extension SearchPictures {
  /// The objective by trial.
  private var history: ScatterChart? {
    guard !record.results.isEmpty else { return nil }
    let trials = scored.filter { !Self.isStoppedEarly($0) }.sorted { $0.result.trial < $1.result.trial }
    var best: [Point] = []
    for trial in trials where best.last.map({ isBetter(trial.score, $0.y) }) ?? true {
      best.append(Point(Double(trial.result.trial), trial.score))
    }
    let last = Double(record.results.lazy.map(\.trial).max() ?? 0)
    if let end = best.last, end.x < last { best.append(Point(last, end.y)) }
    return ScatterChart(
      Heading("\(name): \(goalTitle) by trial", notes: scoreNotes),
      x: Axis("trial", .whole(-0.5 - last * 0.01, last * 1.01 + 0.5)), y: scoreAxis,
      groups: groups(highlighting: 1) { Double($0.trial) }, missingAtTop: !goal.isMaximized,
      line: best.isEmpty ? nil : ("best so far", best))
  }

  private func isBetter(_ score: Double, _ other: Double) -> Bool {
    goal.isMaximized ? score > other : score < other
  }

  var scoreAxis: Axis { Axis(goalTitle, range?.scale ?? .linear(0, 1)) }

  /// Each parameter against the objective.
  private var parameters: [NamedPicture] {
    guard !record.results.isEmpty else { return [] }
    let names = fileNames(of: record.file.space.parameters.map(\.column))
    return axes.indices.map { index in
      let chart = ScatterChart(
        Heading(
          "\(name): \(goalTitle) against \(axes[index].axis.title)",
          notes: scoreNotes + (axes[index].isOrdered ? [] : ["Trials of a category are spread around it."])),
        x: axes[index].axis, y: scoreAxis,
        groups: groups(highlighting: min(10, max(1, scored.count / 10))) { axes[index].spread($0, index) },
        missingAtTop: !goal.isMaximized)
      return NamedPicture("parameter-\(names[index])", chart.picture())
    }
  }

  /// The empirical distribution function of the objective.
  private var distribution: LineChart? {
    let scores = scored.map(\.score).sorted()
    guard !scores.isEmpty, let range else { return nil }
    let stride = max(1, scores.count / 1000)
    let (low, high) = (min(range.worst, range.best), max(range.worst, range.best))
    // Values beyond the scale are counted at its edge.
    let below = Double(scores.count { $0 < low }) / Double(scores.count)
    var points = [Point(low, below)]
    for (index, score) in scores.enumerated() where (low...high).contains(score) {
      guard index % stride == 0 || index == scores.count - 1 else { continue }
      points.append(Point(score, Double(index + 1) / Double(scores.count)))
    }
    points.append(Point(high, Double(scores.count { $0 <= high }) / Double(scores.count)))
    let missing =
      lost.isEmpty ? [] : ["Not counted: \(lost.count) trial\(lost.count == 1 ? "" : "s") without a score."]
    return LineChart(
      Heading(
        "\(name): cumulative distribution of the \(goalTitle)",
        notes: scoreNotes + missing),
      x: Axis(goalTitle, range.scale), y: Axis("share of the trials", .linear(0, 1)),
      series: [.init("", points, colour: 0, look: .steps)])
  }

  /// Trials that were trained again with new seeds: mean and 95 % interval.
  private var intervals: BarChart? {
    let shown = record.reevaluations.prefix(50)
    guard !shown.isEmpty else { return nil }
    let metric = record.file.metrics.title(of: record.file.metrics.estimated)
    let ends = shown.flatMap { [$0.mean - ($0.interval95 ?? 0), $0.mean + ($0.interval95 ?? 0)] }
    let rows = shown.map { trial in
      let spread = trial.interval95.map { " ± \($0.label(digits: 2))" } ?? ""
      let tie = trial.tie.map { ", tie group \($0)" } ?? ""
      return BarChart.Row(
        "trial \(trial.trial)", [trial.mean],
        interval: trial.interval95.map { (trial.mean - $0, trial.mean + $0) },
        text: "\(trial.mean.label(digits: 5))\(spread), \(trial.seeds) seeds\(tie)",
        colour: (trial.tie ?? 1) - 1)
    }
    return BarChart(
      Heading(
        "\(name): \(metric) with new seeds",
        notes: [
          "Mean and 95 % interval. Trials of one tie group do not differ significantly (5 %) from its best."
        ]),
      x: Axis(metric, .linear(around: ends)), rows: Array(rows), drawsPoints: true)
  }
}

extension ParameterAxis {
  /// The position of a trial's value; within a category, trials are spread so that they do not hide each other.
  func spread(_ trial: TrialResult, _ index: Int) -> Double? {
    guard let number = trial.values[index].flatMap(number) else { return nil }
    guard !isOrdered else { return number }
    return number + Scale.jitter(trial.trial)
  }
}

/// Names that are safe as parts of file names, and different.
func fileNames(of names: [String]) -> [String] {
  var taken: Set<String> = []
  return names.map { name in
    let safe = String(
      name.unicodeScalars.map {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0))
          ? Character($0) : "_"
      }.prefix(80))
    var (result, number) = (safe, 2)
    while !taken.insert(result).inserted {
      result = "\(safe)-\(number)"
      number += 1
    }
    return result
  }
}
