import Coordination
import Foundation
import Messaging
import Platform
import Search
import Training
import Trials

/// Runs a worker: one thread communicates with the coordinator, the threads of the slots train.
final class WorkerShell {
  /// The components of the shell.
  struct Parts {
    var location: CoordinatorLocation
    var worker: Worker
    var pool: SlotPool
    var spool: Spool
    /// Fixed for the life of a process.
    var numerics: Numerics
    var waker: Waker
    /// Whether it runs programs that search files name.
    var runsPrograms = false
    /// Called with each line for the user, unless the worker is local: its coordinator uses the terminal.
    var report: @Sendable (String) -> Void
  }

  /// The numerics with which the process must restart to work for its coordinator; nil if no restart is needed.
  private(set) var requestedNumerics: Numerics?

  private let location: CoordinatorLocation
  private let numerics: Numerics
  private let isLocal: Bool
  private let runsPrograms: Bool
  private let waker: Waker
  private let report: @Sendable (String) -> Void
  private let pool: SlotPool
  private var worker: Worker
  private let spool: Spool
  /// Attempts that could not be saved in the spool and are only in memory.
  private var unsaved: Set<AttemptID> = []
  private var hasWarnedOfSpool = false
  private var join: JoinFile
  private var socket: DealerSocket
  /// Whether the socket is the first one, which retries fast. Later ones retry slowly, so that a restarted
  /// coordinator is not overloaded.
  private var isFirstSocket = true
  private var file: SearchFile?
  private var exit: Worker.Exit?
  private var wasConnected = false
  /// Whether a peer has answered, with any key.
  private var hasAnswer = false
  private var outbox: [[UInt8]] = []
  private var lastSaid = ""

  private static let tick = Duration.milliseconds(100)

  init(_ parts: Parts) throws {
    location = parts.location
    worker = parts.worker
    pool = parts.pool
    spool = parts.spool
    numerics = parts.numerics
    waker = parts.waker
    report = parts.report
    isLocal = parts.worker.identity.isLocal
    runsPrograms = parts.runsPrograms
    join = try parts.location.load()
    var configuration = DealerConfiguration(join)
    configuration.tryQuickly()
    socket = try UserError.wrapping { try DealerSocket(configuration, waker: parts.waker) }
  }

  /// Replaces the socket, with the endpoint of the current join file.
  private func connect(_ now: JoinFile) throws {
    var configuration = DealerConfiguration(now)
    if isLocal { configuration.reconnectInterval = .milliseconds(100) }
    let fresh = try UserError.wrapping { try DealerSocket(configuration, waker: waker) }
    socket.close()
    socket = fresh
    isFirstSocket = false
    join = now
  }

  /// Runs until the search ends, `leaving` is raised, or the worker cannot work.
  func run(leaving: Latch) throws -> Worker.Exit {
    say("waiting for the coordinator at \(join.endpoint)")
    var hasAskedToLeave = false
    let begin = monotonicNow()
    var hasExplained = isLocal
    while true {
      if !hasExplained, monotonicNow() - begin > NoAnswerMessage.patience {
        hasExplained = true
        if !hasAnswer { explainSilence() }
      }
      _ = try UserError.wrapping { try socket.wait(timeout: Self.tick, orRoom: !outbox.isEmpty) }
      flushOutbox()
      if leaving.isRaised, !hasAskedToLeave {
        hasAskedToLeave = true
        perform(worker.handle(.drainRequested("its worker was stopped"), at: monotonicNow()))
      }
      try recordConnection()
      while exit == nil, let bytes = socket.receive() { receive(bytes) }
      while exit == nil, let event = pool.nextEvent() { perform(worker.handle(event, at: monotonicNow())) }
      if pool.hangs(at: monotonicNow()) {
        perform(worker.handle(.unable("a cancelled trial does not stop"), at: monotonicNow()))
      }
      perform(worker.handle(.ticked(pool.progress), at: monotonicNow()))
      if let exit { return exit }
    }
  }

  /// The number of attempts that will be lost with this process.
  var unsavedCount: Int { unsaved.count }

  private func receive(_ bytes: [UInt8]) {
    // Invalid messages are ignored: the coordinator repeats its state.
    guard let message = try? WireToWorker(serializedBytes: bytes) else { return }
    perform(worker.handle(.received(message), at: monotonicNow()))
  }

