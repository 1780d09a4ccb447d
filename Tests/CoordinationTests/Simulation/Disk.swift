import Search

@testable import Coordination

/// A violated guarantee.
struct Violation: Error, CustomStringConvertible {
  let description: String

  init(_ text: String) {
    description = text
  }
}

/// The database of a simulated coordinator. Checks the constraints of its tables and the guarantees of the protocol.
/// Commits are atomic.
struct Disk {
  struct Attempt {
    let trial: Int
    let worker: WorkerID
    let key: String
    var end: AttemptEnd?
    var epochs: [Metrics] = []
    var inherited = 0
    /// Whether it lost reports with a newer copy of the disk.
    var lacksReports = false
  }

  static let search = SearchID(7)
  /// The dataset digest of all good workers.
  static let dataset = [UInt8](repeating: 0xDA, count: Limits.digest)

  private(set) var attempts: [AttemptID: Attempt] = [:]
  private(set) var results: [Int: TrialEnd] = [:]
  private(set) var lastAttempt = AttemptID(0)
  /// The incarnation of the current coordinator's attempts.
  private var lastIncarnation: UInt32 = 0
  /// The current generation.
  private(set) var generation: UInt64 = 0
  /// The attempts that hold a trial's lease: one, and at most one speculative attempt.
  private var holders: [Int: Set<AttemptID>] = [:]
  private var workers: [WorkerID: WorkerDescription] = [:]
  /// The checkpoints that trials can resume from.
  private(set) var checkpoints: [Int: StoredCheckpoint] = [:]
  private var rungs: [[RungScore]] = []
  /// The dataset digest of all results; nil before the first epoch.
  private(set) var data: [UInt8]?
  /// The number of attempts of each trial that failed or broke a rule.
  private(set) var failureCounts: [Int: Int] = [:]
  /// Excluded workers.
  private(set) var excluded: [WorkerID: String] = [:]
  /// The final number of trials; nil while it is open.
  private(set) var trialCount: Int?
  /// The attempts that completed each trial.
  private var curves: [Int: AttemptID] = [:]
  /// Whether a coordinator has locked the file.
  var isLocked = false

  /// The disk of a new search, optionally with a known dataset digest.
  init(knowsData: Bool) {
    data = knowsData ? Self.dataset : nil
  }

  /// Locks the file and returns its state; nil while another coordinator runs.
  ///
  /// - Parameters:
  ///   - time: the time in milliseconds.
  ///   - incarnation: a random number.
  mutating func begin(at time: UInt64, incarnation: UInt32) -> Snapshot? {
    guard !isLocked else { return nil }
    isLocked = true
    generation = max(generation + 1, time)
    lastIncarnation = incarnation
    let open = attempts.filter { results[$0.value.trial] == nil }.sorted { $0.key < $1.key }
    return Snapshot(
      search: Self.search, generation: generation, incarnation: incarnation, lastAttempt: lastAttempt,
      results: results.values.sorted { $0.trial < $1.trial },
      openAttempts: open.map { id, attempt in
        .init(
          id: id, trial: attempt.trial, worker: attempt.worker,
          host: workers[attempt.worker]?.host ?? "", isLocal: workers[attempt.worker]?.isLocal ?? false,
          key: attempt.key, end: attempt.end,
          epochs: attempt.epochs, inherited: attempt.inherited)
      },
      checkpoints: checkpoints.values.sorted { $0.trial < $1.trial }, rungs: rungs, data: data,
      trialCount: trialCount,
      curves: curves.sorted { $0.key < $1.key }.map { attempts[$0.value]?.epochs ?? [] },
      excluded: excluded, hadRemoteWorkers: workers.values.contains { !$0.isLocal })
  }

  mutating func commit(_ decisions: [Decision]) throws(Violation) {
    for decision in decisions { try write(decision) }
  }

  private mutating func write(_ decision: Decision) throws(Violation) {
    switch decision {
    case .workerJoined(let id, let description): workers[id] = description
    case .attemptStarted(let id, let trial, let worker): try start(id, trial, worker)
    case .epochsInherited(let id, let source, let count): try inherit(id, source, count)
    case .checkpointStored(let stored): try store(stored)
    case .rungReached(let reached, let rung): try note(reached, rung)
    case .epochEnded(let id, let number, let epoch, _): try append(epoch, number, to: id)
    case .attemptEnded(let id, let end, let detail):
      try finish(id, end)
      attempts[id]?.lacksReports = detail == Coordinator.missingReports
    case .attemptResumed(let id): try resume(id)
    case .dataKnown(let digest):
      guard data == nil, digest == Self.dataset else { throw Violation("the data are others") }
      data = digest
    case .trialsComplete(let count):
      guard trialCount == nil else { throw Violation("there are \(count) trials, not \(trialCount!)") }
      trialCount = count
    case .workerExcluded(let id, let reason): excluded[id] = reason
    case .trialEnded(let end, let id): try record(end, by: id)
    }
  }

  private mutating func start(_ id: AttemptID, _ trial: Int, _ worker: WorkerID) throws(Violation) {
    guard excluded[worker] == nil else { throw Violation("attempt \(id.number) goes to an excluded worker") }
    guard id > lastAttempt else { throw Violation("attempt \(id.number) after \(lastAttempt.number)") }
    guard workers[worker] != nil else { throw Violation("attempt \(id.number) of an unknown worker") }
    lastAttempt = id
    attempts[id] = Attempt(trial: trial, worker: worker, key: workers[worker]?.key ?? "")
    try giveLease(of: trial, to: id)
  }

