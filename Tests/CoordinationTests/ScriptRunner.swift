import Search

@testable import Coordination

/// A coordinator, workers, a database and links under the control of a script, with a manual clock. Traces show all
/// messages, decisions and lines of the logs.
///
/// It knows only events, effects, messages, decisions and snapshots, so that traces do not depend on how the
/// coordinator and the workers keep their state.
struct ScriptRunner {
  /// The search of a script.
  struct Search {
    let text: String
    let file: SearchFile
    let intervals: Coordinator.Intervals
    /// The size of a checkpoint in bytes, approximately.
    let checkpointSize: Int
  }

  /// The coordinator's machine.
  struct Storage {
    var database = Disk(knowsData: false)
    /// An older state of the database.
    var copy: Disk?
    /// Stored checkpoints, complete or partial, by digest.
    var checkpoints: [[UInt8]: [UInt8]] = [:]
    /// The number of starts of the coordinator.
    var starts: UInt32 = 0
  }

  /// An attempt that a worker trains.
  struct Training {
    let assign: WireAssign
    /// Epochs trained.
    var epochs: Int
  }

  /// A worker process.
  struct Process {
    let name: String
    let key: String
    /// The digest of its dataset.
    let data: [UInt8]
    let identity: Worker.Identity
    /// Nil after its end.
    var machine: Worker?
    var trainings: [AttemptID: Training] = [:]
  }

  private enum Event {
    case toCoordinator(Coordinator.Event)
    case toWorker(WorkerID, Worker.Event)
  }

  /// The interval of ticks.
  static let tick = Duration.milliseconds(500)

  var now = Duration.zero
  var search: Search?
  var storage = Storage()
  /// Nil before `search` and after `kill-coordinator`.
  var coordinator: Coordinator?
  /// In the order of their starts; the number in a return address is the position, from 1.
  var processes: [Process] = []
  var network = ScriptNetwork()
  /// The line of the present directive.
  private(set) var line = 1
  /// The trace of the present directive.
  private var trace: [String] = []
  /// Events in flight, in order.
  private var pending: [Event] = []

  /// Runs a directive.
  ///
  /// - Returns: its trace.
  mutating func run(_ step: Script.Step) throws(ScriptError) -> [String] {
    line = step.line
    trace = []
    var arguments = try ScriptArguments(step)
    try run(&arguments, input: step.input)
    try arguments.finish()
    return trace
  }

  /// Checks that every fault has occurred.
  func finish() throws(ScriptError) {
    guard let rule = network.rules.first else { return }
    throw ScriptError(
      line: rule.line, "\(rule.count) \(rule.kind) \(rule.direction) the worker did not occur")
  }

  func error(_ detail: String) -> ScriptError { ScriptError(line: line, detail) }

  /// Adds a line to the trace.
  mutating func record(_ text: String) {
    let tenths = Int(now / .milliseconds(100))
    let time = "\(tenths / 10).\(tenths % 10)"
    trace.append(String(repeating: " ", count: max(0, 6 - time.count)) + time + " " + text)
  }

  // MARK: Events

  /// Passes an event to the coordinator and performs all resulting effects.
  mutating func dispatch(_ event: Coordinator.Event) throws(ScriptError) {
    pending.append(.toCoordinator(event))
    try drain()
  }

  /// Passes an event to a worker and performs all resulting effects.
  mutating func dispatch(_ event: Worker.Event, to worker: WorkerID) throws(ScriptError) {
    pending.append(.toWorker(worker, event))
    try drain()
  }

  /// Handles all events in flight.
  mutating func drain() throws(ScriptError) {
    while !pending.isEmpty {
      switch pending.removeFirst() {
      case .toCoordinator(let event):
        if let effects = coordinator?.handle(event, at: now) { try perform(effects) }
      case .toWorker(let worker, let event):
        for effect in processes[index(of: worker)].machine?.handle(event, at: now) ?? [] {
          try perform(effect, of: worker)
        }
      }
    }
  }

  /// Advances the clock. Delayed messages arrive, then the workers and the coordinator get their ticks.
  mutating func advance(_ duration: Duration) throws(ScriptError) {
    let end = now + duration
    while now < end {
      now += Self.tick
      for message in network.takeArrived(at: now) { try arrive(message) }
      for process in processes where process.machine != nil {
        try dispatch(.ticked(process.progress), to: process.identity.id)
      }
      try dispatch(.ticked)
    }
  }

  // MARK: Messages

  private mutating func send(_ message: ScriptMessage) {
    let isLost =
      switch message {
      case .toCoordinator: coordinator == nil
      case .toWorker: processes[index(of: message.worker)].machine == nil
      }
    let text = text(of: message)
    guard !isLost, !network.cut.contains(message.worker) else { return record("\(text) (lost)") }
    switch network.takeFault(of: message) {
    case nil:
      record(text)
      pending.append(event(message))
    case .drop: record("\(text) (dropped)")
    case .duplicate:
      record("\(text) (duplicated)")
      pending += [event(message), event(message)]
    case .hold:
      record("\(text) (held)")
      network.keep(message, until: nil)
    case .delay(let delay):
      record("\(text) (delayed)")
      network.keep(message, until: now + delay)
    }
  }

  /// Delivers a message that was held or delayed.
  mutating func arrive(_ message: ScriptMessage) throws(ScriptError) {
    record("\(text(of: message)) (arrives)")
    pending.append(event(message))
    try drain()
  }

  private func text(of message: ScriptMessage) -> String {
    let name = processes[index(of: message.worker)].name
    switch message {
    case .toCoordinator(let content, _):
      let isOther = !content.data.isEmpty && [UInt8](content.data) != Disk.dataset
      return "\(name) -> \(message.text)" + (isOther ? ", dataset \([UInt8](content.data).traceText)" : "")
    case .toWorker: return "\(name) <- \(message.text)"
    }
  }

