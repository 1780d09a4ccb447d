/// The median stopping rule.
///
/// After each epoch, a trial stops if its best score so far is worse than the median of the mean scores of all
/// completed trials up to that epoch (Golovin, Solnik, Moitra et al., "Google Vizier: a service for black-box
/// optimization", KDD 2017, section 3.2.2). The outcome depends on the order of arrival.
package struct MedianRule: Sendable {
  /// The number of completed trials before any trial is stopped.
  package let patience: Int
  private let goal: Goal
  /// The running means of the scores of each completed trial, by epoch.
  private var means: [[Double]] = []

  /// A rule that applies once this number of trials, at least one, has completed.
  package init(patience: Int, goal: Goal) {
    precondition(patience > 0, "patience \(patience)")
    self.patience = patience
    self.goal = goal
  }

  /// Records the scores by epoch of a completed trial.
  package mutating func complete(_ scores: [Double]) {
    var sum = 0.0
    means.append(
      scores.enumerated().map { index, score in
        sum += score
        return sum / Double(index + 1)
      })
  }

  /// Whether to stop a trial with these scores by epoch, at least one.
  package func stops(_ scores: [Double]) -> Bool {
    let sign: Double = goal.isMaximized ? 1 : -1
    guard means.count >= patience, let best = scores.map({ sign * $0 }).max() else { return false }
    let others = means.filter { $0.count >= scores.count }.map { sign * $0[scores.count - 1] }
    guard let median = others.median else { return false }
    return best < median
  }
}

extension [Double] {
  /// The median; nil if the array is empty.
  package var median: Double? {
    guard !isEmpty else { return nil }
    let ascending = sorted()
    return (ascending[(count - 1) / 2] + ascending[count / 2]) / 2
  }
}
