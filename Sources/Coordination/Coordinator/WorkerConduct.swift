/// How the attempts of one worker have ended, as far as that decides whether it gets more work.
///
/// A trial that fails on one worker and passes the same point on another was failed by the first.
struct WorkerConduct: Sendable, Equatable {
  /// Open suspicions from which on a worker gets no new trials.
  static let suspicionLimit = 3
  /// Proven breaches of rules that exclude a worker.
  static let breachLimit = 2
  /// Proven failures since its last success that exclude a worker.
  static let failureLimit = 3

  /// Trials that failed here and have not been decided elsewhere; true: by breaking a rule.
  private var suspicions: [Int: Bool] = [:]
  /// Trials that broke a rule here only.
  private var breaches: Set<Int> = []
  /// Trials that failed here only, since the last success.
  private var failures: Set<Int> = []

  /// An attempt here failed.
  mutating func suspect(_ trial: Int, isBreach: Bool) {
    suspicions[trial] = isBreach || suspicions[trial] == true
  }

  /// The worker is not at fault.
  mutating func acquit(of trial: Int) {
    suspicions[trial] = nil
  }

  /// The trial has ended by the word of workers of which none had brought a result: a success clears this.
  mutating func doubt(of trial: Int) {
    if suspicions[trial] != nil { suspicions[trial] = false }
  }

  /// Another worker got further with the trial.
  mutating func convict(of trial: Int) {
    guard let isBreach = suspicions.removeValue(forKey: trial) else { return }
    if isBreach { breaches.insert(trial) } else { failures.insert(trial) }
  }

  /// An attempt here brought a result.
  mutating func noteSuccess() {
    failures = []
    suspicions = suspicions.filter(\.value)
  }

  /// Whether there is nothing to remember.
  var isBlank: Bool { suspicions.isEmpty && breaches.isEmpty && failures.isEmpty }

  /// Whether it gets no new trials before another worker has tried those that failed here.
  var isOnProbation: Bool { suspicions.count >= Self.suspicionLimit }

  /// Why it must not get more work; nil if it may.
  var exclusion: String? {
    if breaches.count >= Self.breachLimit {
      return "\(breaches.count) of its trials broke a rule and succeeded on other workers"
    }
    return failures.count >= Self.failureLimit
      ? "its last \(failures.count) trials failed and succeeded on other workers" : nil
  }
}
