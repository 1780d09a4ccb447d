/// How the configurations of a search are drawn.
///
/// A sampler is a pure function of (seed, trial number), and of what is known of earlier trials if it learns: it keeps no
/// state, so that any number of workers, in any order, and after any restart, get the same list. A new one is a case
/// here and a file; the conformance suite in the tests has a row for each case.
package enum Sampler: String, CaseIterable, Sendable {
  /// Independent draws from each distribution.
  case random
  /// Different points of the grid, in random order.
  case randomGrid = "random-grid"
  /// The points of the grid one after the other; the last parameter changes fastest.
  case grid
  /// Points that fill the space evenly, in an order of which every beginning does.
  case sobol
  /// Points where good trials are denser than others; the first ones as `random` draws them.
  case tpe

  /// Whether it visits each point of the grid once, and so needs parameters with finitely many
  /// values.
  package var walksTheGrid: Bool {
    switch self {
    case .random, .sobol, .tpe: false
    case .randomGrid, .grid: true
    }
  }

  /// Whether what it draws depends on what earlier trials reached.
  package var learns: Bool { self == .tpe }

  /// The values of a trial, one for each parameter of the space, in its order.
  ///
  /// A sampler that walks the grid has as many trials as the grid has points. One that learns is given the earlier
  /// trials in the order of their numbers; others do not look at them.
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
