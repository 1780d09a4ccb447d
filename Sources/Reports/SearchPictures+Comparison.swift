import Charts
import RunFiles
import Search

// Pictures of the learning curves, and of several parameters together.
extension SearchPictures {
  /// The maximum number of curves or lines; if there are more, these are taken evenly from the ranking.
  private static let mostCurves = 300
  private static let mostLines = 150
  private static let fewBest = 10

  /// At most `count` elements, taken evenly from the ranking.
  private func sample<Element>(_ ranked: [Element], _ count: Int) -> [Element] {
    guard ranked.count > count else { return ranked }
    return (0..<count).map { ranked[$0 * ranked.count / count] }
  }

  var curves: LineChart? {
    let drawn = scored.filter { record.curves[$0.result.trial]?.isEmpty == false }
    let best = drawn.prefix(Self.fewBest)
    let known = Set(record.results.lazy.map(\.trial))
    let running = record.curves.keys.filter { !known.contains($0) }.sorted()
    let behind = drawn.dropFirst(Self.fewBest).map(\.result.trial) + lost.map(\.trial) + running
    guard !drawn.isEmpty || !running.isEmpty else { return nil }
    let shown = sample(behind.filter { record.curves[$0]?.isEmpty == false }, Self.mostCurves)
    let points = (shown + best.map(\.result.trial)).map { curve($0) }
    var notes: [String] = []
    if shown.count + best.count < record.curves.count {
      notes.append(
        "\(shown.count + best.count) of \(record.curves.count) trials, taken evenly over the ranking.")
    }
    // A trial that was stopped at its first point has no curve; that point must not widen the scale.
    let whole = points.contains { $0.count > 1 } ? points.filter { $0.count > 1 } : points
    let finite = whole.flatMap { $0.map(\.y) }.filter(\.isFinite)
    guard let range = ScoreRange(finite, isMaximized: goal.isMaximized) else { return nil }
    let outside = points.joined().count { !(0...1).contains(range.scale.position(of: $0.y)) }
    if outside > 0 { notes.append("Points beyond the worse end of the scale: \(outside).") }
    let epochs = points.joined().lazy.map(\.x)
    return LineChart(
      Heading("\(name): learning curves", notes: notes),
      x: Axis("epoch", .whole(epochs.min() ?? 0, epochs.max() ?? 1)),
      y: Axis(record.file.metrics.title(of: goal.metric), range.scale),
      series: points.prefix(shown.count).map { .init("other trials", $0, colour: 5, look: .background) }
        + zip(best, points.dropFirst(shown.count)).enumerated().map { rank, pair in
          .init(
            "\(rank + 1). trial \(pair.0.result.trial)", pair.1, colour: rank, isDashed: rank >= 6)
        })
  }

  private func curve(_ trial: Int) -> [Point] {
    (record.curves[trial] ?? []).map { Point($0.step, goal.value($0.metrics)) }
  }

  var parallel: ParallelCoordinates? {
    guard !axes.isEmpty, !record.results.isEmpty else { return nil }
    let few = min(Self.fewBest, max(1, scored.count / 10))
    let best = scored.prefix(few)
    let others = sample(Array(scored.dropFirst(few)), Self.mostLines)
    let crosses = sample(lost, Self.mostLines / 5)
    var notes = scoreNotes
    let count = best.count + others.count + crosses.count
    if count < record.results.count {
      notes.append(
        "\(count) of \(record.results.count) trials: the best \(best.count), and others taken evenly over the ranking."
      )
    }
    func line(_ trial: Scored, isHighlighted: Bool) -> ParallelCoordinates.Line {
      .init(
        number: trial.result.trial, values: numbers(trial.result) + [trial.score],
        tone: range?.share(trial.score),
        label: "\(trial.label), \(settings(trial.result))", isHighlighted: isHighlighted)
    }
    return ParallelCoordinates(
      Heading("\(name): parameters and \(goalTitle)", notes: notes),
      axes: axes.map(\.axis) + [scoreAxis],
      lines: crosses.map {
        .init(
          number: $0.trial, values: numbers($0) + [nil], tone: nil,
          label: "\(Self.label($0)), \(settings($0))")
      } + others.reversed().map { line($0, isHighlighted: false) }
        + best.reversed().map { line($0, isHighlighted: true) },
      tones: (goalTitle, (range?.worst ?? 0).label(), (range?.best ?? 1).label()))
  }

