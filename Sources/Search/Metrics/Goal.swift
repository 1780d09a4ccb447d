/// The ranking criterion of trials: a metric, its direction, and the step whose measurement counts.
package struct Goal: Hashable, Sendable {
  /// The step whose measurement counts.
  package enum Selection: Hashable, Sendable {
    case last
    /// The first one with the best value.
    case best
  }

  /// The name of the metric.
  package let metric: String
  /// Whether more is better.
  package let isMaximized: Bool
  package let selection: Selection
  /// The metric that ranks trials with equal objectives, lower values first; nil for none.
  package let tieBreaker: String?

  /// A goal for a metric.
  package init(_ metric: String, isMaximized: Bool, selection: Selection = .last, tieBreaker: String? = nil) {
    (self.metric, self.isMaximized) = (metric, isMaximized)
    (self.selection, self.tieBreaker) = (selection, tieBreaker)
  }

  /// The goal with another selection.
  func selecting(_ selection: Selection) -> Goal {
    Goal(metric, isMaximized: isMaximized, selection: selection, tieBreaker: tieBreaker)
  }

  /// The compared value; NaN if it was not measured.
  package func value(_ metrics: Metrics) -> Double { metrics[metric] ?? .nan }

  /// The metrics of the step that counts and is shown in results.csv; nil if the history is empty.
  package func decisive(_ history: [Metrics]) -> Metrics? {
    guard selection == .best else { return history.last }
    return history.filter { value($0).isFinite }.reduce(nil) { best, metrics in
      guard let best, !isBetter(value(metrics), than: value(best)) else { return metrics }
      return best
    }
  }

  /// The objective of a history; nil if it was not measured or is not finite.
  package func score(_ history: [Metrics]) -> Double? {
    decisive(history).map(value).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Whether an objective is better than another.
  package func isBetter(_ one: Double, than other: Double) -> Bool {
    isMaximized ? one > other : one < other
  }
}
