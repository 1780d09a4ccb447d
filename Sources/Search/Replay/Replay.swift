/// A search run against recorded learning curves, an epoch taking one unit of time.
///
/// When the search has ended, its stopped trials train to their end too, those ranked best first, so that every replay finds the
/// best configuration sooner or later, and one that stopped it pays for that.
package struct Replay: Sendable {
  /// A configuration has been trained to its end.
  package struct Finish: Hashable, Sendable {
    /// Which.
    package let configuration: Int
    /// The epochs trained until then, by all trials.
    package let epochs: Double
    /// The time until then.
    package let time: Double
    /// Whether it belonged to the search itself, not to what came after.
    package let isOfSearch: Bool
  }

  /// What the replay was of.
  package let curves: LearningCurves
  /// What was trained to its end, in order.
  package private(set) var finishes: [Finish] = []
  /// The epochs that the search itself trained.
  package private(set) var work = 0.0
  /// The time that the search itself took.
  package private(set) var makespan = 0.0

  private var draw: ConfigurationDraw
  private let lag: Int?
  /// The configuration of each trial.
  private var configurations: [Int] = []
  /// What each trial has trained.
  private var reached: [Double] = []
  /// What was measured of each trial, at rungs and after whole epochs.
  private var histories: [[EpochScore]] = []
  /// What each trial is compared by; nil if it has diverged or trained nothing.
  private var scores: [EpochScore?] = []
  /// What it had come to at the first rung.
  private var firstScores: [EpochScore?] = []
  private let judging: Objective
  private var trained = 0.0

  /// A job and when it is over.
  private struct Running {
    let job: TrainingJob
    let work: Double
    let end: Double
  }

  /// Replays a search with so many slots; which configurations its trials have is drawn under the seed.
  package init(
    _ method: ReplayMethod, on curves: LearningCurves, seed: UInt64, slots: Int = 1
  ) {
    self.curves = curves
    draw = ConfigurationDraw(method.sampler, from: curves, seed: seed)
    judging = method.judging
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
      guard let place = running.indices.min(by: { (running[$0].end, $0) < (running[$1].end, $1) }) else {
        break
      }
      let over = running.remove(at: place)
      now = over.end
      scheduler.report(over.job, end(over, at: now, isOfSearch: true))
    }
    makespan = now
  }

  private mutating func begin(_ job: TrainingJob, at now: Double) -> Running {
    while configurations.count <= job.trial { drawNext() }
    let work = curves.work(of: configurations[job.trial], from: reached[job.trial], to: job.epochs)
    return Running(job: job, work: work, end: now + work)
  }

  private mutating func drawNext() {
    var known = scores
    if let lag {
      let told = max(0, configurations.count - lag)
      known = firstScores.prefix(told) + Array(repeating: nil, count: configurations.count - told)
    }
    configurations.append(draw.next(after: configurations, scores: known))
    reached.append(0)
    histories.append([])
    scores.append(nil)
    firstScores.append(nil)
  }

  private mutating func end(_ over: Running, at now: Double, isOfSearch: Bool) -> EpochScore? {
    let configuration = configurations[over.job.trial]
    trained += over.work
    scores[over.job.trial] = judge(over.job, of: configuration)
    if reached[over.job.trial] == 0 { firstScores[over.job.trial] = scores[over.job.trial] }
    reached[over.job.trial] = over.job.epochs
    if over.job.epochs == Double(curves.epochs) {
      finishes.append(
        Finish(configuration: configuration, epochs: trained, time: now, isOfSearch: isOfSearch))
    }
    return scores[over.job.trial]
  }

  /// What a trial is compared by when a job of it is over.
  private mutating func judge(_ job: TrainingJob, of configuration: Int) -> EpochScore? {
    let (before, after) = (Int(reached[job.trial]), Int(job.epochs))
    histories[job.trial] += (before..<after).compactMap {
      curves.score(of: configuration, after: Double($0 + 1))
    }
    guard let score = curves.score(of: configuration, after: job.epochs) else { return nil }
    if job.epochs != job.epochs.rounded() { histories[job.trial].append(score) }
    return judging.decisive(histories[job.trial])
  }

  private mutating func finishStopped() {
    let all = Double(curves.epochs)
    let stopped = configurations.indices.filter { reached[$0] < all && scores[$0] != nil }.map { trial in
      TrialResult(
        trial: trial, values: [], status: .stopped, epochs: 0, budget: reached[trial] / all,
        objective: scores[trial]?.valAccuracy, valLoss: scores[trial]?.valLoss)
    }
    for result in Ranking.ranked(stopped, by: .valAccuracy) {
      let over = begin(TrainingJob(trial: result.trial, epochs: all), at: makespan)
      _ = end(over, at: over.end, isOfSearch: false)
    }
  }
}

extension Replay {
  /// The first configuration within the tolerance of the best of all that was trained to its end. There always is one, if any
  /// configuration of the table did not diverge.
  package func success(within tolerance: Double) -> Finish? {
    let targets = curves.targets(within: tolerance)
    return finishes.first { targets.contains($0.configuration) }
  }

  /// How far the best configuration trained to its end within so many epochs is from the best of all; nil if none was.
  package func regret(afterEpochs budget: Double) -> Double? {
    let found = finishes.filter { $0.epochs <= budget }.compactMap { curves.accuracy(of: $0.configuration) }
      .max()
    return found.map { curves.best - $0 }
  }
}