  private mutating func giveLease(of trial: Int, to id: AttemptID) throws(Violation) {
    guard results[trial] == nil else {
      throw Violation("attempt \(id.number) runs trial \(trial), which has ended")
    }
    if let others = holders[trial],
      others.count > 1 || others.contains(where: { attempts[$0]?.worker == attempts[id]?.worker })
    {
      throw Violation("trial \(trial) has leases too many: attempts \(others) and \(id.number)")
    }
    holders[trial, default: []].insert(id)
  }

  private mutating func inherit(_ id: AttemptID, _ source: AttemptID, _ count: Int) throws(Violation) {
    guard let attempt = attempts[id], let earlier = attempts[source], attempt.trial == earlier.trial,
      attempt.epochs.isEmpty, earlier.epochs.count >= count,
      // A speculative attempt resumes from a checkpoint of an attempt that was lost and runs again.
      earlier.end != nil || holders[attempt.trial]?.contains(source) == true
    else { throw Violation("attempt \(id.number) inherits what attempt \(source.number) has not") }
    attempts[id]?.epochs = Array(earlier.epochs.prefix(count))
    attempts[id]?.inherited = count
  }

  private mutating func store(_ stored: StoredCheckpoint) throws(Violation) {
    guard let attempt = attempts[stored.attempt], attempt.trial == stored.trial, results[stored.trial] == nil,
      stored.checkpoint.epochs <= attempt.epochs.count
    else { throw Violation("a checkpoint of attempt \(stored.attempt.number), which it cannot be") }
    checkpoints[stored.trial] = stored
  }

  private mutating func append(
    _ epoch: Metrics, _ number: Int, to id: AttemptID
  ) throws(Violation) {
    guard let attempt = attempts[id] else { throw Violation("an epoch of no attempt \(id.number)") }
    guard number == attempt.epochs.count + 1 else {
      throw Violation("epoch \(number) of attempt \(id.number) after epoch \(attempt.epochs.count)")
    }
    guard attempt.end?.isFinal != true, results[attempt.trial] == nil else {
      throw Violation("an epoch of attempt \(id.number), which has ended")
    }
    attempts[id]?.epochs.append(epoch)
  }

  private mutating func note(_ reached: RungScore, _ rung: Int) throws(Violation) {
    while rungs.count <= rung { rungs.append([]) }
    guard rungs[...rung].map({ $0.contains { $0.trial == reached.trial } }) == (0...rung).map({ $0 < rung })
    else { throw Violation("trial \(reached.trial) reaches rung \(rung) out of order") }
    rungs[rung].append(reached)
  }

  private mutating func finish(_ id: AttemptID, _ end: AttemptEnd) throws(Violation) {
    guard let attempt = attempts[id] else { throw Violation("the end of no attempt \(id.number)") }
    guard attempt.end?.isFinal != true, attempt.end != .finished else {
      throw Violation("attempt \(id.number) is \(end) after it was \(attempt.end!)")
    }
    attempts[id]?.end = end
    holders[attempt.trial]?.remove(id)
    if end == .rejected || end == .failed || end == .diverged {
      failureCounts[attempt.trial, default: 0] += 1
    }
  }

  private mutating func resume(_ id: AttemptID) throws(Violation) {
    guard let attempt = attempts[id], let end = attempt.end, !end.isFinal else {
      throw Violation("attempt \(id.number) comes back from nowhere")
    }
    attempts[id]?.end = nil
    try giveLease(of: attempt.trial, to: id)
  }

  private mutating func record(_ end: TrialEnd, by id: AttemptID) throws(Violation) {
    guard results[end.trial] == nil else { throw Violation("trial \(end.trial) has two results") }
    guard let attempt = attempts[id], attempt.trial == end.trial else {
      throw Violation("trial \(end.trial) ends by attempt \(id.number) of another")
    }
    guard
      end.status == .quarantined || attempt.end == .finished
        || (end.status == .failed && attempt.end == .failed)
        || (end.status == .diverged && attempt.end == .diverged)
        || (end.status == .stopped && attempt.end != nil)
    else {
      throw Violation("trial \(end.trial) ends by attempt \(id.number), which did not finish")
    }
    results[end.trial] = end
    if end.status == .done, Replicate(number: end.trial).index == 0 { curves[end.trial] = id }
    checkpoints[end.trial] = nil
    holders[end.trial] = nil
  }

  /// Whether the sender of a message may drop it: it is committed or obsolete.
  func covers(_ id: AttemptID, _ sequence: Int) -> Bool {
    // An attempt of an earlier coordinator that is not on an older copy of the disk is obsolete.
    guard let attempt = attempts[id] else { return id.incarnation != lastIncarnation }
    // After the epochs there is one more message, the Release.
    return sequence <= attempt.epochs.count + (attempt.end == nil ? 0 : 1) || results[attempt.trial] != nil
      || attempt.end?.isFinal == true || attempt.lacksReports || attempt.end == .superseded
      || excluded[attempt.worker] != nil
  }
}
