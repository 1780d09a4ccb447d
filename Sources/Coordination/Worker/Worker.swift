/// A worker's end of the protocol: a value that takes events and the time and returns effects.
///
/// The shell that owns it runs the effects in order. All times are since one arbitrary moment of a monotonic clock.
package struct Worker: Sendable {
  /// What happened to the worker.
  package enum Event: Sendable {
    case received(WireToWorker)
    /// An attempt has trained one more epoch.
    case epochEnded(AttemptID, WireEpoch)
    /// An attempt has come to its end.
    case ended(AttemptID, WireOutcome, words: String)
    /// This machine cannot train the search: its dataset is missing, say.
    case unable(String)
    /// Some time has passed; how far the running attempts are.
    case ticked([WireProgress])
    /// The worker shall leave.
    case drainRequested(String)
  }

  /// What the shell shall do.
  package enum Effect: Sendable, Equatable {
    case send(WireToCoordinator)
    /// The search has changed: this is its file.
    case enter(searchFile: String)
    case start(WireAssign)
    case cancel(AttemptID)
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
    package var slots: Int
    package var host: String
    package var pid: Int32
    /// Started by the coordinator itself, and ending with it.
    package var isLocal: Bool
    package var numerics: String
    /// Stays when a search ends, to wait for the next.
    package var staysForever: Bool

    package init(
      id: WorkerID, slots: Int, host: String, pid: Int32, isLocal: Bool, numerics: String,
      staysForever: Bool
    ) {
      precondition((1...Limits.slots).contains(slots), "\(slots) slots")
      self.id = id
      self.slots = slots
      self.host = host
      self.pid = pid
      self.isLocal = isLocal
      self.numerics = numerics
      self.staysForever = staysForever
    }
  }

  enum Phase: Equatable {
    /// No coordinator has answered yet, or not for a while: Hello is repeated.
    case seeking
    case serving
    /// Everything was given back; waiting for the coordinator to have heard.
    case leaving(since: Duration, Exit)
  }

  /// An attempt that runs here, or whose messages have not all been acknowledged.
  struct Held {
    var isRunning = true
    var lastSequence: UInt32 = 0
    var unacknowledged: [(sequence: UInt32, body: WireToCoordinator.OneOf_Body)] = []
    /// How many of these are on their way: the first so many.
    var inFlight = 0
    /// When something was last sent without anything being on its way, or acknowledged.
    var lastMoved: Duration = .zero
  }

  let identity: Identity
  var phase = Phase.seeking
  var search: UInt64 = 0
  var epoch: UInt64 = 0
  var heartbeat = Duration.seconds(5)
  var held: [AttemptID: Held] = [:]
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

  /// Takes one event; total: whatever comes is answered or ignored.
  package mutating func handle(_ event: Event, at now: Duration) -> [Effect] {
    switch event {
    case .received(let message): receive(message, at: now)
    case .epochEnded(let attempt, let epoch): report(epoch, of: attempt, at: now)
    case .ended(let attempt, let outcome, let words):
      end(attempt, outcome: outcome, words: words, at: now)
    case .unable(let words): leave(because: .unable(words), at: now)
    case .drainRequested(let why): leave(because: .left, why: why, at: now)
    case .ticked(let progress): tick(progress, at: now)
    }
    defer { effects.removeAll(keepingCapacity: true) }
    return effects
  }

  mutating func send(_ body: WireToCoordinator.OneOf_Body) {
    var message = WireToCoordinator()
    message.worker = .init(identity.id.bytes)
    message.search = search
    message.body = body
    effects.append(.send(message))
  }
}
