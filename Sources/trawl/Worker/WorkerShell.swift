import Coordination
import Foundation
import Messaging
import Search
import Training

/// Runs a worker: one thread that talks to the coordinator, and the slots' threads that train.
final class WorkerShell {
  /// Where the worker's coordinator is to be found.
  struct Place: Equatable {
    let joinFile: String
    /// In place of the join file's endpoint: how this machine itself reaches the coordinator.
    let localEndpoint: Endpoint?

    func load() throws -> JoinFile {
      var join = try UserError.wrapping { try JoinFile.load(from: joinFile) }
      if let localEndpoint { join.endpoint = localEndpoint }
      return join
    }

    /// Waits for a join file that is not there yet: its coordinator may not have started.
    ///
    /// - Returns: false if the worker shall leave instead.
    func waitForJoinFile(unless leaving: Latch) -> Bool {
      guard !FileManager.default.fileExists(atPath: joinFile) else { return true }
      StandardError.write(
        "waiting for \(joinFile), which the coordinator writes when it starts (40 minutes at most)\n")
      let deadline = monotonicNow() + Worker.patience
      while !FileManager.default.fileExists(atPath: joinFile), monotonicNow() < deadline {
        if leaving.isRaised { return false }
        Thread.sleep(forTimeInterval: 0.1)
      }
      // Whoever brings it here may still be writing it.
      let written = min(deadline, monotonicNow() + .seconds(5))
      while (try? load()) == nil, monotonicNow() < written, !leaving.isRaised {
        Thread.sleep(forTimeInterval: 0.1)
      }
      return !leaving.isRaised
    }
  }

  /// The arithmetic that the process must be started anew with to work for its coordinator; nil where it need not.
  private(set) var nextArithmetic: SearchFile.Numerics?

  private let place: Place
  /// Fixed for the life of a process.
  private let arithmetic: SearchFile.Numerics
  private let isLocal: Bool
  private let waker: Waker
  private let pool: SlotPool
  private var worker: Worker
  private let spool: Spool
  /// What there was no room for in the spool, and is held in memory only.
  private var unsaved: Set<AttemptID> = []
  private var hasWarnedOfSpool = false
  private var join: JoinFile
  private var socket: DealerSocket
  /// Whether the socket is the first one, which tries quickly. Those that have lost a coordinator leave it time when it
  /// comes back.
  private var isFirstSocket = true
  private var file: SearchFile?
  private var exit: Worker.Exit?
  private var wasConnected = false
  /// Whether anybody has ever answered, with whatever key.
  private var hasMetSomebody = false
  private var outbox: [[UInt8]] = []
  private var lastSaid = ""

  private static let tick = Duration.milliseconds(100)

  init(
    place: Place, worker: Worker, pool: SlotPool, spool: Spool, arithmetic: SearchFile.Numerics, waker: Waker
  ) throws {
    self.place = place
    self.worker = worker
    self.spool = spool
    self.arithmetic = arithmetic
    self.waker = waker
    isLocal = worker.identity.isLocal
    self.pool = pool
    join = try place.load()
    var configuration = DealerConfiguration(join)
    configuration.tryQuickly()
    socket = try UserError.wrapping { try DealerSocket(configuration, waker: waker) }
  }

  /// Takes another socket, for a place that may have changed.
  private func connect(_ now: JoinFile) throws {
    var configuration = DealerConfiguration(now)
    if isLocal { configuration.reconnectInterval = .milliseconds(100) }
    let fresh = try UserError.wrapping { try DealerSocket(configuration, waker: waker) }
    socket.close()
    socket = fresh
    isFirstSocket = false
    join = now
  }

  /// Works until the search ends, the worker shall leave (`leaving` is raised), or it cannot work.
  func run(leaving: Latch) throws -> Worker.Exit {
    say("waiting for the coordinator at \(join.endpoint)")
    var hasAskedToLeave = false
    let begin = monotonicNow()
    var hasExplained = isLocal
    while true {
      if !hasExplained, monotonicNow() - begin > Unanswered.patience {
        hasExplained = true
        if !hasMetSomebody { explainSilence() }
      }
      _ = try UserError.wrapping { try socket.wait(timeout: Self.tick, orRoom: !outbox.isEmpty) }
      flushOutbox()
      if leaving.isRaised, !hasAskedToLeave {
        hasAskedToLeave = true
        perform(worker.handle(.drainRequested("its worker was told to stop"), at: monotonicNow()))
      }
      try noteConnection()
      while exit == nil, let bytes = socket.receive() { receive(bytes) }
      while exit == nil, let event = pool.nextEvent() { perform(worker.handle(event, at: monotonicNow())) }
      if pool.hangs(at: monotonicNow()) {
        perform(worker.handle(.unable("a trial that was called off does not stop"), at: monotonicNow()))
      }
      perform(worker.handle(.ticked(pool.progress), at: monotonicNow()))
      if let exit { return exit }
    }
  }

