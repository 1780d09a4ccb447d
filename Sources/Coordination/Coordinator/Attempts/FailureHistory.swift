/// An attempt that failed: it ended without a result, and its trial or its worker may be the cause.
struct Failure: Sendable, Equatable {
  let attempt: AttemptID
  let worker: WorkerID
  let host: String
  /// Epochs completed before it failed.
  let epochs: Int
  let end: AttemptEnd
  /// What happened, for display.
  let detail: String
  /// Another worker has completed the epoch that failed: the trial is not at fault.
  var isRefuted = false
}

/// The failed attempts of one trial, and the verdict that follows from them.
///
/// A trial is a pure function: a failure caused by the trial occurs after the same epoch on every worker.
struct FailureHistory: Sendable, Equatable {
  /// The end of a trial that further attempts would not change.
  enum Verdict: Equatable {
    /// Its configuration cannot be trained.
    case failed(reason: String)
    case quarantined(reason: String)
    /// Its loss is not finite on any machine; the latest failure that shows it.
    case diverged(Failure)
  }

  /// How a worker is related to the failures of a trial. Lower values are better for the next attempt.
  enum Relation: Int, Comparable {
    case unrelated, sameHost, sameWorker

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// Observed failures after the same epoch that quarantine a trial.
  static let observedLimit = 3
  /// The same, including lost and released attempts, whose cause is usually external.
  static let silentLimit = 20
  /// Failures after any epochs that quarantine a trial.
  static let totalLimit = 100

  private(set) var failures: [Failure] = []

  mutating func append(_ failure: Failure) {
    failures.append(failure)
  }

  /// Removes the failure of an attempt that still runs or has failed in another way.
  mutating func remove(_ attempt: AttemptID) {
    failures.removeAll { $0.attempt == attempt }
  }

  /// Marks the failures of other workers before `epochs`, which `worker` has completed, as refuted.
  ///
  /// - Returns: the workers of these failures.
  mutating func refute(before epochs: Double, by worker: WorkerID?) -> [WorkerID] {
    var workers: [WorkerID] = []
    for index in failures.indices
    where failures[index].worker != worker && Double(failures[index].epochs) < epochs
      && !failures[index].isRefuted
    {
      failures[index].isRefuted = true
      workers.append(failures[index].worker)
    }
    return workers
  }

  /// The other workers that the next attempt could run on.
  struct Alternative {
    /// The relation of the best of them; `sameWorker` if there is none.
    var relation: Relation
    /// Whether one of them has delivered a result.
    var isProven = false
  }

  /// The verdict after the latest failure; nil if the trial runs again.
  ///
  /// - Parameters:
  ///   - workersWithResults: the workers that have delivered results. While other workers could try the trial, failures
  ///     on two unproven workers are not sufficient.
  ///   - failureLimit: the number of reports that it cannot be run that is sufficient; nil: until machines agree.
  func verdict(
    alternative: Alternative, workersWithResults: Set<WorkerID>, failureLimit: Int? = nil
  ) -> Verdict? {
    var open = failures.filter { !$0.isRefuted }
    if let failureLimit {
      let failed = failures.filter { $0.end == .failed }
      if failed.count >= failureLimit, let last = failed.last { return .failed(reason: last.detail) }
      open.removeAll { $0.end == .failed }
    }
    guard let last = open.last else { return nil }
    func isConfirmed(_ failures: [Failure]) -> Bool {
      Self.isConfirmed(
        failures, alternative, isProven: failures.contains { workersWithResults.contains($0.worker) })
    }
    let alike = open.filter { $0.epochs == last.epochs }
    if let diverged = open.last(where: { $0.end == .diverged }) {
      let same = open.filter { $0.end == .diverged && $0.epochs == diverged.epochs }
      let isOnlyHost = alternative.relation != .unrelated && last == diverged
      if same.workers > 1 || isOnlyHost { return .diverged(diverged) }
    }
    let failed = open.filter { $0.end == .failed }
    // If other attempts broke a rule, the report of one worker is not sufficient.
    let isUncontested = !open.contains { $0.end == .rejected }
    if last.end == .failed, failed.workers > 1 || isUncontested, isConfirmed(failed) {
      return .failed(reason: last.detail)
    }
    if open.count >= Self.totalLimit { return .quarantined(reason: reason(of: open)) }
    let rejected = alike.filter { $0.end == .rejected }
    let isBreach =
      last.end == .rejected && (rejected.workers > 1 || rejected.count >= Self.observedLimit)
      && isConfirmed(rejected)
    let isLimitReached =
      alike.count { $0.end.isObserved } >= Self.observedLimit || alike.count >= Self.silentLimit
    guard isBreach || (isLimitReached && isConfirmed(alike)) else { return nil }
    if let failure = alike.last(where: { $0.end == .failed }), rejected.isEmpty {
      return .failed(reason: failure.detail)
    }
    return .quarantined(reason: reason(of: alike))
  }

