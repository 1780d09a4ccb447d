/// The values of the trials of a search, by whatever sampler, as far as they are settled by what has been reported.
///
/// With a sampler that learns, the values of trial i follow from the seed, i, and the results of the trials below
/// i - lag, and from nothing else: not from later results that happen to be known, nor from the order of reports. So
/// they are the same for any number of workers and after any restart, for which it is enough to report again what is
/// known. Up to lag + 1 trials can run at once without waiting for each other.
package struct Suggestions: Sendable {
  private let file: SearchFile
  /// By trial; only with a sampler that learns.
  private var drawn: [[Value]] = []
  /// As the next draw may know them: with the scores of the trials below its number less the lag.
  private var observations: [Observation] = []
  /// The trials below this one have been reported, and draws know of it.
  private var settled = 0
  /// The scores of others, more being better; not a number if a trial came to nothing.
  private var reported: [Int: Double] = [:]

  /// The trials of a file of which none has been reported.
  package init(of file: SearchFile) {
    self.file = file
  }

  /// A trial has reached this value of the objective for good; nil or not finite if it came to nothing. What is reported
  /// of the same trial later changes nothing.
  package mutating func report(trial: Int, objective: Double?) {
    precondition((0..<file.trials).contains(trial), "trial \(trial) of \(file.trials)")
    guard file.sampler.learns, reported[trial] == nil, trial >= settled else { return }
    let score = objective ?? .nan
    reported[trial] = file.objective.isMaximized ? score : -score
  }

  /// The values of a trial, in the order of the space; nil while they depend on a trial that has not been reported.
  package mutating func values(trial: Int) -> [Value]? {
    precondition((0..<file.trials).contains(trial), "trial \(trial) of \(file.trials)")
    guard file.sampler.learns else { return file.values(trial: trial) }
    while drawn.count <= trial {
      guard settle() else { return nil }
      let values = file.sampler.values(
        seed: file.seed, trial: drawn.count, in: file.space, after: observations)
      drawn.append(values)
      observations.append(Observation(values, in: file.space))
    }
    return drawn[trial]
  }

  /// The values of a trial that `values(trial:)` has told before.
  package func recordedValues(trial: Int) -> [Value] {
    guard file.sampler.learns else { return file.values(trial: trial) }
    precondition(trial < drawn.count, "trial \(trial), of which \(drawn.count) are drawn")
    return drawn[trial]
  }

  /// Lets the next draw know the latest score that it must; false while that is missing.
  private mutating func settle() -> Bool {
    let trial = drawn.count - file.lag - 1
    guard trial == settled else { return true }
    guard let score = reported.removeValue(forKey: trial) else { return false }
    observations[trial].score = score.isFinite ? score : nil
    settled += 1
    return true
  }
}