  private func recordConnection() throws {
    for event in socket.events() {
      switch event {
      case .connected:
        if !wasConnected { say("connected to \(join.endpoint)") }
        wasConnected = true
        hasAnswer = true
      case .disconnected:
        say("lost the connection to \(join.endpoint); retrying")
        wasConnected = false
        if isFirstSocket { try connect(join) }
      case .refused:
        throw UserError(
          "the coordinator at \(join.endpoint) does not admit this worker's key "
            + "(\(join.workerKeys.publicKey.fingerprint)); get its current join file")
      case .handshakeFailed:
        hasAnswer = true
        say(
          "\(join.endpoint) answers, but not with the key in \(location.joinFile); get its current join file")
      case .retrying: break
      }
    }
  }

  private func explainSilence() {
    let (endpoint, report) = (join.endpoint, report)
    Thread { report(NoAnswerMessage.message(about: endpoint)) }.start()
  }

  private func perform(_ effects: [Worker.Effect]) {
    for effect in effects {
      switch effect {
      case .send(let message): send(message)
      case .enter(let text): enter(text)
      case .start(let assign, let checkpoint): start(assign, checkpoint)
      case .cancel(let attempt): pool.cancel(attempt)
      case .suspend(let attempt): pool.suspend(attempt)
      case .spool(let attempt, let kept, let search): saveInSpool(attempt, kept, of: search)
      case .forget(let attempt, let search):
        spool.forget(attempt, of: search)
        unsaved.remove(attempt)
      case .seekCoordinator: seekCoordinator()
      case .note(let detail): say(detail)
      case .exit(let why): exit = exit ?? why
      }
    }
  }

  /// Sends a message, or queues it if the socket is full. Without a connection the message is dropped: results are
  /// kept until acknowledged, and a new connection starts with Hello.
  private func send(_ message: WireToCoordinator) {
    guard let bytes: [UInt8] = try? message.serializedBytes() else { return }
    if outbox.isEmpty, socket.send(bytes) != .full { return }
    if socket.isConnected { outbox.append(bytes) }
  }

  private func flushOutbox() {
    if !socket.isConnected { outbox.removeAll() }
    outbox.removeFirst(outbox.prefix { socket.send($0) != .full }.count)
  }

  private func enter(_ text: String) {
    guard worker.identity.slots > 0 else { return }
    pool.forgetData()
    do {
      let file = try SearchFile.parse(text, file: "search.yaml")
      self.file = file
      if file.numerics != numerics {
        requestedNumerics = file.numerics
        return perform(
          worker.handle(
            .drainRequested("it restarts with \(file.numerics) numerics"), at: monotonicNow()))
      }
      guard !file.runsProgram || runsPrograms else {
        throw UserError("this search runs a program; a worker that may run it is started with --programs")
      }
      for precision in file.precisions { try precision.check() }
      say("joined a search of \(file.trials) trials")
    } catch {
      file = nil
      perform(worker.handle(.unable((error as? UserError)?.message ?? "\(error)"), at: monotonicNow()))
    }
  }

  /// Saves an attempt in the spool. If that fails, the attempt stays in memory.
  private func saveInSpool(_ attempt: AttemptID, _ kept: WireKept, of search: UInt64) {
    do {
      try spool.save(attempt, kept, of: search)
      unsaved.remove(attempt)
    } catch {
      unsaved.insert(attempt)
      let detail = (error as? UserError)?.message ?? "\(error)"
      if !hasWarnedOfSpool { say("warning: \(detail); results are kept in memory only") }
      hasWarnedOfSpool = true
    }
  }

  private func start(_ assign: WireAssign, _ checkpoint: [UInt8]) {
    let attempt = AttemptID(assign.attempt)
    guard let values = assign.searchedValues, let configuration = file?.configuration(values: values) else {
      let detail = "its values are outside the search space"
      return perform(worker.handle(.ended(attempt, .failed, detail: detail), at: monotonicNow()))
    }
    var trial = TrialWork(
      configuration, seed: assign.seed, budget: assign.part > 0 ? assign.part : Double(assign.epochs),
      reported: Int(assign.checkpoint.epochs), checkpoint: checkpoint)
    trial.trial = Replicate(number: Int(clamping: assign.trial)).trial
    pool.start(attempt) { .init(number: $0, attempt: attempt, trial: trial, announced: assign.checkpoint) }
  }

  /// Reads the join file again, because a silent coordinator may have restarted at another endpoint.
  private func seekCoordinator() {
    guard let now = try? location.load() else { return }
    if let ended = now.endedSearch { perform(worker.handle(.searchEnded(ended), at: monotonicNow())) }
    guard now != join || socket.isFinished else { return }
    let old = join.endpoint
    guard (try? connect(now)) != nil else { return }
    if now.endpoint != old { say("the coordinator is now at \(now.endpoint)") }
  }

  /// Prints a line. Local workers print nothing, because their coordinator uses the terminal.
  private func say(_ detail: String) {
    guard !isLocal, detail != lastSaid else { return }
    lastSaid = detail
    report(detail)
  }
}