  /// Whether the failures come from enough different hosts, or from enough workers if only one host is left.
  private static func isConfirmed(
    _ failures: [Failure], _ alternative: Alternative, isProven: Bool
  ) -> Bool {
    let count: Int
    switch alternative.relation {
    case .unrelated: count = Set(failures.map(\.host)).count
    case .sameHost: count = failures.workers
    case .sameWorker: return true
    }
    if isProven || !failures.contains(where: \.end.isWorkersFault) { return count > 1 }
    return !alternative.isProven && count >= observedLimit
  }

  private func reason(of failures: [Failure]) -> String {
    "\(failures.count) attempts failed\(hosts), the last: \(failures.last?.detail ?? "")"
  }

  /// The hosts where attempts failed, for display.
  var hosts: String {
    let hosts = Set(failures.map(\.host)).subtracting([""]).sorted()
    guard !hosts.isEmpty else { return "" }
    return " on \(hosts.prefix(3).joined(separator: ", "))"
      + (hosts.count > 3 ? " and \(hosts.count - 3) more" : "")
  }

  /// Whether the trial is close to quarantine because its workers ended. It then runs alone, so that concurrent trials
  /// are not blamed.
  var isSuspect: Bool {
    Dictionary(grouping: failures, by: \.epochs).values.contains { alike in
      alike.count(where: \.end.endsWorker) >= Self.observedLimit - 1
        || alike.count { $0.end == .lost || $0.end == .killed } >= Self.silentLimit / 2
    }
  }

  /// The relation of a worker to the failures. A few lost or killed workers do not count against their host.
  func relation(to worker: WorkerID, on host: String) -> Relation {
    let counted = countedFailures
    if counted.contains(where: { $0.worker == worker }) { return .sameWorker }
    return counted.contains { $0.host == host } ? .sameHost : .unrelated
  }

  /// The number of failures that count against a worker.
  func count(on worker: WorkerID) -> Int { countedFailures.count { $0.worker == worker } }

  private var countedFailures: [Failure] {
    let silent = failures.count { !$0.end.isObserved && $0.end != .refused }
    return failures.filter { $0.end.isObserved || $0.end == .refused || silent >= Self.observedLimit }
  }
}

extension [Failure] {
  fileprivate var workers: Int { Set(map(\.worker)).count }
}

extension AttemptEnd {
  /// Whether the trial or its worker may be at fault.
  var isFailure: Bool { self == .lost || self == .killed || self == .refused || isObserved }

  /// Whether the failure itself was observed, not only that the worker was lost or killed or refused the trial.
  fileprivate var isObserved: Bool {
    self == .rejected || self == .failed || self == .diverged || endsWorker
  }

  /// Whether the trial may have ended its worker, and with it concurrent trials.
  fileprivate var endsWorker: Bool { self == .crashed || self == .revoked }

  /// Whether the trial backs off before its next attempt. A lost attempt has already waited for its lease; killed and
  /// interrupted attempts have an external cause.
  var delaysTrial: Bool { self == .released || self == .refused || isObserved }

  /// Whether later messages of the attempt are ignored.
  var isFinal: Bool {
    switch self {
    case .rejected, .failed, .diverged, .revoked, .refused: true
    case .finished, .superseded, .lost, .crashed, .killed, .released, .paused, .interrupted: false
    }
  }

  /// Whether it counts against a worker that is still connected.
  var isWorkersFault: Bool {
    self == .rejected || self == .failed || self == .diverged || self == .revoked
  }
}

/// Exponential backoff: 0 s, 1 s, 2 s, 4 s and so on, at most 60 s.
struct Backoff: Sendable, Equatable {
  static let longest = Duration.seconds(60)

  private var repetitions = 0
  /// The earliest time of the next repetition.
  private(set) var end = Duration.zero

  /// Starts the next, longer wait.
  mutating func extend(at now: Duration) {
    let wait = repetitions == 0 ? Duration.zero : min(.seconds(1 << min(repetitions - 1, 6)), Self.longest)
    repetitions += 1
    end = now + wait
  }
}
