import Search

/// The coordinator's end of the protocol: a value that takes events and the time and returns effects.
///
/// The shell that owns it commits the `persist` effects of a batch in one transaction and only then runs the others.
/// All times are since one arbitrary moment of a monotonic clock.
package struct Coordinator: Sendable {
  /// What happened.
  package enum Event: Sendable {
    case received(WireToCoordinator, from: Sender)
    /// A local worker's process has ended.
    case processEnded(pid: Int32, ProcessEnd)
    /// StopCondition trials have begun.
    case enoughBegun
    /// These public keys are admitted no more.
    case keysRevoked(Set<String>)
    /// The last piece of an attempt's checkpoint has been stored; whether all of it is what was announced.
    case checkpointArrived(AttemptID, isWhole: Bool)
    /// Some time has passed.
    case ticked
  }

  /// Where a message came from.
  package struct Sender: Sendable, Equatable {
    package var address: ReturnAddress
    /// The public key that the connection was made with.
    package var key: String
    /// The key's short form, for people.
    package var fingerprint: String

    package init(address: ReturnAddress, key: String, fingerprint: String = "") {
      self.address = address
      self.key = key
      self.fingerprint = fingerprint
    }
  }

  /// How a process ended.
  package enum ProcessEnd: Sendable {
    /// Killed from outside.
    case killed
    /// By itself or by a crash.
    case crashed
  }

  /// What the shell shall do.
  package enum Effect: Sendable, Equatable {
    case persist(Decision)
    case send(WireToWorker, to: ReturnAddress)
    /// Append a piece to the checkpoint that an attempt hands over; after the last one, tell what has arrived.
    case store([UInt8], of: StoredCheckpoint, isLast: Bool)
    /// Send a piece of a stored checkpoint.
    case sendPiece(WireFetch, to: ReturnAddress)
    /// Remove what there is of a checkpoint.
    case remove(WireCheckpoint)
    /// End a local worker's process, which lives and is silent; another one takes its place.
    case kill(pid: Int32)
    /// A line for the log.
    case note(String)
    /// A line for the log and for the user.
    case warn(String)
  }

  /// How long leases last and are renewed.
  package struct Intervals: Sendable {
    package var heartbeat: Duration
    package var lease: Duration
    /// How long an attempt may go without a training step.
    package var progress: Duration
    /// How long after the coordinator's start further workers may be expected: 0 where none can come.
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
    /// Whether it stands in `idle`.
    var isQueued = false
    /// Gets no work before its next heartbeat: it gave some back, or was silent for too long.
    var isPaused = false
    /// Whether it is on record, as it is from its first attempt on.
    var isRecorded = false
    /// It gets no more work from this search.
    var isExcluded = false

    var freeSlots: Int { isPaused || isExcluded ? 0 : description.slots - attempts.count }
    /// Whether it takes work at all.
    var isAvailable: Bool { !isExcluded && description.slots > 0 }
  }

  struct Attempt {
    let trial: Int
    let worker: WorkerID
    /// The public key that its worker joined with; empty where an old record does not tell.
    let key: String
    /// The epochs after which its trial is compared, or ends; less than one: a part of the first.
    var budget: Double
    var epochs: [WireEpoch] = []
    /// How many of these an earlier attempt trained.
    var inherited = 0
    /// Where it went on; by its Assign, even if its trial has another one by now.
    var checkpoint: WireCheckpoint?
    var leaseEnd: Duration
    var lastSent: Duration
    /// Its training steps, as far as they were heard of.
    var steps: UInt64 = 0
    /// When it was last seen to go on.
    var lastMoved: Duration
    /// When its latest epoch was reported, or it began.
    var lastEpoch: Duration
    /// Its lease has ended, and its trial waits or runs elsewhere; its result still counts.
    var isLost = false
    /// Whether its worker has said that it holds it.
    var isReevaluated = false
    /// How often its lease was lengthened because it was still on its way.
    var extensions = 0
    /// Since when messages before the ones that arrive are missing.
    var gapStart: Duration?
    /// Set once it was given back with a checkpoint, until that has been fetched.
    var handover: Handover?

    var lastSequence: UInt32 { UInt32(epochs.count) }

    var hasReachedItsRung: Bool { Double(epochs.count) >= budget || handover?.isAtPart == true }

    /// Whether it was given to this worker. Whoever learned a worker's name still lacks its key.
    func belongs(to worker: WorkerID, key: String) -> Bool {
      self.worker == worker && (self.key == key || self.key.isEmpty)
    }
  }

  /// The fetching of a checkpoint.
  struct Handover {
    var transfer: Transfer
    let why: String
    /// Whether it has trained the part of an epoch that it was asked for.
    let isAtPart: Bool
  }

  /// A trial that was tried and has no result yet.
  struct OpenTrial {
    /// The attempt that holds its lease; nil while it waits.
    var current: AttemptID?
    /// Another that runs because that one is slow.
    var speculativeAttempt: AttemptID?
    var attempts: [AttemptID] = []
    var failures = FailureHistory()
    /// When it may run again.
    var backoff = Backoff()
    /// The most epochs that one of its attempts has completed.
    var mostEpochs = 0
    /// Speculative attempts so far.
    var speculativeCount = 0
    /// Where its next attempt goes on, and the epochs until then.
    var checkpoint: (stored: StoredCheckpoint, epochs: [WireEpoch])?
    /// Who handed it over.
    var holder: WorkerID?
    /// The rung that it may train to.
    var goal = 0
    /// The rungs that it has reached.
    var reached = 0
    /// What it had come to at the last of them.
    var lastRung: RungScore?
  }

  package let file: SearchFile
  let searchFileText: String
  let intervals: Intervals
  package let search: SearchID
  let epoch: UInt64

  var peers: [WorkerID: Peer] = [:]
  /// How many of them there are by key, as of the last tick, and those that joined since.
  var population: [String: Int] = [:]
  /// Workers with a free slot, first come first served; some may have filled since.
  var idle: [WorkerID] = []
  /// How the attempts of workers with failures have ended.
  var conducts: [WorkerID: WorkerConduct] = [:]
  /// Workers that have brought a result, or trained to a rung, since the coordinator started.
  var proven: Set<WorkerID> = []
  /// Open trials with failures.
  var failedTrials: Set<Int> = []
  /// Workers that get no more work from this search, and why.
  var excluded: [WorkerID: String]
  /// Workers that have gone lately and may come back, or others in their place.
  var departed: [WorkerID: Departure] = [:]
  /// When machines whose workers left because they could not train get work again.
  var siteBackoffs: [Site: Backoff] = [:]
  /// Until then further workers are expected.
  let arrivalEnd: Duration
  /// When an epoch or a result last came, or there was nothing to wait for.
  var lastProgress: Duration { didSet { stallReports = 0 } }
  /// Warnings of a lack of progress since then.
  var stallReports = 0
  var attempts: [AttemptID: Attempt] = [:]
  var openTrials: [Int: OpenTrial] = [:]
  /// Attempts of an earlier coordinator whose workers have not come back yet.
  var orphans: [WorkerID: Set<AttemptID>] = [:]
  var backlog: Backlog
  /// The values of trials.
  var suggestions: Suggestions
  /// Whether the next trial's values follow from trials that run.
  package internal(set) var waitsForResults = false
  /// The epochs after which trials are compared, the last ones all; empty where they are not.
  let rungs: [Double]
  /// Who trains on from rung to rung: by one of these.
  var halving: Halving?
  var asha: ASHA?
  /// Who ends early for doing worse than most.
  var medianRule: MedianRule?
  /// How many trials there are, or may be.
  var trialCount: Int
  /// Whether no more trials will begin, or train on to another rung.
  var isComplete: Bool
  /// How often trials have come to a rung, where ASHA sends them on.
  var standingCount = 0
  /// The epochs that open trials will have trained when they are compared next, or end.
  var openEpochs = 0.0
  /// Attempts at trials that others are slow with.
  var speculativeAttempts: Set<AttemptID> = []
  /// How long epochs take.
  var pace = Pace()
  /// Who is trained again under fresh seeds; nil where nobody is.
  var reevaluation: Reevaluation?
  /// How replicates have ended, by number.
  var replicates: [Int: TrialEnd]
  /// Those that are wanted and have not ended.
  var unconfirmed: Set<Int> = []
  /// Attempts whose checkpoints are fetched, in order; the first of them at once.
  var handovers: [AttemptID] = []
  /// Bytes of checkpoints that are stored.
  var checkpointBytes = 0
  /// Nothing is handed out any more.
  var isClosing = false
  var lastAttempt: AttemptID
  var numerics: Set<String> = []
  /// The SHA-256 of the dataset that results come from; nil before there are any.
  var data: [UInt8]?
  /// Local processes that have ended: a Hello that they left behind is nobody's.
  var endedProcesses = RecentSet<Int32>(capacity: 256)
  var effects: [Effect] = []

  /// The trials that have ended, by number.
  package private(set) var results: [Int: TrialEnd]
  /// The best of them so far.
  package private(set) var best: TrialEnd?
  /// The epochs of them all.
  private(set) var endedEpochs = 0.0

  /// A coordinator that goes on from what is on disk.
  package init(
    file: SearchFile, text: String, intervals: Intervals, from snapshot: Snapshot, at now: Duration
  ) {
    self.file = file
    searchFileText = text
    self.intervals = intervals
    search = snapshot.search
    epoch = snapshot.epoch
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
    for curve in snapshot.curves { medianRule?.complete(curve.map(file.objective.value)) }
    reevaluation = file.reevaluation(of: trialCount)
    suggestions = Suggestions(of: file)
    resumeProposals(snapshot)
    for result in results.values { noteBest(result) }
    adopt(snapshot.openAttempts, at: now)
    resumeRungs(snapshot.rungs, at: now)
    for (id, attempt) in attempts {
      let budget = budget(trial: attempt.trial)
      attempts[id]?.budget = budget
    }
    for result in snapshot.results where results[result.trial] != nil { confirm(after: result) }
    dropUnwantedReplicates()
    for (trial, entry) in openTrials where entry.current == nil && !isParked(trial) { backlog.putBack(trial) }
    for checkpoint in snapshot.checkpoints { adopt(checkpoint) }
    for trial in openTrials.keys where !isReplicate(trial) { openEpochs += budget(trial: trial) }
    if isComplete { stopParked(at: now) }
  }

  /// Takes one event; total: whatever comes is answered or ignored.
  package mutating func handle(_ event: Event, at now: Duration) -> [Effect] {
    switch event {
    case .received(let message, let sender): receive(message, from: sender, at: now)
    case .processEnded(let pid, let end): processEnded(pid, end, at: now)
    case .enoughBegun: complete(at: now)
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

  /// Whether every trial has ended, and every replicate that was wanted.
  package var isFinished: Bool { results.count == trialCount && unconfirmed.isEmpty }

  /// Hands out nothing more: this coordinator ends as soon as its local workers have given back what they can.
  package mutating func close() {
    isClosing = true
  }

  /// Gives everyone a new lease, after a time in which nobody could be heard.
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
      unconfirmed.remove(end.trial)
      return
    }
    results[end.trial] = end
    if rungs.isEmpty { propose(after: end) }
    noteBest(end)
    confirm(after: end)
  }

  private mutating func noteBest(_ end: TrialEnd) {
    endedEpochs += end.epochs
    let hasLed = best?.trial == end.trial
    if hasLed { best = nil }
    consider(end)
    // What led before its end has come to nothing.
    if hasLed, best == nil { for other in results.values { consider(other) } }
  }

  /// Takes a trial for the best if it is.
  mutating func consider(_ end: TrialEnd) {
    guard end.status == .done || end.status == .stopped || end.status == .paused else { return }
    guard let champion = best,
      !Ranking.isBetter(result(of: end), result(of: champion), file.objective)
    else {
      best = end
      return
    }
  }

  /// A message of this coordinator, without content.
  package var envelope: WireToWorker {
    var message = WireToWorker()
    message.search = search.number
    message.epoch = epoch
    return message
  }

  mutating func send(_ body: WireToWorker.OneOf_Body, to address: ReturnAddress) {
    var message = envelope
    message.body = body
    effects.append(.send(message, to: address))
  }
}
