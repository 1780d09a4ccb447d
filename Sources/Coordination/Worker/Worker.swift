/// A worker's end of the protocol: a value that takes events and the time and returns effects.
///
/// The shell that owns it runs the effects in order. All times are since one arbitrary moment of a monotonic clock.
package struct Worker: Sendable {
  /// What happened to the worker.
  package enum Event: Sendable {
    case received(WireToWorker)
    /// What an attempt trains with has been loaded; its SHA-256.
    case dataLoaded(AttemptID, [UInt8])
    /// An attempt has trained one more epoch.
    case epochEnded(AttemptID, WireEpoch)
    /// An attempt has come to its end.
    case ended(AttemptID, WireOutcome, words: String)
    /// An attempt has been suspended, or has trained all that was asked for and not all there is; nil if it had not begun.
    case suspended(AttemptID, Suspended?)
    /// This machine cannot train the search: its dataset is missing, say.
    case unable(String)
    /// Some time has passed; how far the running attempts are.
    case ticked([WireProgress])
    /// A search has ended, as far as its coordinator has left word.
    case searchEnded(UInt64)
    /// The worker shall leave, and hand over what it can.
    case drainRequested(String)
  }

  /// What an attempt comes to when it is suspended.
  package struct Suspended: Sendable {
    /// Of the bytes: how they are announced.
    package var checkpoint: WireCheckpoint
    package var bytes: [UInt8]
    /// Of an attempt that has trained the part of an epoch that was asked for.
    package var score: WirePartScore?

    package init(checkpoint: WireCheckpoint, bytes: [UInt8], score: WirePartScore? = nil) {
      self.checkpoint = checkpoint
      self.bytes = bytes
      self.score = score
    }
  }

  /// What the shell shall do.
  package enum Effect: Sendable, Equatable {
    case send(WireToCoordinator)
    /// The search has changed: this is its file.
    case enter(searchFile: String)
    /// Train an attempt: on from a checkpoint, which may be damaged, or from the beginning where that is empty or of no use;
    /// the epochs that the Assign's checkpoint counts need not be told again.
    case start(WireAssign, checkpoint: [UInt8])
    case cancel(AttemptID)
    /// Stop an attempt after its current step, and tell what it has come to.
    case suspend(AttemptID)
    /// Keep an attempt's last messages on disk, in case this process ends before they are acknowledged.
    case keep(AttemptID, WireKept, search: UInt64)
    /// They are acknowledged, or no longer wanted.
    case forget(AttemptID, search: UInt64)
    /// The coordinator has been silent: see whether the join file names another place.
    case seekCoordinator
    /// A line for the log.
    case note(String)
    case exit(Exit)
  }

  /// Why a worker ends.
  package enum Exit: Sendable, Equatable {
    /// The search has ended.
    case finished
    /// It was asked to leave, and has given back what it held.
    case left
    /// It cannot work for this coordinator.
    case unable(String)
    /// The coordinator did not come back.
    case abandoned
  }

  /// Who the worker is.
  package struct Identity: Sendable {
    package var id: WorkerID
    /// 0: only hands in what an earlier process left.
    package var slots: Int
    package var host: String
    package var pid: Int32
    /// Started by the coordinator itself, and ending with it.
    package var isLocal: Bool
    package var numerics: String
    /// Stays when a search ends, to wait for the next.
    package var staysForever: Bool
    /// How long it may take to hand over what it has when it shall leave.
    package var grace: Duration

    package init(
      id: WorkerID, slots: Int, host: String, pid: Int32, isLocal: Bool, numerics: String,
      staysForever: Bool, grace: Duration = .seconds(10)
    ) {
      precondition((0...Limits.slots).contains(slots), "\(slots) slots")
      self.id = id
      self.slots = slots
      self.host = host
      self.pid = pid
      self.isLocal = isLocal
      self.numerics = numerics
      self.staysForever = staysForever
      self.grace = grace
    }
  }

  enum Phase: Equatable {
    /// No coordinator has answered yet, or not for a while: Hello is repeated.
    case seeking
    case serving
    /// Everything was given back; waiting for the coordinator to have heard.
    case leaving(since: Duration, Exit)
  }

  /// It shall leave as soon as it holds nothing more, or when its grace is over.
  struct Drain {
    let exit: Exit
    let why: String
    /// Nil: it is given all the time it takes.
    let deadline: Duration?
  }

  enum Stage {
    /// Its checkpoint is on its way here.
    case fetching(WireAssign, Transfer, [UInt8])
    case training
    /// It was told to stop.
    case suspending
    case ended
  }

  /// An attempt that runs here, or whose messages have not all been acknowledged.
  struct Held {
    var stage = Stage.training
    /// Of a suspended attempt.
    var checkpoint: [UInt8] = []
    /// When it ended.
    var end: Duration = .zero
    /// Whether its messages are on disk.
    var isKept = false
    var lastSequence: UInt32 = 0
    var unacknowledged: [(sequence: UInt32, body: WireToCoordinator.OneOf_Body)] = []
    /// How many of these are on their way: the first so many.
    var inFlight = 0
    /// When something was last sent without anything being on its way, or acknowledged.
    var lastMoved: Duration = .zero

    var isRunning: Bool { if case .ended = stage { false } else { true } }
  }

  package let identity: Identity
  var phase = Phase.seeking
  var drain: Drain?
  var search: UInt64 = 0
  var epoch: UInt64 = 0
  var heartbeat = Duration.seconds(5)
  /// The SHA-256 of the search's dataset, once it is loaded.
  var data: [UInt8] = []
  var held: [AttemptID: Held] = [:]
  var shelf = CheckpointCache()
  /// Attempts that ended lately: a late Assign must not start them again.
  var ended = RecentSet<AttemptID>(capacity: 4 * Limits.slots)
  var lastHeard: Duration?
  var lastHello: Duration?
  var lastHeartbeat = Duration.zero
  var lastSeek = Duration.zero
  var effects: [Effect] = []

  package init(identity: Identity) {
    self.identity = identity
  }

  /// A worker that hands in what an earlier process of its name had kept on disk, and then leaves.
  package init(identity: Identity, handingIn attempts: [WireKept]) {
    self.identity = identity
    drain = Drain(exit: .left, why: "everything is handed in", deadline: nil)
    search = attempts.first?.messages.first?.search ?? 0
    data = Array(attempts.first?.messages.first?.data ?? .init())
    for attempt in attempts { recover(attempt) }
  }

  /// Takes one event; total: whatever comes is answered or ignored.
  package mutating func handle(_ event: Event, at now: Duration) -> [Effect] {
    switch event {
    case .received(let message): receive(message, at: now)
    case .dataLoaded(let attempt, let digest): if held[attempt] != nil { data = digest }
    case .epochEnded(let attempt, let epoch): report(epoch, of: attempt, at: now)
    case .ended(let attempt, let outcome, let words):
      end(attempt, outcome: outcome, words: words, at: now)
    case .suspended(let attempt, let suspended): handOver(attempt, suspended, at: now)
    case .unable(let words): leave(because: .unable(words), at: now)
    case .drainRequested(let why): beginDrain(because: .left, why: why, at: now)
    case .searchEnded(let number): if search == number || hasNoSearch { finish(at: now) }
    case .ticked(let progress): tick(progress, at: now)
    }
    leaveIfDrained(at: now)
    defer { effects.removeAll(keepingCapacity: true) }
    return effects
  }

  /// Whether it has come for this search only, and was never welcome.
  private var hasNoSearch: Bool { search == 0 && !identity.staysForever }

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
