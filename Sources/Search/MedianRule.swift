/// Stops a trial that does worse than most did.
///
/// After each epoch a trial's best score so far is compared with the median, over the trials that trained to their end, of
/// the mean of their scores up to that epoch; below it the trial ends (Golovin, Solnik, Moitra et al., "Google Vizier: a service
/// for black-box optimization", KDD 2017, section 3.2.2). The outcome depends on the order of arrival.
package struct MedianRule: Sendable {
  /// Trials that train to their end before any is stopped.
  package let patience: Int
  private let objective: Objective
  /// For each trial that trained to its end the running means of its scores, by epoch.
  private var means: [[Double]] = []

  /// A rule that lets so many trials, one at least, train to their end first.
  package init(patience: Int, objective: Objective) {
    precondition(patience > 0, "patience \(patience)")
    self.patience = patience
    self.objective = objective
  }

  /// A trial has trained to its end with these scores after its epochs.
  package mutating func complete(_ scores: [Double]) {
    var sum = 0.0
    means.append(
      scores.enumerated().map { index, score in
        sum += score
        return sum / Double(index + 1)
      })
  }

  /// Whether a trial with these scores after its epochs, one at least, ends now.
  package func stops(_ scores: [Double]) -> Bool {
    let sign: Double = objective.isMaximized ? 1 : -1
    guard means.count >= patience, let best = scores.map({ sign * $0 }).max() else { return false }
    let others = means.filter { $0.count >= scores.count }.map { sign * $0[scores.count - 1] }
    guard let median = others.median else { return false }
    return best < median
  }
}

extension [Double] {
  /// The middle one, or the mean of the two in the middle; nil where there are none.
  package var median: Double? {
    guard !isEmpty else { return nil }
    let ascending = sorted()
    return (ascending[(count - 1) / 2] + ascending[count / 2]) / 2
  }
}
