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
    case remove(CheckpointFile)
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

  /// How long a silent or departed worker is expected to return or to be replaced.
  package static let absence = Membership.absence

  package let file: SearchFile
  private let searchFileText: String
  let intervals: Intervals
  package let search: SearchID
  /// The generation of this coordinator.
  private let generation: UInt64

  // The parts. Each changes its state only in its own file; what concerns several is decided here.
  var membership: Membership
  var attempts: Attempts
  var blame: Blame
  var checkpoints = Checkpoints()
  var promotion: Promotion
  var allResults: Results
  /// The trials that wait for a slot.
  var backlog: Backlog
  var dataset: Dataset
  var stallWatch: StallWatch
  /// Whether no more work is assigned.
  private(set) var isClosing = false
  private var effects: [Effect] = []

  /// Whether a search can go on from a state on disk: its trials are those of the file, and no result is missing from
  /// which the values of later trials follow.
  package static func canResume(_ file: SearchFile, from snapshot: Snapshot) -> Bool {
    (snapshot.results.map(\.trial) + snapshot.openAttempts.map(\.trial)).allSatisfy {
      $0 >= 0 && Replicate(number: $0).trial < file.trials
    } && Results.isComplete(snapshot, of: file)
  }

  /// A coordinator that resumes from the state on disk, which must be possible.
  package init(
    file: SearchFile, text: String, intervals: Intervals, from snapshot: Snapshot, at now: Duration
  ) {
    self.file = file
    searchFileText = text
    self.intervals = intervals
    search = snapshot.search
    generation = snapshot.generation
    blame = Blame(failureLimit: file.format.failureLimit)
    membership = Membership(
      excluded: snapshot.excluded, heartbeat: intervals.heartbeat,
      arrivalEnd: now + (snapshot.hadRemoteWorkers ? Self.absence : intervals.arrival))
    attempts = Attempts(from: snapshot, intervals)
    promotion = Promotion(of: file, after: snapshot.curves)
    allResults = Results(of: file, from: snapshot)
    backlog = Backlog(
      trials: allResults.trialCount,
      taken: Set(allResults.trials.keys).union(snapshot.openAttempts.map(\.trial)))
    dataset = Dataset(snapshot.data)
    stallWatch = StallWatch(at: now)
    resume(from: snapshot, at: now)
  }

  // MARK: Events

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

  /// Stops the assignment of work: this coordinator ends when its local workers have handed over their attempts.
  package mutating func close() {
    isClosing = true
  }

  /// Notes the start of a local worker; its pid may be reused.
  package mutating func processStarted(_ pid: Int32) {
    membership.processStarted(pid)
  }

  /// Renews all leases after a pause in which no message could be received.
  package mutating func renewLeases(at now: Duration) {
    attempts.renewAll(at: now)
    membership.hearAll(at: now)
    stallWatch.noteProgress(at: now)
  }

  // MARK: Effects

  mutating func perform(_ effects: [Effect]) {
    self.effects += effects
  }

  mutating func persist(_ decision: Decision) {
    effects.append(.persist(decision))
  }

  mutating func note(_ text: String) {
    effects.append(.note(text))
  }

  mutating func warn(_ text: String) {
    effects.append(.warn(text))
  }

  mutating func send(_ body: WireToWorker.OneOf_Body, to address: ReturnAddress) {
    var message = envelope
    message.body = body
    effects.append(.send(message, to: address))
  }

  /// An empty message of this coordinator.
  package var envelope: WireToWorker {
    var message = WireToWorker()
    message.search = search.number
    message.generation = generation
    return message
  }

  mutating func sendFinish() {
    for (_, peer) in membership.sorted { send(.finish(WireFinish()), to: peer.address) }
  }

  mutating func sendRevoke(_ id: AttemptID, to worker: WorkerID) {
    guard let peer = membership[worker] else { return }
    var revoke = WireRevoke()
    revoke.attempt = id.bits
    send(.revoke(revoke), to: peer.address)
  }

  mutating func sendWelcome(to address: ReturnAddress, stopping attempts: [AttemptID]) {
    var welcome = WireWelcome()
    welcome.searchFile = searchFileText
    welcome.heartbeatSeconds = intervals.heartbeat / .seconds(1)
    welcome.stop = attempts.map(\.bits)
    send(.welcome(welcome), to: address)
  }
}
