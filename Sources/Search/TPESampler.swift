import Randomness

/// What is known of a trial when a later one is drawn.
package struct Observation: Sendable {
  /// Where its values lie, by parameter.
  let positions: [Double]
  /// What it reached, more being better; nil as long as that is not to be known, and if it reached nothing.
  package var score: Double?

  /// A trial with these values.
  package init(_ values: [Value], in space: SearchSpace, score: Double? = nil) {
    positions = zip(space.parameters, values).map { $0.distribution.position(of: $1) }
    self.score = score
  }
}

/// Draws where good trials are denser than the others: a Tree-structured Parzen Estimator, over all parameters together.
///
/// The trials with the best scores are the good ones. Of some points drawn from the density of these it takes the one
/// at which that density is the greatest multiple of the density of the others. To the others belongs all that has no
/// score: what came to nothing, and what may still run, so that trials that run at the same time keep apart. Before
/// enough trials have a score it draws as `random` does. Where there are few points, it may draw one again.
///
/// Sources: see `ParzenEstimator`. The numbers below are Optuna's.
enum TPESampler {
  /// So many trials must have a score before any is learned from.
  private static let startUpTrials = 10
  /// So many points are drawn for a trial, of which it gets one.
  private static let candidates = 24
  /// Of so many trials with a score one is good, but not more than `mostGood` are.
  private static let trialsPerGood = 10
  private static let mostGood = 25
  /// So many of the others, the latest, are looked at; more would take longer and teach nothing.
  private static let mostOthers = 1000
  /// More trials would take longer to draw again, when a search is resumed, than anyone likes to wait.
  static let mostTrials = 10_000

  /// The values of the trial after those observed, which stand in the order of their numbers.
  static func values(
    seed: UInt64, trial: Int, in space: SearchSpace, after observations: [Observation]
  ) -> [Value] {
    let (good, others) = split(observations)
    guard !good.isEmpty else { return RandomSampler.values(seed: seed, trial: trial, in: space) }
    let best = ParzenEstimator(good, in: space)
    let rest = ParzenEstimator(others, in: space)
    var random = Philox(seed: seed, stream: Stream.tpe + UInt64(trial))
    let drawn = (0..<candidates).map { _ in
      zip(space.parameters, best.draw(with: &random)).map { $0.distribution.value(atPosition: $1) }
    }
    // Where their values lie, which of those that are few is the middle, not where they were drawn.
    let gains = drawn.map { values in
      let positions = Observation(values, in: space).positions
      return best.logDensity(at: positions) - rest.logDensity(at: positions)
    }
    let winner = gains.indices.reduce(0) { gains[$1] > gains[$0] ? $1 : $0 }
    return drawn[winner]
  }

  /// The positions of the good trials and of the others; no trial is good before the start is over.
  private static func split(_ observations: [Observation]) -> (good: [[Double]], others: [[Double]]) {
    let scored = observations.enumerated().compactMap { trial, observation in
      observation.score.map { (score: $0, trial: trial) }
    }
    guard scored.count >= startUpTrials else { return ([], []) }
    let count = min((scored.count + trialsPerGood - 1) / trialsPerGood, mostGood)
    let ranked = scored.sorted { $0.score != $1.score ? $0.score > $1.score : $0.trial < $1.trial }
    let good = Set(ranked.prefix(count).map(\.trial))
    let others = observations.indices.filter { !good.contains($0) }.suffix(mostOthers)
    return (good.sorted().map { observations[$0].positions }, others.map { observations[$0].positions })
  }
}