  /// Attempts that will be lost with this process.
  var unsavedCount: Int { unsaved.count }

  private func receive(_ bytes: [UInt8]) {
    // What cannot be read is nothing: the coordinator repeats what matters.
    guard let message = try? WireToWorker(serializedBytes: bytes) else { return }
    perform(worker.handle(.received(message), at: monotonicNow()))
  }

  private func noteConnection() throws {
    for event in socket.events() {
      switch event {
      case .connected:
        if !wasConnected { say("connected to \(join.endpoint)") }
        wasConnected = true
        hasMetSomebody = true
      case .disconnected:
        say("lost the connection to \(join.endpoint); trying again")
        wasConnected = false
        if isFirstSocket { try connect(join) }
      case .refused:
        throw UserError(
          "the coordinator at \(join.endpoint) does not admit this worker's key "
            + "(\(join.workerKeys.publicKey.fingerprint)); get its present join file")
      case .handshakeFailed:
        hasMetSomebody = true
        say("\(join.endpoint) answers, but not with the key in \(place.joinFile)")
      case .retrying: break
      }
    }
  }

  private func explainSilence() {
    let endpoint = join.endpoint
    Thread { StandardError.write("\(Unanswered.words(about: endpoint))\n") }.start()
  }

  private func perform(_ effects: [Worker.Effect]) {
    for effect in effects {
      switch effect {
      case .send(let message): send(message)
      case .enter(let text): enter(text)
      case .start(let assign, let checkpoint): start(assign, checkpoint)
      case .cancel(let attempt): pool.cancel(attempt)
      case .suspend(let attempt): pool.suspend(attempt)
      case .keep(let attempt, let kept, let search): keep(attempt, kept, of: search)
      case .forget(let attempt, let search):
        spool.forget(attempt, of: search)
        unsaved.remove(attempt)
      case .seekCoordinator: seekCoordinator()
      case .note(let words): say(words)
      case .exit(let why): exit = exit ?? why
      }
    }
  }

  /// Sends, or keeps for a moment what finds no room. Without a connection it is dropped: nothing is forgotten before it
  /// is acknowledged, and a new connection begins with Hello.
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
      if file.numerics != arithmetic {
        nextArithmetic = file.numerics
        return perform(
          worker.handle(
            .drainRequested("it starts again, for \(file.numerics) arithmetic"), at: monotonicNow()))
      }
      for word in file.precisions { try Precision(word: word).check() }
      say("joined a search of \(file.trials) trials")
    } catch {
      file = nil
      perform(worker.handle(.unable("\(error)"), at: monotonicNow()))
    }
  }

  /// A disk that takes nothing is no reason to stop: the results are still in memory.
  private func keep(_ attempt: AttemptID, _ kept: WireKept, of search: UInt64) {
    do {
      try spool.keep(attempt, kept, of: search)
      unsaved.remove(attempt)
    } catch {
      unsaved.insert(attempt)
      let words = (error as? UserError)?.words ?? "\(error)"
      if !hasWarnedOfSpool { say("warning: \(words); results are kept in memory only") }
      hasWarnedOfSpool = true
    }
  }

  private func start(_ assign: WireAssign, _ checkpoint: [UInt8]) {
    let attempt = AttemptID(assign.attempt)
    guard let values = assign.searchedValues, let configuration = file?.configuration(values: values) else {
      let words = "its values are not of the declared space"
      return perform(worker.handle(.ended(attempt, .failed, words: words), at: monotonicNow()))
    }
    let recipe = Recipe(configuration, seed: assign.seed)
    pool.start(attempt) { number in
      .init(
        number: number, attempt: attempt, recipe: recipe, epochs: Int(assign.epochs), part: assign.part,
        reported: Int(assign.checkpoint.epochs), checkpoint: checkpoint, announced: assign.checkpoint)
    }
  }

  /// The coordinator is silent. It may have come back elsewhere, and then the join file says where.
  private func seekCoordinator() {
    guard let now = try? place.load() else { return }
    if let ended = now.endedSearch { perform(worker.handle(.searchEnded(ended), at: monotonicNow())) }
    guard now != join || socket.isFinished else { return }
    let old = join.endpoint
    guard (try? connect(now)) != nil else { return }
    if now.endpoint != old { say("the coordinator is now at \(now.endpoint)") }
  }

  /// A line for the user; a local worker leaves the terminal to its coordinator.
  private func say(_ words: String) {
    guard !isLocal, words != lastSaid else { return }
    lastSaid = words
    StandardError.write("\(words)\n")
  }
}
