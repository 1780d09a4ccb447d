import Search

@testable import Coordination

/// A coordinator and workers in one value, with a clock that only moves when told, and links that deliver at once unless
/// they are cut. What the coordinator persists is kept as its database would keep it.
struct Cluster {
  static let file = """
    dataset: digits
    model: { hidden: [{ int: [8, 64] }] }
    train: { epochs: 2, lr: { uniform: [0.1, 0.2] } }
    search: { trials: 4 }
    """

  let text: String
  let file: SearchFile
  var now = Duration.zero
  var coordinator: Coordinator
  var workers: [WorkerID: Worker] = [:]
  /// Attempts that were started and not called off, by worker.
  var running: [WorkerID: [WireAssign]] = [:]
  var exits: [WorkerID: Worker.Exit] = [:]
  var cut: Set<WorkerID> = []
  var persisted: [Decision] = []
  var warnings: [String] = []
  private var epoch: UInt64 = 1
  /// Events on their way, in order.
  private var pending: [Delivery] = []
  private var isDraining = false

  private enum Delivery {
    case toWorker(WorkerID, Worker.Event)
    case toCoordinator(WireToCoordinator, from: WorkerID, key: String)
  }

  init(_ text: String = Cluster.file) throws {
    self.text = text
    file = try SearchFile.parse(text, file: "search.yaml")
    coordinator = Coordinator(
      file: file, text: text, intervals: Self.intervals,
      from: Snapshot(
        search: SearchID(7), epoch: 1, lastAttempt: AttemptID(0), results: [], openAttempts: []),
      at: .zero)
  }

  static let intervals = Coordinator.Intervals(heartbeat: .seconds(1), lease: .seconds(4))

  /// Adds a worker and lets it say Hello.
  @discardableResult
  mutating func join(
    _ number: UInt8, slots: Int = 1, isLocal: Bool = false, staysForever: Bool = false,
    numerics: String = "test"
  ) -> WorkerID {
    let id = WorkerID([UInt8](repeating: number, count: WorkerID.length))!
    workers[id] = Worker(
      identity: .init(
        id: id, slots: slots, host: "node\(number)", pid: Int32(number), isLocal: isLocal,
        numerics: numerics, staysForever: staysForever))
    running[id] = []
    tell(id, .ticked([]))
    return id
  }

  /// Hands an event to a worker and carries out all that follows, in order.
  mutating func tell(_ id: WorkerID, _ event: Worker.Event) {
    pending.append(.toWorker(id, event))
    drain()
  }

  mutating func deliver(_ message: WireToCoordinator, from id: WorkerID, key: String = "key") {
    pending.append(.toCoordinator(message, from: id, key: key))
    drain()
  }

  private mutating func drain() {
    guard !isDraining else { return }
    isDraining = true
    while !pending.isEmpty {
      switch pending.removeFirst() {
      case .toWorker(let id, let event): runWorker(id, event)
      case .toCoordinator(let message, let id, let key):
        let sender = Coordinator.Sender(address: ReturnAddress(UInt32(id.bytes[0])), key: key)
        perform(coordinator.handle(.received(message, from: sender), at: now))
      }
    }
    isDraining = false
  }

  private mutating func runWorker(_ id: WorkerID, _ event: Worker.Event) {
    for effect in workers[id]?.handle(event, at: now) ?? [] {
      switch effect {
      case .send(let message): if !cut.contains(id) { deliver(message, from: id) }
      case .start(let assign): running[id]?.append(assign)
      case .cancel(let attempt): running[id]?.removeAll { $0.attempt == attempt.number }
      case .exit(let exit):
        exits[id] = exit
        workers[id] = nil
      case .enter, .seekCoordinator, .note: break
      }
    }
  }

  /// Persists all, then sends, as the shell does.
  mutating func perform(_ effects: [Coordinator.Effect]) {
    for case .persist(let decision) in effects { persisted.append(decision) }
    for effect in effects {
      switch effect {
      case .send(let message, let address):
        let id = WorkerID([UInt8](repeating: UInt8(address.number), count: WorkerID.length))!
        if !cut.contains(id) { tell(id, .received(message)) }
      case .warn(let words): warnings.append(words)
      case .persist, .note: break
      }
    }
  }

  /// Lets time pass in steps of half a second.
  mutating func wait(_ duration: Duration) {
    let end = now + duration
    while now < end {
      now += .milliseconds(500)
      for id in workers.keys.sorted(by: { $0.description < $1.description }) {
        tell(id, .ticked([]))
      }
      perform(coordinator.handle(.ticked, at: now))
    }
  }

  /// Trains the first attempt of a worker to its end; the score depends on the trial only.
  mutating func finishAttempt(of id: WorkerID, outcome: WireOutcome = .done) {
    guard let assign = running[id]?.first else { return }
    trainEpochs(Int(assign.epochs), of: id)
    running[id]?.removeFirst()
    tell(id, .ended(AttemptID(assign.attempt), outcome, words: ""))
  }

  mutating func trainEpochs(_ count: Int, of id: WorkerID) {
    guard let assign = running[id]?.first else { return }
    for number in 1...count {
      var epoch = WireEpoch()
      epoch.valAccuracy = 0.5 + Double(assign.trial) / 100
      epoch.valLoss = 1 / Double(number)
      tell(id, .epochEnded(AttemptID(assign.attempt), epoch))
    }
  }

  /// A worker process that is gone without a word.
  mutating func kill(_ id: WorkerID) {
    workers[id] = nil
    running[id] = nil
  }

  /// A coordinator killed and started again, from what the last one persisted.
  mutating func restart() {
    epoch += 1
    coordinator = Coordinator(
      file: file, text: text, intervals: Self.intervals, from: snapshot(), at: now)
  }

  func snapshot() -> Snapshot {
    var snapshot = Snapshot(
      search: SearchID(7), epoch: epoch, lastAttempt: AttemptID(0), results: [], openAttempts: [])
    var descriptions: [WorkerID: WorkerDescription] = [:]
    for decision in persisted {
      switch decision {
      case .workerJoined(let id, let description): descriptions[id] = description
      case .attemptStarted(let id, let trial, let worker):
        snapshot.lastAttempt = id
        snapshot.openAttempts.append(
          .init(
            id: id, trial: trial, worker: worker, isLocal: descriptions[worker]?.isLocal ?? false,
            key: descriptions[worker]?.key ?? "", end: nil, epochs: []))
      case .epochEnded(let id, _, let epoch):
        edit(&snapshot, id) { $0.epochs.append(epoch) }
      case .attemptEnded(let id, let end, _): edit(&snapshot, id) { $0.end = end }
      case .attemptResumed(let id): edit(&snapshot, id) { $0.end = nil }
      case .trialEnded(let result, _):
        snapshot.results.append(result)
        snapshot.openAttempts.removeAll { $0.trial == result.trial }
      }
    }
    return snapshot
  }

  private func edit(
    _ snapshot: inout Snapshot, _ id: AttemptID, _ change: (inout Snapshot.OpenAttempt) -> Void
  ) {
    guard let index = snapshot.openAttempts.firstIndex(where: { $0.id == id }) else { return }
    change(&snapshot.openAttempts[index])
  }
}
