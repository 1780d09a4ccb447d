import Randomness

/// The values and score of an earlier trial, as a learning sampler sees them.
package struct Observation: Sendable {
  /// The position of each value in the space; nil for a parameter without an effect.
  let positions: [Double?]
  /// The score, higher is better; nil if the trial has none or it is not visible yet.
  package var score: Double?

  /// The observation of a trial with these values; nil for parameters without an effect.
  package init(_ values: [Value?], in space: SearchSpace, score: Double? = nil) {
    positions = zip(space.parameters, values).map { parameter, value in
      value.map { parameter.distribution.position(of: $0) }
    }
    self.score = score
  }
}

/// The Tree-structured Parzen Estimator (TPE), multivariate: over all parameters together.
///
/// It splits trials into the good ones, with the best scores, and the others. It samples candidates from the density
/// of the good trials and returns the one with the highest ratio of that density to the density of the others. Trials
/// without a score, failed or still running, belong to the others, so that concurrent trials keep apart. Before
/// enough trials have a score it samples like `random`. In a space of few points it may sample a point again.
///
/// Sources: see `ParzenEstimator`. The constants below are those of Optuna.
enum TPESampler {
  /// The number of trials with a score before the density is used.
  private static let startUpTrials = 10
  /// The number of candidates per trial.
  private static let candidates = 24
  /// The number of samples among which candidates are looked for.
  private static let mostSamples = 100 * candidates
  /// One in this many trials with a score is good, up to `mostGood`.
  private static let trialsPerGood = 10
  private static let mostGood = 25
  /// The maximum number of other trials, the latest; more take longer without better suggestions.
  private static let mostOthers = 1000
  /// The maximum number of trials: with more, resuming a search would take too long, because it samples all again.
  static let mostTrials = 10_000

  /// The values of the trial after the observed ones, which are in the order of their numbers.
  static func values(
    seed: UInt64, trial: Int, in space: SearchSpace, after observations: [Observation]
  ) -> [Value] {
    suggestion(seed: seed, trial: trial, in: space, after: observations) { $0 }
      ?? RandomSampler.values(seed: seed, trial: trial, in: space)
  }

  /// The suggested values of a trial; nil during the start-up trials, or if no candidate is allowed.
  ///
  /// - Parameter effective: the values with nil for parameters without an effect; nil if they are not allowed.
  static func suggestion(
    seed: UInt64, trial: Int, in space: SearchSpace, after observations: [Observation],
    effective: ([Value]) -> [Value?]?
  ) -> [Value]? {
    let (good, others) = split(observations)
    guard !good.isEmpty else { return nil }
    let best = ParzenEstimator(good, in: space)
    let rest = ParzenEstimator(others, in: space)
    var random = Philox(seed: seed, stream: Stream.tpe + UInt64(trial))
    var samples: [(values: [Value], effective: [Value?])] = []
    for _ in 0..<mostSamples where samples.count < candidates {
      let values = zip(space.parameters, best.sample(with: &random)).map { parameter, position in
        parameter.distribution.value(atPosition: position)
      }
      if let effective = effective(values) { samples.append((values, effective)) }
    }
    guard !samples.isEmpty else { return nil }
    // The positions of the values, not of the samples: a discrete value has the position of its middle.
    let gains = samples.map { sample in
      let positions = Observation(sample.effective, in: space).positions
      return best.logDensity(at: positions) - rest.logDensity(at: positions)
    }
    let winner = gains.indices.reduce(0) { gains[$1] > gains[$0] ? $1 : $0 }
    return samples[winner].values
  }

  /// The positions of the good trials and of the others; empty during the start-up trials.
  private static func split(_ observations: [Observation]) -> (good: [[Double?]], others: [[Double?]]) {
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
