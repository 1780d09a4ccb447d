/// The failures and protocol violations of one worker, which decide whether it gets more work.
///
/// If a trial fails on one worker and passes the same epoch on another, the first worker is at fault.
struct WorkerFailures: Sendable, Equatable {
  /// Unconfirmed failures after which a worker gets no new trials.
  static let unconfirmedLimit = 3
  /// Confirmed protocol violations that exclude a worker.
  static let violationLimit = 2
  /// Confirmed failures since its last success that exclude a worker.
  static let failureLimit = 3

  /// Trials that failed here and are not yet decided on other workers; true if they broke a rule.
  private var unconfirmedFailures: [Int: Bool] = [:]
  /// Trials that broke a rule only here.
  private var violations: Set<Int> = []
  /// Trials that failed only here, since the last success.
  private var failures: Set<Int> = []

  /// Records that a trial failed here.
  mutating func recordFailure(_ trial: Int, isViolation: Bool) {
    unconfirmedFailures[trial] = isViolation || unconfirmedFailures[trial] == true
  }

  /// Removes an unconfirmed failure: the worker is not at fault.
  mutating func removeFailure(of trial: Int) {
    unconfirmedFailures[trial] = nil
  }

  /// Downgrades a violation to a failure, which a success removes: the trial has ended, but no other worker succeeded.
  mutating func downgradeViolation(of trial: Int) {
    if unconfirmedFailures[trial] != nil { unconfirmedFailures[trial] = false }
  }

  /// Confirms a failure: another worker got further with the trial.
  mutating func confirmFailure(of trial: Int) {
    guard let isViolation = unconfirmedFailures.removeValue(forKey: trial) else { return }
    if isViolation { violations.insert(trial) } else { failures.insert(trial) }
  }

  /// Records that an attempt here delivered a result.
  mutating func recordSuccess() {
    failures = []
    unconfirmedFailures = unconfirmedFailures.filter(\.value)
  }

  /// Whether nothing is recorded.
  var isEmpty: Bool { unconfirmedFailures.isEmpty && violations.isEmpty && failures.isEmpty }

  /// Whether it gets no new trials until other workers have tried those that failed here.
  var getsNoNewTrials: Bool { unconfirmedFailures.count >= Self.unconfirmedLimit }

  /// Why the worker is excluded; nil if it is not.
  var exclusionReason: String? {
    if violations.count >= Self.violationLimit {
      return "\(violations.count) of its trials broke a rule and succeeded on other workers"
    }
    return failures.count >= Self.failureLimit
      ? "its last \(failures.count) trials failed and succeeded on other workers" : nil
  }
}
