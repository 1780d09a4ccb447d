/// The makespans of replays on several slots, with an epoch as the unit of time.
package struct Makespan: Sendable {
  /// The makespan of each replay, in epochs.
  package let times: [Double]
  /// The lower bound of each makespan: its work divided by the slots, or one full training.
  package let bounds: [Double]
  /// The epochs trained in each replay.
  package let epochsTrained: [Double]

  /// Replays a method with each seed on a random subset of the table.
  package init(
    _ method: ReplayMethod, trials: Int, slots: Int, on curves: LearningCurves, seeds: Range<UInt64>
  ) {
    let replays = seeds.map { seed in
      Replay(method, on: curves.sample(trials, seed: seed), seed: seed, slots: slots)
    }
    times = replays.map(\.makespan)
    epochsTrained = replays.map(\.work)
    bounds = epochsTrained.map { max($0 / Double(slots), Double(curves.epochs)) }
  }

  /// The makespans divided by their lower bounds.
  package var ratios: [Double] { zip(times, bounds).map { $0 / $1 } }
}
