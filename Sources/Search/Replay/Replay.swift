/// A simulated search on recorded learning curves, with an epoch as the unit of time.
///
/// After the search, its stopped trials continue to their end, in the order of their ranking. So every replay finds
/// the best configuration eventually, and a method that stopped it pays the extra epochs.
package struct Replay: Sendable {
  /// The completion of a configuration's full training.
  package struct Finish: Hashable, Sendable {
    /// The index of the configuration.
    package let configuration: Int
    /// The epochs trained until then by all trials.
    package let epochs: Double
    /// The time of completion.
    package let time: Double
    /// Whether it completed within the search, not after it.
    package let isOfSearch: Bool
  }

  /// The learning curves.
  package let curves: LearningCurves
  /// The completed configurations, in order.
  package private(set) var finishes: [Finish] = []
  /// The epochs trained within the search.
  package private(set) var work = 0.0
  /// The duration of the search.
  package private(set) var makespan = 0.0

  private var replaySampler: ReplaySampler
  private let lag: Int?
  /// The configuration of each trial.
  private var configurations: [Int] = []
  /// The epochs that each trial has trained.
  private var reached: [Double] = []
  /// The scores of each trial, at rungs and after whole epochs.
  private var histories: [[Metrics]] = []
  /// The score by which each trial is compared; nil if it has diverged or not trained.
  private var scores: [Metrics?] = []
  /// The score of each trial at the first rung.
  private var firstScores: [Metrics?] = []
  private let goal: Goal
  private var trained = 0.0

  /// A running job and its end time.
  private struct Running {
    let job: TrainingJob
    let work: Double
    let end: Double
  }

  /// Replays a search with a number of slots; the seed determines the configurations of its trials.
  package init(
    _ method: ReplayMethod, on curves: LearningCurves, seed: UInt64, slots: Int = 1
  ) {
    self.curves = curves
    replaySampler = ReplaySampler(method.sampler, from: curves, seed: seed)
    goal = curves.goal.selecting(method.selection)
    lag = method.lag
    var scheduler = method.scheduler(on: curves)
    run(&scheduler, slots: slots)
    work = trained
    finishStopped()
  }

  private mutating func run(_ scheduler: inout any TrialScheduler, slots: Int) {
    var running: [Running] = []
    var now = 0.0
    while true {
      while running.count < slots, let job = scheduler.next() { running.append(begin(job, at: now)) }
      guard let index = running.indices.min(by: { (running[$0].end, $0) < (running[$1].end, $1) }) else {
        break
      }
      let ended = running.remove(at: index)
      now = ended.end
      scheduler.report(ended.job, end(ended, at: now, isOfSearch: true))
    }
    makespan = now
  }

  private mutating func begin(_ job: TrainingJob, at now: Double) -> Running {
    while configurations.count <= job.trial { sampleNext() }
    let work = curves.work(of: configurations[job.trial], from: reached[job.trial], to: job.epochs)
    return Running(job: job, work: work, end: now + work)
  }

  private mutating func sampleNext() {
    var known = scores
    if let lag {
      let visible = max(0, configurations.count - lag)
      known = firstScores.prefix(visible) + Array(repeating: nil, count: configurations.count - visible)
    }
    configurations.append(replaySampler.next(after: configurations, scores: known))
    reached.append(0)
    histories.append([])
    scores.append(nil)
    firstScores.append(nil)
  }

  private mutating func end(_ ended: Running, at now: Double, isOfSearch: Bool) -> Metrics? {
    let trial = ended.job.trial
    let configuration = configurations[trial]
    trained += ended.work
    scores[trial] = score(ended.job, of: configuration)
    if reached[trial] == 0 { firstScores[trial] = scores[trial] }
    reached[trial] = ended.job.epochs
    if ended.job.epochs == Double(curves.epochs) {
      finishes.append(
        Finish(configuration: configuration, epochs: trained, time: now, isOfSearch: isOfSearch))
    }
    return scores[trial]
  }

  /// The score by which a trial is compared at the end of a job.
  private mutating func score(_ job: TrainingJob, of configuration: Int) -> Metrics? {
    let (before, after) = (Int(reached[job.trial]), Int(job.epochs))
    histories[job.trial] += (before..<after).compactMap {
      curves.score(of: configuration, after: Double($0 + 1))
    }
    guard let score = curves.score(of: configuration, after: job.epochs) else { return nil }
    if job.epochs != job.epochs.rounded() { histories[job.trial].append(score) }
    return goal.decisive(histories[job.trial])
  }

  private mutating func finishStopped() {
    let all = Double(curves.epochs)
    let stopped = configurations.indices.filter { reached[$0] < all && scores[$0] != nil }.map { trial in
      TrialResult(
        trial: trial, values: [], status: .stopped, epochs: 0, budget: reached[trial] / all,
        metrics: scores[trial], goal: goal)
    }
    for result in Ranking.ranked(stopped, by: goal) {
      let running = begin(TrainingJob(trial: result.trial, epochs: all), at: makespan)
      _ = end(running, at: running.end, isOfSearch: false)
    }
  }
}

extension Replay {
  /// The first completed configuration within the tolerance of the best; nil only if all configurations diverged.
  package func success(within tolerance: Double) -> Finish? {
    let targets = curves.targets(within: tolerance)
    return finishes.first { targets.contains($0.configuration) }
  }

  /// The simple regret: the difference between the best objective and that of the best configuration completed within a
  /// budget of epochs; nil if none was completed.
  package func regret(afterEpochs budget: Double) -> Double? {
    let found = finishes.filter { $0.epochs <= budget }.compactMap { curves.objective(of: $0.configuration) }
      .max()
    return found.map { curves.best - $0 }
  }
}
