/// The metrics that a trial body reports.
package struct MetricSchema: Hashable, Sendable {
  /// A metric that is reported at each step.
  package struct Definition: Hashable, Sendable {
    package let name: String
    /// Its name in pictures and reports.
    package let title: String
    /// The possible values.
    package let range: ClosedRange<Double>
    /// Whether it is also measured within the first step.
    package let isPartial: Bool

    /// A metric with a finite range.
    package init(_ name: String, title: String, range: ClosedRange<Double>, isPartial: Bool) {
      (self.name, self.title, self.range, self.isPartial) = (name, title, range, isPartial)
    }
  }

  /// A goal with its name in search files.
  package struct NamedGoal: Hashable, Sendable {
    package let name: String
    package let goal: Goal

    /// A goal with a name.
    package init(_ name: String, _ goal: Goal) { (self.name, self.goal) = (name, goal) }
  }

  /// The metrics, in the order of history.csv.
  package let metrics: [Definition]
  /// The metrics with a column in results.csv, in their order there.
  package let ranked: [String]
  /// The metric whose mean over new seeds is in results.csv.
  package let estimated: String
  /// The goals that a search file may name.
  package let goals: [NamedGoal]
  /// Whether other metrics may be reported, too.
  package let isOpen: Bool

  /// The most metrics of one measurement.
  package static let mostMetrics = 100
  /// The most bytes of the name of a metric.
  package static let mostNameBytes = 100

  /// The metrics of a trial body.
  package init(
    _ metrics: [Definition], ranked: [String], estimated: String, goals: [NamedGoal] = [],
    isOpen: Bool = false
  ) {
    (self.metrics, self.ranked) = (metrics, ranked)
    (self.estimated, self.goals) = (estimated, goals)
    self.isOpen = isOpen
  }

  /// The title of a metric; its name if it is not in the schema.
  package func title(of name: String) -> String { metrics.first { $0.name == name }?.title ?? name }

  /// Why untrusted metrics are invalid for a step, or within the first one; nil if they are valid.
  package func problem(of measured: Metrics, isPartial: Bool) -> String? {
    let expected = metrics.filter { !isPartial || $0.isPartial }
    guard measured.all.count <= (isOpen ? Self.mostMetrics : expected.count) else {
      return "\(measured.all.count) metrics are too many"
    }
    if isOpen, measured.all.contains(where: { !$0.value.isFinite || $0.name.utf8.count > Self.mostNameBytes })
    {
      return "a metric is not finite, or its name is too long"
    }
    for metric in expected {
      guard let value = measured[metric.name] else { return "\(metric.name) is missing" }
      guard metric.range.contains(value) else {
        return "\(metric.name) \(value.shortText) is invalid: it must be \(metric.need)"
      }
    }
    return nil
  }
}

extension MetricSchema.Definition {
  /// The possible values in words.
  fileprivate var need: String {
    range == .finite
      ? "finite"
      : range.upperBound == .greatestFiniteMagnitude
        ? "finite and at least \(range.lowerBound.shortText)"
        : "between \(range.lowerBound.shortText) and \(range.upperBound.shortText)"
  }
}

extension ClosedRange<Double> {
  /// All finite numbers.
  package static let finite = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
}
