import Search

/// The coordinator's end of the protocol: a value that takes events and the time and returns effects.
///
/// The shell that owns it commits the `persist` effects of a batch in one transaction and only then runs the others.
/// All times are durations since an arbitrary origin of a monotonic clock.
package struct Coordinator: Sendable {
  /// An input of the coordinator.
  package enum Event: Sendable {
    case received(WireToCoordinator, from: Sender)
    /// A local worker's process has ended.
    case processEnded(pid: Int32, ProcessEnd)
    /// The stop condition is met: no more trials begin.
    case stopConditionMet
    /// These public keys have been revoked.
    case keysRevoked(Set<String>)
    /// The last piece of an attempt's checkpoint has been stored; `isWhole` if size and digest match.
    case checkpointArrived(AttemptID, isWhole: Bool)
    /// Sent at regular intervals.
    case ticked
  }

  /// The sender of a message.
  package struct Sender: Sendable, Equatable {
    package var address: ReturnAddress
    /// The public key of the connection.
    package var key: String
    /// The short form of the key, for display.
    package var fingerprint: String

    package init(address: ReturnAddress, key: String, fingerprint: String = "") {
      self.address = address
      self.key = key
      self.fingerprint = fingerprint
    }
  }

  /// How a process ended.
  package enum ProcessEnd: Sendable {
    /// Killed by a signal from outside.
    case killed
    /// Exited or crashed.
    case crashed
  }

  /// An action for the shell.
  package enum Effect: Sendable, Equatable {
    case persist(Decision)
    case send(WireToWorker, to: ReturnAddress)
    /// Append a piece to the checkpoint of an attempt; after the last one, report `checkpointArrived`.
    case store([UInt8], of: StoredCheckpoint, isLast: Bool)
    /// Send a piece of a stored checkpoint.
    case sendPiece(WireFetch, to: ReturnAddress)
    /// Remove a checkpoint, complete or partial.
    case remove(WireCheckpoint)
    /// Kill the process of an unresponsive local worker; the shell starts another.
    case kill(pid: Int32)
    /// A line for the log.
    case note(String)
    /// A line for the log and for the user.
    case warn(String)
  }

  /// The intervals of heartbeats, leases and timeouts.
  package struct Intervals: Sendable {
    package var heartbeat: Duration
    package var lease: Duration
    /// The longest time that an attempt may take for a training step.
    package var progress: Duration
    /// How long after the coordinator's start further workers are expected; 0 if none can join.
    package var arrival: Duration

    package init(
      heartbeat: Duration, lease: Duration, progress: Duration = .seconds(600), arrival: Duration = .zero
    ) {
      self.heartbeat = heartbeat
      self.lease = lease
      self.progress = progress
      self.arrival = arrival
    }
  }

  struct Peer {
    var description: WorkerDescription
    var address: ReturnAddress
    let key: String
    let fingerprint: String
    var attempts: Set<AttemptID> = []
    var lastHeard: Duration
    /// Whether it is in `idle`.
    var isQueued = false
    /// Gets no work before its next heartbeat: it returned an attempt or missed heartbeats.
    var isPaused = false
    /// Whether `workerJoined` is persisted; done before its first attempt.
    var isRecorded = false
    /// Gets no more work from this search.
    var isExcluded = false

    var freeSlots: Int { isPaused || isExcluded ? 0 : description.slots - attempts.count }
    /// Whether it can get work at all.
    var isAvailable: Bool { !isExcluded && description.slots > 0 }
  }

  struct Attempt {
    let trial: Int
    let worker: WorkerID
    /// The public key of its worker; empty in old databases, which do not record it.
    let key: String
    /// The epochs of its next rung, or of its whole training; below 1, a part of the first epoch.
    var budget: Double
    /// The metrics after each epoch.
    var epochs: [Metrics] = []
    /// The number of `epochs` that an earlier attempt trained.
    var inherited = 0
    /// The checkpoint in its Assign. Its trial may have a newer one.
    var checkpoint: WireCheckpoint?
    var leaseEnd: Duration
    var lastSent: Duration
    /// Training steps, as last reported.
    var steps: UInt64 = 0
    /// When it last made progress.
    var lastMoved: Duration
    /// When its latest epoch was reported; before the first, when it began.
    var lastEpoch: Duration
    /// Its lease has expired, and its trial waits or runs elsewhere; its result still counts.
    var isLost = false
    /// Whether its worker has confirmed that it holds it.
    var isDelivered = false
    /// How often its lease was extended because its Assign was not delivered.
    var extensions = 0
    /// When a gap in its messages was first seen; nil without a gap.
    var gapStart: Duration?
    /// The fetch of its checkpoint, after a Release with one.
    var handover: Handover?

    var lastSequence: UInt32 { UInt32(epochs.count) }

    var hasReachedRung: Bool { Double(epochs.count) >= budget || handover?.isAtPart == true }

    /// Whether it was assigned to this worker. The key protects against a peer that only knows the worker's id.
    func belongs(to worker: WorkerID, key: String) -> Bool {
      self.worker == worker && (self.key == key || self.key.isEmpty)
    }
  }

  /// The fetch of a checkpoint from a worker.
  struct Handover {
    var transfer: Transfer
    let why: String
    /// Whether it has trained the assigned part of the first epoch.
    let isAtPart: Bool
  }

  /// A trial that has begun and has no result yet.
  struct OpenTrial {
    /// The attempt that holds its lease; nil while it waits.
    var current: AttemptID?
    /// A second attempt that runs because `current` is slow.
    var speculativeAttempt: AttemptID?
    var attempts: [AttemptID] = []
    var failures = FailureHistory()
    /// The backoff before its next attempt.
    var backoff = Backoff()
    /// The most epochs that any of its attempts has completed.
    var mostEpochs = 0
    /// Speculative attempts so far.
    var speculativeCount = 0
    /// The checkpoint that its next attempt resumes from, and the epochs up to it.
    var checkpoint: (stored: StoredCheckpoint, epochs: [Metrics])?
    /// The worker that handed the checkpoint over and may have it cached.
    var holder: WorkerID?
    /// The rung that it is promoted to.
    var goal = 0
    /// The number of rungs that it has reached.
    var reached = 0
    /// Its score at the last of them.
    var lastRung: RungScore?
  }

  package let file: SearchFile
  let searchFileText: String
  let intervals: Intervals
  package let search: SearchID
  /// The generation of this coordinator.
  let generation: UInt64
  /// The incarnation of the attempts that this coordinator starts.
  let incarnation: UInt32

  var peers: [WorkerID: Peer] = [:]
  /// Peers by key: counted at each tick, incremented when a worker joins.
  var peerCounts: [String: Int] = [:]
  /// Workers with a free slot, in FIFO order; some may be full by now.
  var idle: [WorkerID] = []
  /// The conduct of workers with failures.
  var workerFailures: [WorkerID: WorkerFailures] = [:]
  /// Workers that have delivered a result or reached a rung since the coordinator started.
  var workersWithResults: Set<WorkerID> = []
  /// Open trials with failures.
  var failedTrials: Set<Int> = []
  /// Excluded workers and the reason.
  var excluded: [WorkerID: String]
  /// Recently departed workers, which may return or be replaced.
  var departed: [WorkerID: Departure] = [:]
  /// Backoffs of machines whose workers could not train.
  var siteBackoffs: [Machine: Backoff] = [:]
  /// Further workers are expected until this time.
  let arrivalEnd: Duration
  /// When an epoch or a result last arrived, or nothing was pending.
  var lastProgress: Duration { didSet { stallReports = 0 } }
  /// Stall warnings since `lastProgress`.
  var stallReports = 0
  var attempts: [AttemptID: Attempt] = [:]
  var openTrials: [Int: OpenTrial] = [:]
  /// Attempts of an earlier generation whose workers have not reconnected yet.
  var attemptsOfAbsentWorkers: [WorkerID: Set<AttemptID>] = [:]
  var backlog: Backlog
  /// The sampled values of trials.
  var suggestions: Suggestions
  /// Whether the next trial cannot be sampled before running trials report.
  package internal(set) var waitsForResults = false
  /// The budgets of the rungs in epochs, the last one the full training; empty without successive halving.
  let rungs: [Double]
  /// The successive-halving schedule; nil if unused.
  var halving: Halving?
  /// The ASHA schedule; nil if unused.
  var asha: ASHA?
  /// The median stopping rule; nil if unused.
  var medianRule: MedianRule?
  /// The number of trials; an upper bound while the search is open-ended.
  var trialCount: Int
  /// Whether no more trials begin or are promoted.
  var isComplete: Bool
  /// How often trials have reached a rung, with ASHA.
  var rungScoreCount = 0
  /// The sum of the current budgets of open trials, in epochs.
  var openEpochs = 0.0
  /// Speculative attempts that run.
  var speculativeAttempts: Set<AttemptID> = []
  /// Recent durations of epochs.
  var pace = Pace()
  /// Re-evaluation of the top trials with new seeds; nil if disabled.
  var reevaluation: Reevaluation?
  /// The results of replicates, by number.
  var replicates: [Int: TrialEnd]
  /// Replicates that are required and have not ended.
  var pendingReplicates: Set<Int> = []
  /// Attempts whose checkpoints are fetched, in order; the first ones concurrently.
  var handovers: [AttemptID] = []
  /// Bytes of stored checkpoints.
  var checkpointBytes = 0
  /// Whether no more work is assigned.
  var isClosing = false
  var lastAttempt: AttemptID
  var numerics: Set<String> = []
  /// The SHA-256 of the dataset of all results; nil before the first epoch.
  var data: [UInt8]?
  /// Local processes that have exited, to ignore their late Hello messages.
  var endedProcesses = RecentSet<Int32>(capacity: 256)
  var effects: [Effect] = []

  /// The results of trials, by number.
  package private(set) var results: [Int: TrialEnd]
  /// The best of them so far.
  package private(set) var best: TrialEnd?
  /// The sum of their epochs.
  private(set) var endedEpochs = 0.0

  /// A coordinator that resumes from the state on disk.
  package init(
    file: SearchFile, text: String, intervals: Intervals, from snapshot: Snapshot, at now: Duration
  ) {
    self.file = file
    searchFileText = text
    self.intervals = intervals
    search = snapshot.search
    generation = snapshot.generation
    incarnation = snapshot.incarnation
    lastAttempt = snapshot.lastAttempt
    data = snapshot.data
    excluded = snapshot.excluded
    arrivalEnd = now + (snapshot.hadRemoteWorkers ? Self.absence : intervals.arrival)
    lastProgress = now
    let ends = Dictionary(snapshot.results.map { ($0.trial, $0) }) { first, _ in first }
    results = ends.filter { $0.key < file.trials }
    replicates = ends.filter { $0.key >= file.trials }
    trialCount = snapshot.trialCount ?? file.trials
    isComplete = snapshot.trialCount != nil
    backlog = Backlog(trials: trialCount, taken: Set(results.keys))
    rungs = file.rungs
    halving = file.halving
    asha = file.asha
    medianRule = file.medianRule
    for curve in snapshot.curves { medianRule?.complete(curve.map(file.goal.value)) }
    reevaluation = file.reevaluation(of: trialCount)
    suggestions = Suggestions(of: file)
    resumeSuggestions(snapshot)
    for result in results.values { recordBest(result) }
    adoptAttempts(snapshot.openAttempts, at: now)
    resumeRungs(snapshot.rungs, at: now)
    for (id, attempt) in attempts {
      let budget = budget(trial: attempt.trial)
      attempts[id]?.budget = budget
    }
    for result in snapshot.results where results[result.trial] != nil { queueReplicates(after: result) }
    dropUnwantedReplicates()
    for (trial, entry) in openTrials where entry.current == nil && !isPausedAtRung(trial) {
      backlog.putBack(trial)
    }
    for checkpoint in snapshot.checkpoints { adoptCheckpoint(checkpoint) }
    for trial in openTrials.keys where !isReplicate(trial) { openEpochs += budget(trial: trial) }
    if isComplete { stopPaused(at: now) }
  }

  /// Handles one event. Accepts any input: it is answered or ignored.
  package mutating func handle(_ event: Event, at now: Duration) -> [Effect] {
    switch event {
    case .received(let message, let sender): receive(message, from: sender, at: now)
    case .processEnded(let pid, let end): processEnded(pid, end, at: now)
    case .stopConditionMet: complete(at: now)
    case .keysRevoked(let keys): revoke(keys, at: now)
    case .checkpointArrived(let id, let isWhole): endHandover(of: id, isWhole: isWhole, at: now)
    case .ticked:
      expireLeases(at: now)
      revokeStuck(at: now)
      continueHandovers(at: now)
      startSpeculativeAttempts(at: now)
      reportStall(at: now)
    }
    assignWork(at: now)
    defer { effects.removeAll(keepingCapacity: true) }
    return effects
  }

  /// Whether all trials and all required replicates have ended.
  package var isFinished: Bool { results.count == trialCount && pendingReplicates.isEmpty }

  /// Stops the assignment of work: this coordinator ends when its local workers have handed over their attempts.
  package mutating func close() {
    isClosing = true
  }

  /// Renews all leases after a pause in which no message could be received.
  package mutating func renewLeases(at now: Duration) {
    for id in attempts.keys {
      attempts[id]?.leaseEnd = now + intervals.lease
      attempts[id]?.lastMoved = now
      attempts[id]?.gapStart = nil
    }
    for id in peers.keys { peers[id]?.lastHeard = now }
    lastProgress = now
  }

  mutating func record(_ end: TrialEnd) {
    guard !isReplicate(end.trial) else {
      replicates[end.trial] = end
      pendingReplicates.remove(end.trial)
      return
    }
    results[end.trial] = end
    if rungs.isEmpty { reportEnd(after: end) }
    recordBest(end)
    queueReplicates(after: end)
  }

  private mutating func recordBest(_ end: TrialEnd) {
    endedEpochs += end.epochs
    let wasBest = best?.trial == end.trial
    if wasBest { best = nil }
    updateBest(with: end)
    // The best trial ended without a score.
    if wasBest, best == nil { for other in results.values { updateBest(with: other) } }
  }

  /// Updates `best`.
  mutating func updateBest(with end: TrialEnd) {
    guard end.status == .done || end.status == .stopped || end.status == .paused else { return }
    guard let current = best,
      !Ranking.isBetter(result(of: end), result(of: current), file.goal)
    else {
      best = end
      return
    }
  }

  /// An empty message of this coordinator.
  package var envelope: WireToWorker {
    var message = WireToWorker()
    message.search = search.number
    message.generation = generation
    return message
  }

  mutating func send(_ body: WireToWorker.OneOf_Body, to address: ReturnAddress) {
    var message = envelope
    message.body = body
    effects.append(.send(message, to: address))
  }
}
