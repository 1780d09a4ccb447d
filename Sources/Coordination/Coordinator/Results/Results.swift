import Search

/// The trials of a search, their values and their results, with the replicates of the best of them.
struct Results: Sendable {
  private let file: SearchFile
  /// The sampled values of trials.
  private var suggestions: Suggestions
  /// The results of trials, by number.
  private(set) var trials: [Int: TrialEnd] = [:]
  /// The best of them so far; with ASHA also of the provisional results.
  private(set) var best: TrialEnd?
  /// The sum of their epochs.
  private(set) var epochs = 0.0
  /// The results of replicates, by number.
  private(set) var replicates: [Int: TrialEnd]
  /// Replicates that are required and have not ended.
  private(set) var pendingReplicates: Set<Int> = []
  /// The re-evaluation of the top trials with new seeds; nil if disabled.
  private(set) var reevaluation: Reevaluation?
  /// The number of trials; an upper bound while the search is open-ended.
  private(set) var trialCount: Int
  /// Whether no more trials begin or are promoted.
  private(set) var isComplete: Bool
  /// Whether the next trial cannot be sampled before running trials report.
  private(set) var waitsForResults = false

  /// The results on disk.
  init(of file: SearchFile, from snapshot: Snapshot) {
    self.file = file
    suggestions = Suggestions(of: file)
    let ends = Dictionary(snapshot.results.map { ($0.trial, $0) }) { first, _ in first }
    replicates = ends.filter { $0.key >= file.trials }
    trialCount = snapshot.trialCount ?? file.trials
    isComplete = snapshot.trialCount != nil
    trials = ends.filter { $0.key < file.trials }
    reevaluation = file.reevaluation(of: trialCount)
    resumeSuggestions(snapshot)
    for end in trials.values { recordBest(end) }
  }

  /// Whether a snapshot has all results that the values of its trials follow from.
  static func isComplete(_ snapshot: Snapshot, of file: SearchFile) -> Bool {
    guard file.sampler.learns else { return true }
    let ended = snapshot.results.map(\.trial)
    let begun =
      snapshot.openAttempts.map { Replicate(number: $0.trial).trial } + ended.filter { $0 < file.trials }
    let known = Set(ended + (file.rungs.isEmpty ? [] : (snapshot.rungs.first ?? []).map(\.trial)))
    return (0..<max(0, (begun.max() ?? 0) - file.lag)).allSatisfy(known.contains)
  }

  /// Replays the suggestions of the last generation.
  private mutating func resumeSuggestions(_ snapshot: Snapshot) {
    guard file.sampler.learns else { return }
    if file.rungs.isEmpty {
      for end in trials.values { reportEnd(end) }
    } else {
      for reached in snapshot.rungs.first ?? [] { reportScore(reached.metrics, of: reached.trial) }
      for end in trials.values { reportScore(nil, of: end.trial) }
    }
    let begun = snapshot.openAttempts.map { Replicate(number: $0.trial).trial } + trials.keys
    guard let last = begun.max() else { return }
    guard suggestions.values(trial: last) != nil else {
      preconditionFailure("trial \(last) has begun, and results that it follows from are missing")
    }
  }

  func isReplicate(_ number: Int) -> Bool { number >= file.trials }

  /// Whether all trials and all required replicates have ended.
  var isFinished: Bool { trials.count == trialCount && pendingReplicates.isEmpty }

  // MARK: Values

  /// The values of a trial or replicate that has begun.
  func values(_ number: Int) -> [Value] { suggestions.recordedValues(trial: Replicate(number: number).trial) }

  /// The values of a trial or replicate; nil if they are not known: a trial with a learning sampler has not begun since
  /// its result was deleted.
  func knownValues(_ number: Int) -> [Value]? {
    suggestions.knownValues(trial: Replicate(number: number).trial)
  }

  /// Samples the next trial, nil if all have begun; false if it must wait for the results of others.
  mutating func sample(_ trial: Int?) -> Bool {
    let isKnown = trial.map { suggestions.values(trial: $0) != nil } ?? false
    waitsForResults = trial != nil && !isKnown
    return isKnown
  }

