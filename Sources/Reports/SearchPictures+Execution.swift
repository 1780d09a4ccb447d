import Charts
import RunFiles
import Search

// What halving did, and where the attempts ran.
extension SearchPictures {
  var rungs: BarChart? {
    let budgets = record.file.rungs
    guard !budgets.isEmpty else { return nil }
    let histories = record.histories
    let agreements = insight.rungs
    let compared = budgets.map { budget in
      histories.values.count { $0.score(after: budget, by: goal) != nil }
    }
    guard compared.contains(where: { $0 > 0 }) else { return nil }
    let counts = budgets.indices.map { index in
      let ended = { status in record.results.count { $0.status == status && $0.epochs == budgets[index] } }
      let promoted = index + 1 < budgets.count ? compared[index + 1] : compared[index]
      let stopped = ended(.stopped)
      return [promoted, stopped, max(0, compared[index] - promoted - stopped)]
    }
    let parts = ["promoted or completed", "stopped", "undecided, running or diverged"]
    let used = parts.indices.filter { part in counts.contains { $0[part] > 0 } }
    let rows = budgets.indices.map { index in
      let isLast = index + 1 == budgets.count
      let names = [isLast ? "completed" : "promoted", "stopped", "other"]
      let shown = used.map { "\(counts[index][$0]) \(names[$0])" }.joined(separator: ", ")
      let tau =
        agreements.first { $0.epochs == budgets[index] }.map { "; tau \($0.tau.label(digits: 2))" } ?? ""
      return BarChart.Row(
        "rung \(index + 1): after \(budgets[index].inEpochs)", used.map { Double(counts[index][$0]) },
        text: "\(compared[index]) compared: \(shown)\(tau)")
    }
    return BarChart(
      Heading(
        "\(name): trials by rung",
        notes: [
          "tau: Kendall's rank correlation of a rung's scores with the next rung's "
            + "(1: same order, 0: none, -1: opposite)."
        ]),
      x: Axis("trials", .whole(0, max(1, Double(compared.max() ?? 0) * 1.05))), rows: rows,
      parts: used.map { parts[$0] })
  }

  /// For each rung but the last, its scores against the next rung's.
  var rungAgreements: [NamedPicture] {
    let histories = record.histories.sorted { $0.key < $1.key }
    let budgets = record.file.rungs
    return zip(budgets, budgets.dropFirst()).enumerated().compactMap { index, pair in
      let marks = histories.compactMap { trial, history -> ScatterChart.Mark? in
        guard let first = history.score(after: pair.0, by: goal),
          let second = history.score(after: pair.1, by: goal)
        else { return nil }
        return .init(
          x: first, y: second, label: "trial \(trial): \(first.shortText), then \(second.shortText)")
      }
      guard marks.count > 1 else { return nil }
      let tau = insight.rungs.first { $0.epochs == pair.0 }.map { "; tau \($0.tau.label(digits: 2))" } ?? ""
      let chart = ScatterChart(
        Heading(
          "\(name): rung \(index + 1) and rung \(index + 2)",
          notes: ["\(marks.count) trials reached both\(tau)."]),
        x: Axis("\(goalTitle) after \(pair.0.inEpochs)", .linear(around: marks.map(\.x))),
        y: Axis("after \(pair.1.inEpochs)", .linear(around: marks.map(\.y))),
        groups: [.init("trials", marks, .normal)])
      return NamedPicture("rungs-\(index + 1)-\(index + 2)", chart.picture())
    }
  }

  /// The kinds of bars for the endings of attempts.
  private static let kinds: [(kind: Timeline.Kind, endings: Set<String>)] = [
    (.init("trained to its end or to a rung"), ["finished", "paused"]),
    (
      .init("released, interrupted, superseded or revoked"),
      ["released", "interrupted", "superseded", "revoked"]
    ),
    (.init("running"), ["running"]),
    (
      .init("worker lost, trial failed or result rejected", isFailure: true),
      ["lost", "crashed", "killed", "failed", "rejected", "refused"]
    ),
  ]

  var timeline: Timeline? {
    let attempts = record.attempts
    guard let start = attempts.lazy.map(\.started).min() else { return nil }
    let end = attempts.lazy.map { $0.started + ($0.seconds ?? 0) }.max() ?? start
    var workers: [String: [Timeline.Span]] = [:]
    var order: [String] = []
    for attempt in attempts {
      let worker = "\(attempt.host) \(attempt.pid)"
      if workers[worker] == nil { order.append(worker) }
      let kind = Self.kinds.firstIndex { $0.endings.contains(attempt.ending) } ?? 1
      let stop =
        attempt.seconds.map { attempt.started + max(0, $0) }
        ?? (attempt.ending == "running" ? end : attempt.started)
      let replicate = attempt.replicate == 0 ? "" : ", replicate \(attempt.replicate)"
      let detail = attempt.detail.isEmpty ? "" : ": \(attempt.detail.prefix(120))"
      workers[worker, default: []].append(
        .init(
          start: attempt.started, end: stop, kind: kind,
          label: "attempt \(attempt.number), trial \(attempt.trial)\(replicate): \(attempt.ending)\(detail)"))
    }
    return Timeline(
      Heading("\(name): attempts by worker"),
      x: Axis("time (UTC)", .time(start, max(end, start + 1))), kinds: Self.kinds.map(\.kind),
      rows: order.map { .init($0, workers[$0] ?? []) })
  }
}