  private func event(_ message: ScriptMessage) -> Event {
    switch message {
    case .toWorker(let content, let worker): return .toWorker(worker, .received(content))
    case .toCoordinator(let content, let worker):
      let index = index(of: worker)
      let sender = Coordinator.Sender(address: ReturnAddress(UInt32(index + 1)), key: processes[index].key)
      return .toCoordinator(.received(content, from: sender))
    }
  }

  func index(of worker: WorkerID) -> Int {
    guard let index = processes.firstIndex(where: { $0.identity.id == worker }) else {
      preconditionFailure("no process has the id \(worker)")
    }
    return index
  }

  // MARK: Effects

  /// Commits decisions, then performs the other effects, as the shell does.
  private mutating func perform(_ effects: [Coordinator.Effect]) throws(ScriptError) {
    let decisions = effects.compactMap { if case .persist(let decision) = $0 { decision } else { nil } }
    for decision in decisions {
      let processes = processes
      record("commit: " + decision.traceText { id in processes.first { $0.identity.id == id }?.name ?? "?" })
    }
    do { try storage.database.commit(decisions) } catch { throw self.error(error.description) }
    for effect in effects {
      switch effect {
      case .persist: break
      case .send(let message, let address):
        send(.toWorker(message, processes[Int(address.number) - 1].identity.id))
      case .sendPiece(let fetch, let address):
        guard var message = coordinator?.envelope else { break }
        message.chunk = WireChunk(fetch, of: storage.checkpoints[Array(fetch.digest)] ?? [])
        send(.toWorker(message, processes[Int(address.number) - 1].identity.id))
      case .store(let bytes, let stored, let isLast): store(bytes, of: stored, isLast: isLast)
      case .remove(let checkpoint):
        record("coordinator: removes checkpoint \(checkpoint.digest.traceText)")
        storage.checkpoints[checkpoint.digest] = nil
      case .kill(let pid): record("coordinator: kills process \(pid)")
      case .note(let detail): record("note: \(detail)")
      case .warn(let detail): record("warning: \(detail)")
      }
    }
  }

  private mutating func store(_ bytes: [UInt8], of stored: StoredCheckpoint, isLast: Bool) {
    let digest = stored.checkpoint.digest
    storage.checkpoints[digest, default: []] += bytes
    guard isLast else { return }
    let isWhole = storage.checkpoints[digest].map(SimulatedCheckpoint.digest) == digest
    record("coordinator: stores checkpoint \(digest.traceText)\(isWhole ? "" : ", which is damaged")")
    pending.append(.toCoordinator(.checkpointArrived(stored.attempt, isWhole: isWhole)))
  }

  private mutating func perform(_ effect: Worker.Effect, of worker: WorkerID) throws(ScriptError) {
    let index = index(of: worker)
    let name = processes[index].name
    switch effect {
    case .send(let message): send(.toCoordinator(message, from: worker))
    case .enter: record("\(name): enters the search")
    case .start(let assign, let checkpoint): start(assign, checkpoint, on: worker)
    case .cancel(let attempt):
      record("\(name): cancels attempt \(attempt.traceText)")
      processes[index].trainings[attempt] = nil
    case .suspend(let attempt): suspend(attempt, on: worker)
    case .spool(let attempt, let kept, _):
      record("\(name): spools attempt \(attempt.traceText), \(kept.messages.count) messages")
    case .forget(let attempt, _): record("\(name): deletes the spool file of attempt \(attempt.traceText)")
    case .seekCoordinator: record("\(name): reads its join file")
    case .note(let detail): record("\(name) note: \(detail)")
    case .exit(let exit):
      if case .unable(let detail) = exit {
        record("\(name): exits, unable: \(detail)")
      } else {
        record("\(name): exits, \(exit)")
      }
      end(worker)
    }
  }

  private mutating func start(_ assign: WireAssign, _ checkpoint: [UInt8], on worker: WorkerID) {
    let index = index(of: worker)
    let attempt = AttemptID(assign.attempt)
    let epochs = SimulatedCheckpoint(checkpoint)?.epochs ?? 0
    record("\(processes[index].name): trains attempt \(attempt.traceText) from epoch \(epochs)")
    processes[index].trainings[attempt] = Training(assign: assign, epochs: epochs)
    pending.append(.toWorker(worker, .dataLoaded(attempt, processes[index].data)))
  }

  /// Suspends an attempt, which offers its checkpoint.
  mutating func suspend(_ attempt: AttemptID, on worker: WorkerID) {
    let index = index(of: worker)
    guard let training = processes[index].trainings.removeValue(forKey: attempt) else { return }
    record("\(processes[index].name): suspends attempt \(attempt.traceText) at epoch \(training.epochs)")
    let checkpoint = SimulatedCheckpoint(trial: Int(training.assign.trial), epochs: training.epochs)
    let bytes = checkpoint.bytes(search?.checkpointSize ?? 0)
    let suspended = Worker.Suspended(checkpoint: checkpoint.announced(bytes), bytes: bytes)
    pending.append(.toWorker(worker, .suspended(attempt, suspended)))
  }

  /// Ends a process.
  mutating func end(_ worker: WorkerID) {
    let index = index(of: worker)
    processes[index].machine = nil
    processes[index].trainings = [:]
  }
}

extension ScriptRunner.Process {
  /// The progress of its attempts; an epoch has ten steps.
  fileprivate var progress: [WireProgress] {
    trainings.sorted { $0.key < $1.key }.map { attempt, training in
      var progress = WireProgress()
      (progress.attempt, progress.step) = (attempt.bits, UInt64(10 * training.epochs))
      return progress
    }
  }
}