  /// The maximum epochs of a trial or replicate that has begun.
  func epochs(of number: Int) -> Double { Double(file.epochs(values(number))) }

  /// The result to rank and display.
  func result(of end: TrialEnd) -> TrialResult { file.result(of: end, values(end.trial)) }

  // MARK: Events

  /// Records the result of a trial or replicate.
  ///
  /// - Returns: the replicates that are required now.
  mutating func record(_ end: TrialEnd) -> [Int] {
    guard !isReplicate(end.trial) else {
      replicates[end.trial] = end
      pendingReplicates.remove(end.trial)
      return []
    }
    trials[end.trial] = end
    if file.rungs.isEmpty { reportEnd(end) }
    recordBest(end)
    return requireReplicates(after: end)
  }

  /// Requires the replicates that are certain to be needed now that a trial has ended, except those with results.
  ///
  /// - Returns: those that were not required before.
  mutating func requireReplicates(after end: TrialEnd) -> [Int] {
    let result = result(of: end)
    let wanted = (reevaluation?.report(result) ?? []).map(\.number)
    return wanted.filter { replicates[$0] == nil && pendingReplicates.insert($0).inserted }
  }

  /// Ends the start and promotion of trials, of which `begun` have begun.
  ///
  /// - Returns: the replicates that are required now.
  mutating func complete(begun: Int) -> [Int] {
    isComplete = true
    guard begun < trialCount else { return [] }
    trialCount = begun
    reevaluation = file.reevaluation(of: trialCount)
    return trials.values.flatMap { requireReplicates(after: $0) }
  }

  /// Reports the metrics of a trial at the first rung, nil for none, to a learning sampler. Most trials begin before
  /// the first ones end, so with rungs it learns from these.
  mutating func reportScore(_ metrics: Metrics?, of trial: Int) {
    suggestions.report(trial: trial, objective: metrics.map(file.goal.value))
  }

  private mutating func reportEnd(_ end: TrialEnd) {
    let hasScore = end.status == .done || end.status == .stopped
    reportScore(hasScore ? end.metrics : nil, of: end.trial)
  }

  private mutating func recordBest(_ end: TrialEnd) {
    epochs += end.epochs
    let wasBest = best?.trial == end.trial
    if wasBest { best = nil }
    updateBest(with: end)
    // The best trial ended without a score.
    if wasBest, best == nil { for other in trials.values { updateBest(with: other) } }
  }

  mutating func updateBest(with end: TrialEnd) {
    guard end.status == .done || end.status == .stopped || end.status == .paused else { return }
    guard let current = best, !Ranking.isBetter(result(of: end), result(of: current), file.goal) else {
      best = end
      return
    }
  }

  // MARK: Re-evaluation

  /// Whether a number is a trial or a required replicate of this search.
  func isWanted(_ number: Int) -> Bool {
    !isReplicate(number) || reevaluation?.candidates.contains(Replicate(number: number).trial) == true
  }

  /// The result of a trial's replicates; nil unless all have ended.
  func reevaluated(_ trial: Int) -> Reevaluated? {
    guard let reevaluation, reevaluation.candidates.contains(trial) else { return nil }
    let ends = (1...reevaluation.seeds).map { replicates[Replicate($0, of: trial).number] }
    return Reevaluated(ends.compactMap { $0.map(result(of:)) }, of: file.metrics.estimated)
  }

  // MARK: Invariants

  /// Sentences about what does not hold; none if all is well.
  func checkInvariants() -> [String] {
    var broken: [String] = []
    if trials.count > trialCount { broken.append("more trials have ended than there are") }
    if pendingReplicates.contains(where: { replicates[$0] != nil }) {
      broken.append("a replicate that has ended is required")
    }
    if !pendingReplicates.allSatisfy(isWanted) { broken.append("a replicate of no candidate is required") }
    return broken
  }
}
