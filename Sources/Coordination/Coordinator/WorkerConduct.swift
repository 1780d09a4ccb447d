/// The failures and breaches of one worker, which decide whether it gets more work.
///
/// If a trial fails on one worker and passes the same epoch on another, the first worker is at fault.
struct WorkerConduct: Sendable, Equatable {
  /// Open suspicions that put a worker on probation: it gets no new trials.
  static let suspicionLimit = 3
  /// Confirmed breaches of rules that exclude a worker.
  static let breachLimit = 2
  /// Confirmed failures since its last success that exclude a worker.
  static let failureLimit = 3

  /// Trials that failed here and are not yet decided on other workers; true if they broke a rule.
  private var suspicions: [Int: Bool] = [:]
  /// Trials that broke a rule only here.
  private var breaches: Set<Int> = []
  /// Trials that failed only here, since the last success.
  private var failures: Set<Int> = []

  /// Records that a trial failed here.
  mutating func suspect(_ trial: Int, isBreach: Bool) {
    suspicions[trial] = isBreach || suspicions[trial] == true
  }

  /// Removes a suspicion: the worker is not at fault.
  mutating func clearSuspicion(of trial: Int) {
    suspicions[trial] = nil
  }

  /// Weakens a suspicion, so that a success removes it: the trial has ended, but no worker that failed it was proven.
  mutating func clearBreach(of trial: Int) {
    if suspicions[trial] != nil { suspicions[trial] = false }
  }

  /// Confirms a suspicion: another worker got further with the trial.
  mutating func confirmSuspicion(of trial: Int) {
    guard let isBreach = suspicions.removeValue(forKey: trial) else { return }
    if isBreach { breaches.insert(trial) } else { failures.insert(trial) }
  }

  /// Records that an attempt here delivered a result.
  mutating func recordSuccess() {
    failures = []
    suspicions = suspicions.filter(\.value)
  }

  /// Whether nothing is recorded.
  var isEmpty: Bool { suspicions.isEmpty && breaches.isEmpty && failures.isEmpty }

  /// Whether it gets no new trials until other workers have tried those that failed here.
  var isOnProbation: Bool { suspicions.count >= Self.suspicionLimit }

  /// Why the worker is excluded; nil if it is not.
  var exclusion: String? {
    if breaches.count >= Self.breachLimit {
      return "\(breaches.count) of its trials broke a rule and succeeded on other workers"
    }
    return failures.count >= Self.failureLimit
      ? "its last \(failures.count) trials failed and succeeded on other workers" : nil
  }
}