  private func numbers(_ trial: TrialResult) -> [Double?] {
    zip(axes, trial.values).map { axis, value in value.flatMap(axis.number) }
  }

  /// The values of a trial that have an effect, by name.
  func settings(_ trial: TrialResult) -> String {
    zip(record.file.space.parameters, trial.values).compactMap { parameter, value in
      value.map { "\(parameter.column) \($0)" }
    }.joined(separator: ", ")
  }

  var importance: BarChart? {
    guard let importance = insight.importance, importance.isReliable else { return nil }
    let rows = insight.parameters.indices.sorted { importance.shares[$0] > importance.shares[$1] }.map {
      index in
      let (share, deviation) = (importance.shares[index], importance.deviations[index])
      return BarChart.Row(
        insight.parameters[index].column, [share],
        interval: (max(0, share - deviation), min(1, share + deviation)),
        text: "\(share.inPercent) ± \((deviation * 100).label(digits: 2))")
    }
    let when = insight.epochs.map { " after \($0.inEpochs)" } ?? ""
    return BarChart(
      Heading(
        "\(name): parameter importance\(when)",
        notes: [
          "Shares of the variance of the \(goalTitle) (fANOVA over \(importance.trials) trials); "
            + "whiskers: ± one standard deviation between the trees. "
            + "Interactions and noise: \(importance.interactions.inPercent). "
            + "The forest explains \(importance.rSquared.inPercent) of the variance out of bag."
        ]),
      x: Axis("share of the variance", .linear(0, 1)), rows: rows)
  }

  private var knowsImportance: Bool { insight.importance?.isReliable == true }

  private var allParameterPairs: [(Int, Int)] {
    let chosen = mostImportant(Self.mostPaired).sorted()
    return chosen.indices.flatMap { first in (first + 1..<chosen.count).map { (chosen[first], chosen[$0]) } }
  }

  /// Contours are drawn for the pairs of at most this many parameters.
  private static let mostPaired = 6

  /// The two most important parameters; the first two if the importance is unknown.
  private var mostImportantPair: (Int, Int) {
    let pair = mostImportant(2).sorted()
    return (pair[0], pair[1])
  }

  /// The indices of the most important parameters, or of the first ones if the importance is unknown.
  private func mostImportant(_ count: Int) -> [Int] {
    guard let shares = insight.importance?.shares, knowsImportance else {
      return Array(axes.indices.prefix(count))
    }
    return Array(axes.indices.sorted { shares[$0] > shares[$1] }.prefix(count))
  }

  func contours(allPairs: Bool) -> [NamedPicture] {
    guard axes.count > 1, scored.count >= 4, let range else { return [] }
    let names = fileNames(of: record.file.space.parameters.map(\.column))
    let pairs = allPairs ? allParameterPairs : [mostImportantPair]
    var notes: [String] = []
    if !allPairs, axes.count > 2, !knowsImportance {
      notes = ["The first two parameters, because it is not known which are the most important."]
    }
    let samples = sample(scored, 1000)
    return pairs.map { first, second in
      let (x, y) = (axes[first], axes[second])
      let points = samples.compactMap { trial -> Surface.Sample? in
        guard let left = trial.result.values[first], let right = trial.result.values[second] else {
          return nil
        }
        return Surface.Sample(
          x: x.axis.scale.position(of: x.number(left) ?? .nan),
          y: y.axis.scale.position(of: y.number(right) ?? .nan), height: range.limited(trial.score))
      }
      let surface = Surface(points, x: x.nodes, y: y.nodes)
      func mark(_ trial: TrialResult, _ label: String) -> ScatterChart.Mark? {
        guard let x = trial.values[first].flatMap(x.number), let y = trial.values[second].flatMap(y.number)
        else { return nil }
        return .init(x: x, y: y, label: label)
      }
      let chart = ContourChart(
        Heading(
          "\(name): \(goalTitle) over \(x.axis.title) and \(y.axis.title)",
          notes: notes + scoreNotes + [
            "The mean of nearby trials with a score (Gaussian kernel, width \(surface.width.label(digits: 2)) of the range)."
          ]),
        x: x.axis, y: y.axis, surface: surface.grid,
        marks: scored.compactMap { mark($0.result, $0.label) },
        highlighted: [0], missing: lost.compactMap { mark($0, Self.label($0)) },
        tones: .init(
          goalTitle, surface.ends(isMaximized: goal.isMaximized) ?? (range.worst, range.best)))
      return NamedPicture("contour-\(names[first])-\(names[second])", chart.picture())
    }
  }
}
