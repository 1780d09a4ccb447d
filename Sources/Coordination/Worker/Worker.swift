import Search

/// A worker's end of the protocol: a value that takes events and the time and returns effects.
///
/// The shell that owns it runs the effects in order. All times are durations since an
/// arbitrary origin of a monotonic clock.
package struct Worker: Sendable {
  /// An input of the worker.
  package enum Event: Sendable {
    case received(WireToWorker)
    /// The dataset of an attempt has been loaded; its SHA-256.
    case dataLoaded(AttemptID, [UInt8])
    /// An attempt has completed an epoch.
    case epochEnded(AttemptID, TrialMeasurement, seconds: Double)
    /// An attempt has ended.
    case ended(AttemptID, WireOutcome, detail: String)
    /// An attempt has been suspended or has reached its rung; nil if it had not begun.
    case suspended(AttemptID, Suspended?)
    /// This machine cannot train the search, for example without its dataset.
    case unable(String)
    /// Sent at regular intervals, with the progress of running attempts.
    case ticked([WireProgress])
    /// A search has ended, according to its join file.
    case searchEnded(UInt64)
    /// The worker must hand over its attempts and leave.
    case drainRequested(String)
  }

  /// The state of a suspended attempt.
  package struct Suspended: Sendable {
    /// Digest, size and epochs of `bytes`.
    package var checkpoint: WireCheckpoint
    package var bytes: [UInt8]
    /// The metrics, if the attempt has trained its assigned part of the first epoch.
    package var measurement: TrialMeasurement?

    package init(checkpoint: WireCheckpoint, bytes: [UInt8], measurement: TrialMeasurement? = nil) {
      self.checkpoint = checkpoint
      self.bytes = bytes
      self.measurement = measurement
    }
  }

  /// An action for the shell.
  package enum Effect: Sendable, Equatable {
    case send(WireToCoordinator)
    /// A new search with this search file begins.
    case enter(searchFile: String)
    /// Train an attempt from a checkpoint, or from the beginning if that is empty or damaged. Epochs that the Assign's
    /// checkpoint includes are not reported again.
    case start(WireAssign, checkpoint: [UInt8])
    case cancel(AttemptID)
    /// Stop an attempt after its current step and report `suspended`.
    case suspend(AttemptID)
    /// Spool an attempt's last messages to disk, in case this process ends before they are acknowledged.
    case spool(AttemptID, WireKept, search: UInt64)
    /// Delete an attempt's spool file: its messages are acknowledged or obsolete.
    case forget(AttemptID, search: UInt64)
    /// The coordinator does not answer: check the join file for a new address.
    case seekCoordinator
    /// A line for the log.
    case note(String)
    case exit(Exit)
  }

  /// Why a worker ends.
  package enum Exit: Sendable, Equatable {
    /// The search has ended.
    case finished
    /// It was asked to leave and has handed over its attempts.
    case left
    /// It cannot work for this coordinator.
    case unable(String)
    /// The coordinator did not come back.
    case abandoned
  }

  /// The identity and fixed properties of a worker.
  package struct Identity: Sendable {
    package var id: WorkerID
    /// 0: only delivers the spooled results of an earlier process.
    package var slots: Int
    package var host: String
    package var pid: Int32
    /// Started by the coordinator; ends with it.
    package var isLocal: Bool
    package var numerics: String
    /// Waits for the next search when one ends.
    package var waitsForNextSearch: Bool
    /// The time limit of a drain.
    package var grace: Duration

    package init(
      id: WorkerID, slots: Int, host: String, pid: Int32, isLocal: Bool, numerics: String,
      waitsForNextSearch: Bool, grace: Duration = .seconds(10)
    ) {
      precondition((0...Limits.slots).contains(slots), "\(slots) slots")
      self.id = id
      self.slots = slots
      self.host = host
      self.pid = pid
      self.isLocal = isLocal
      self.numerics = numerics
      self.waitsForNextSearch = waitsForNextSearch
      self.grace = grace
    }
  }

  enum Phase: Equatable {
    /// The coordinator has not answered yet, or not for a while: Hello is repeated.
    case seeking
    case serving
    /// Bye is sent; waiting for the answer.
    case leaving(since: Duration, Exit)
  }

  /// A pending exit: the worker leaves when it holds no attempts, or at the deadline.
  struct Drain {
    let exit: Exit
    let why: String
    /// Nil for no time limit.
    let deadline: Duration?
  }

  enum Stage {
    /// Its checkpoint is being fetched.
    case fetching(WireAssign, Transfer, [UInt8])
    case training
    /// It was asked to stop.
    case suspending
    case ended
  }

  /// An attempt that runs here or has unacknowledged messages.
  struct Held {
    var stage = Stage.training
    /// The checkpoint of a suspended attempt.
    var checkpoint: [UInt8] = []
    /// When it ended.
    var end: Duration = .zero
    /// Whether its messages are spooled to disk.
    var isSpooled = false
    var lastSequence: UInt32 = 0
    var unacknowledged: [(sequence: UInt32, body: WireToCoordinator.OneOf_Body)] = []
    /// The number of leading `unacknowledged` messages that are in flight.
    var inFlight = 0
    /// When messages were last acknowledged, or sent with none in flight.
    var lastMoved: Duration = .zero

    var isRunning: Bool { if case .ended = stage { false } else { true } }
  }

  package let identity: Identity
  var phase = Phase.seeking
  var drain: Drain?
  var search: UInt64 = 0
  /// The highest generation of the coordinator seen in this search.
  var generation: UInt64 = 0
  /// The last search that has ended while this worker waits for the next one, with its generation.
  var lastEnded: (search: UInt64, generation: UInt64)?
  var heartbeat = Duration.seconds(5)
  /// The SHA-256 of the loaded dataset; empty before.
  var data: [UInt8] = []
  var held: [AttemptID: Held] = [:]
  var cache = CheckpointCache()
  /// Recently ended attempts: a late Assign must not restart them.
  var ended = RecentSet<AttemptID>(capacity: 4 * Limits.slots)
  var lastHeard: Duration?
  var lastHello: Duration?
  var lastHeartbeat = Duration.zero
  var lastSeek = Duration.zero
  var effects: [Effect] = []

  package init(identity: Identity) {
    self.identity = identity
  }

  /// A worker that delivers the spooled results of an earlier process with its id and then leaves.
  package init(identity: Identity, handingIn attempts: [WireKept]) {
    self.identity = identity
    drain = Drain(exit: .left, why: "everything is delivered", deadline: nil)
    search = attempts.first?.messages.first?.search ?? 0
    data = Array(attempts.first?.messages.first?.data ?? .init())
    for attempt in attempts { recover(attempt) }
  }

  /// Handles one event. Accepts any input: it is answered or ignored.
  package mutating func handle(_ event: Event, at now: Duration) -> [Effect] {
    switch event {
    case .received(let message): receive(message, at: now)
    case .dataLoaded(let attempt, let digest): if held[attempt] != nil { data = digest }
    case .epochEnded(let attempt, let measurement, let seconds):
      report(measurement, seconds: seconds, of: attempt, at: now)
    case .ended(let attempt, let outcome, let detail):
      end(attempt, outcome: outcome, detail: detail, at: now)
    case .suspended(let attempt, let suspended): handOver(attempt, suspended, at: now)
    case .unable(let detail): leave(because: .unable(detail), at: now)
    case .drainRequested(let why): beginDrain(because: .left, why: why, at: now)
    case .searchEnded(let number): if search == number || hasNoSearch { finish(at: now) }
    case .ticked(let progress): tick(progress, at: now)
    }
    leaveIfDrained(at: now)
    defer { effects.removeAll(keepingCapacity: true) }
    return effects
  }

  /// Whether it never received a Welcome and does not wait for further searches.
  private var hasNoSearch: Bool { search == 0 && !identity.waitsForNextSearch }

  mutating func send(_ body: WireToCoordinator.OneOf_Body) {
    effects.append(.send(envelope(body)))
  }

  func envelope(_ body: WireToCoordinator.OneOf_Body) -> WireToCoordinator {
    var message = WireToCoordinator()
    message.worker = .init(identity.id.bytes)
    message.search = search
    message.data = .init(data)
    message.body = body
    return message
  }
}
