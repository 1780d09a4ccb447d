/// What replays of one method under several seeds cost.
package struct ReplaySummary: Sendable {
  /// Epochs until a configuration was trained to its end that is within the tolerance of the best of all, ascending.
  package let epochs: [Double]
  /// The share of replays in which the search itself found it, before its stopped trials trained on.
  package let reached: Double
  /// The mean of the epochs that the search itself trained.
  package let work: Double
  /// Epochs at which `regrets` are told, as shares of those of training everything to its end.
  package static let budgets = [0.05, 0.1]
  /// The median, over the seeds, of how far the best found was from the best of all at those budgets; nil: in most replays
  /// nothing had been trained to its end yet.
  package let regrets: [Double?]

  /// Sums up replays of which there is one at least.
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

  /// The mean epochs.
  package var mean: Double { epochs.mean }

  /// Half the width of the mean's 95 % interval, by the normal approximation.
  package var margin: Double {
    guard epochs.count > 1 else { return .infinity }
    let squares = epochs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return 1.96 * (squares / Double(epochs.count - 1) / Double(epochs.count)).squareRoot()
  }

  /// A quantile of the epochs, linear between them.
  package func quantile(_ share: Double) -> Double {
    let place = share * Double(epochs.count - 1)
    let (below, above) = (epochs[Int(place)], epochs[Int(place.rounded(.up))])
    return below + (above - below) * (place - place.rounded(.down))
  }
}

extension Replay {
  /// The regret when so large a share of the epochs of training everything to its end has been trained.
  fileprivate func regret(atShare share: Double) -> Double? {
    regret(afterEpochs: share * Double(curves.epochs * curves.curves.count))
  }
}

extension [Double] {
  /// The mean; not a number where there are none.
  package var mean: Double { reduce(0, +) / Double(count) }
}
