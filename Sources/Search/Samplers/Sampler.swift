/// The samplers of configurations.
///
/// A sampler is a pure function of the seed and the trial number; a learning sampler also of observations of earlier
/// trials. It has no state, so the configurations do not depend on the number of workers, the order of trials or
/// restarts. To add a sampler, add a case here, a file, and a row in the conformance tests.
package enum Sampler: String, CaseIterable, Sendable {
  /// Independent samples from each distribution.
  case random
  /// The points of the grid in random order, without replacement.
  case randomGrid = "random-grid"
  /// The points of the grid in order; the last parameter changes fastest.
  case grid
  /// A scrambled Sobol sequence, which fills the space evenly.
  case sobol
  /// The Tree-structured Parzen Estimator; its first trials are those of `random`.
  case tpe

  /// Whether it samples each point of the grid once, which excludes continuous parameters.
  package var isWithoutReplacement: Bool {
    switch self {
    case .random, .sobol, .tpe: false
    case .randomGrid, .grid: true
    }
  }

  /// Whether its configurations depend on the results of earlier trials.
  package var learns: Bool { self == .tpe }

  /// The values of a trial, one per parameter, in the order of the space.
  ///
  /// For a grid sampler, the trial number must be below the number of grid points. A learning sampler needs
  /// observations of all earlier trials, in the order of their numbers; others ignore them.
  package func values(
    seed: UInt64, trial: Int, in space: SearchSpace, after observations: [Observation] = []
  ) -> [Value] {
    precondition(trial >= 0, "trial \(trial)")
    return switch self {
    case .random: RandomSampler.values(seed: seed, trial: trial, in: space)
    case .randomGrid: RandomGridSampler.values(seed: seed, trial: trial, in: space)
    case .grid: GridSampler.values(trial: trial, in: space)
    case .sobol: SobolSampler.values(seed: seed, trial: trial, in: space)
    case .tpe: TPESampler.values(seed: seed, trial: trial, in: space, after: observations)
    }
  }
}
