/// The cost of one method over replays with several seeds.
package struct ReplaySummary: Sendable {
  /// The epochs until the first success of each replay, ascending: a configuration within the tolerance of the best
  /// that is trained to its end.
  package let epochs: [Double]
  /// The share of replays with a success within the search, before its stopped trials continue.
  package let reached: Double
  /// The mean epochs trained within the search.
  package let work: Double
  /// The budgets of `regrets`, as fractions of the epochs for training all configurations to their end.
  package static let budgets = [0.05, 0.1]
  /// The median simple regret over the seeds at those budgets; nil if in most replays no configuration was trained to
  /// its end yet.
  package let regrets: [Double?]

  /// The summary of one or more replays.
  package init(_ replays: [Replay], tolerance: Double) {
    precondition(!replays.isEmpty, "no replays")
    let successes = replays.compactMap { $0.success(within: tolerance) }
    epochs = successes.map(\.epochs).sorted()
    reached = Double(successes.count(where: \.isOfSearch)) / Double(replays.count)
    work = replays.map(\.work).mean
    regrets = Self.budgets.map { share in
      let regrets = replays.map { $0.regret(atShare: share) ?? .infinity }
      return regrets.median.flatMap { $0.isFinite ? $0 : nil }
    }
  }

  /// The mean of the epochs.
  package var mean: Double { epochs.mean }

  /// Half the width of the 95 % confidence interval of the mean, by the normal approximation.
  package var margin: Double {
    guard epochs.count > 1 else { return .infinity }
    let squares = epochs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return 1.96 * (squares / Double(epochs.count - 1) / Double(epochs.count)).squareRoot()
  }

  /// A quantile of the epochs, with linear interpolation.
  package func quantile(_ share: Double) -> Double {
    let position = share * Double(epochs.count - 1)
    let (below, above) = (epochs[Int(position)], epochs[Int(position.rounded(.up))])
    return below + (above - below) * (position - position.rounded(.down))
  }
}

extension Replay {
  /// The regret after a fraction of the epochs for training all configurations to their end.
  fileprivate func regret(atShare share: Double) -> Double? {
    regret(afterEpochs: share * Double(curves.epochs * curves.curves.count))
  }
}

extension [Double] {
  /// The mean; NaN if the array is empty.
  package var mean: Double { reduce(0, +) / Double(count) }
}
