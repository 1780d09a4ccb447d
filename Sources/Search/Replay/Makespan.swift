/// How long searches take on several slots, an epoch taking one unit of time.
package struct Makespan: Sendable {
  /// The times of the replays, in epochs.
  package let times: [Double]
  /// The least time that each could have taken: its work on all slots, or one whole training.
  package let bounds: [Double]
  /// The epochs trained by each.
  package let works: [Double]

  /// Replays a method on so many configurations, drawn from the table under each seed.
  package init(
    _ method: ReplayMethod, trials: Int, slots: Int, on curves: LearningCurves, seeds: Range<UInt64>
  ) {
    let replays = seeds.map { seed in
      Replay(method, on: curves.sample(trials, seed: seed), seed: seed, slots: slots)
    }
    times = replays.map(\.makespan)
    works = replays.map(\.work)
    bounds = works.map { max($0 / Double(slots), Double(curves.epochs)) }
  }

  /// The times as multiples of the least.
  package var ratios: [Double] { zip(times, bounds).map { $0 / $1 } }
}
