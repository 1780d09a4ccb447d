/// The suggested values of the trials of a search, with any sampler.
///
/// With a learning sampler, the values of trial i depend only on the seed, i and the results of the trials below
/// `i - lag`. They do not depend on later results or on the order of reports. So they are the same for any number of
/// workers, and also after a restart, once all known results are reported again. Up to `lag + 1` trials can run at the
/// same time.
package struct Suggestions: Sendable {
  private let file: SearchFile
  /// The suggested values by trial; only with a learning sampler.
  private var suggested: [[Value]] = []
  /// The observations for the next suggestion, with the scores of the trials below its number minus the lag.
  private var observations: [Observation] = []
  /// The number of trials, from trial 0, whose scores are in `observations`.
  private var observedCount = 0
  /// The scores reported but not yet in `observations`, higher is better; NaN if a trial has no score.
  private var reported: [Int: Double] = [:]

  /// Suggestions for a search without any results.
  package init(of file: SearchFile) {
    self.file = file
  }

  /// Records the final objective of a trial; nil or not finite if it has none. Later reports of the same trial are
  /// ignored.
  package mutating func report(trial: Int, objective: Double?) {
    precondition((0..<file.trials).contains(trial), "trial \(trial) of \(file.trials)")
    guard file.sampler.learns, reported[trial] == nil, trial >= observedCount else { return }
    let score = objective ?? .nan
    reported[trial] = file.goal.isMaximized ? score : -score
  }

  /// The values of a trial, in the order of the space; nil while they depend on a trial without a report.
  package mutating func values(trial: Int) -> [Value]? {
    precondition((0..<file.trials).contains(trial), "trial \(trial) of \(file.trials)")
    guard file.sampler.learns else { return file.values(trial: trial) }
    while suggested.count <= trial {
      guard observeNextScore() else { return nil }
      let values = file.suggestion(trial: suggested.count, after: observations)
      suggested.append(values)
      observations.append(Observation(file.effective(values), in: file.space))
    }
    return suggested[trial]
  }

  /// The values of a trial that `values(trial:)` has returned before.
  package func recordedValues(trial: Int) -> [Value] {
    guard file.sampler.learns else { return file.values(trial: trial) }
    precondition(trial < suggested.count, "trial \(trial), but only \(suggested.count) have values")
    return suggested[trial]
  }

  /// The values of a trial; nil unless they can be told from what was asked for and reported so far.
  package func knownValues(trial: Int) -> [Value]? {
    let count = file.sampler.learns ? suggested.count : file.trials
    return (0..<count).contains(trial) ? recordedValues(trial: trial) : nil
  }

  /// Adds the latest score that the next suggestion needs to the observations; false if it is not reported yet.
  private mutating func observeNextScore() -> Bool {
    let trial = suggested.count - file.lag - 1
    guard trial == observedCount else { return true }
    guard let score = reported.removeValue(forKey: trial) else { return false }
    observations[trial].score = score.isFinite ? score : nil
    observedCount += 1
    return true
  }
}
