import Search
import Testing
import Trials

@testable import Coordination

/// A coordinator and workers in one value, with a manual clock and links that deliver at once unless they are cut.
/// Stores persisted decisions as the database does.
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
  /// Attempts that were started and not cancelled, by worker.
  var running: [WorkerID: [WireAssign]] = [:]
  var exits: [WorkerID: Worker.Exit] = [:]
  var cut: Set<WorkerID> = []
  /// Whether no Assign reaches its worker.
  var losesAssigns = false
  var persisted: [Decision] = []
  var warnings: [String] = []
  /// The coordinator's stored checkpoints, by digest. None is stored while `isDiskBad`.
  var stored: [[UInt8]: [UInt8]] = [:]
  var isDiskBad = false
  /// The number of checkpoint pieces requested by workers.
  private(set) var fetches = 0
  /// The workers' spool files, by attempt.
  var kept: [WorkerID: [UInt64: WireKept]] = [:]
  /// The checkpoints that started attempts resumed from.
  var resumed: [UInt64: [UInt8]] = [:]
  /// Epochs trained by started attempts.
  private var trained: [UInt64: Int] = [:]
  private var generation: UInt64 = 1
  /// Events in flight, in order.
  private var pending: [Delivery] = []
  private var isDraining = false

  private enum Delivery {
    case toWorker(WorkerID, Worker.Event)
    case toCoordinator(WireToCoordinator, from: WorkerID, key: String)
  }

  /// The pids of `kill` effects.
  private(set) var killed: [Int32] = []

  init(_ text: String = Cluster.file) throws {
    self.text = text
    file = try SearchFile.parse(text, file: "search.yaml")
    coordinator = Coordinator(
      file: file, text: text, intervals: Self.intervals,
      from: Snapshot(
        search: SearchID(7), generation: 1, lastAttempt: AttemptID(0), results: [], openAttempts: []),
      at: .zero)
  }

  static let intervals = Coordinator.Intervals(heartbeat: .seconds(1), lease: .seconds(4))

  /// Adds a worker, which sends Hello.
  @discardableResult
  mutating func join(
    _ number: UInt8, slots: Int = 1, isLocal: Bool = false, waitsForNextSearch: Bool = false,
    numerics: String = "test", host: String? = nil
  ) -> WorkerID {
    let id = WorkerID([UInt8](repeating: number, count: WorkerID.length))!
    workers[id] = Worker(
      identity: .init(
        id: id, slots: slots, host: host ?? "node\(number)", pid: Int32(number), isLocal: isLocal,
        numerics: numerics, waitsForNextSearch: waitsForNextSearch))
    running[id] = []
    dispatch(id, .ticked([]))
    return id
  }

  /// Starts a process that delivers the spooled results of a worker.
  mutating func deliverKeptResults(for id: WorkerID) {
    let kept = (kept[id] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    workers[id] = Worker(
      identity: .init(
        id: id, slots: 0, host: "node", pid: 99, isLocal: false, numerics: "test", waitsForNextSearch: false),
      handingIn: kept)
    exits[id] = nil
    running[id] = []
    dispatch(id, .ticked([]))
  }

  /// Passes an event to a worker and performs all resulting effects, in order.
  mutating func dispatch(_ id: WorkerID, _ event: Worker.Event) {
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
      case .start(let assign, let checkpoint):
        running[id]?.append(assign)
        resumed[assign.attempt] = checkpoint
        trained[assign.attempt] = Int(assign.checkpoint.epochs)
      case .suspend(let attempt): suspend(attempt, of: id)
      case .spool(let attempt, let message, _): kept[id, default: [:]][attempt.number] = message
      case .forget(let attempt, _): kept[id]?[attempt.number] = nil
      case .cancel(let attempt): running[id]?.removeAll { $0.attempt == attempt.number }
      case .exit(let exit):
        exits[id] = exit
        workers[id] = nil
      case .enter, .seekCoordinator, .note: break
      }
    }
  }

  /// Trains the assigned part of an epoch of a worker's first attempt; the score depends only on the trial.
  mutating func finishPart(of id: WorkerID, valLoss: Double = 1) {
    guard let assign = running[id]?.first else { return }
    let accuracy = 0.1 + Double(assign.trial) / 100
    let measurement = TrialMeasurement(part: assign.part, accuracy: accuracy, loss: valLoss)
    suspend(AttemptID(assign.attempt), of: id, measurement: measurement)
    drain()
  }

  /// Ends a worker's first attempt if it has trained all its epochs.
  mutating func endFirst(of id: WorkerID) {
    guard let assign = running[id]?.first, trained[assign.attempt] == Int(assign.epochs) else { return }
    finishAttempt(of: id)
  }

  /// Suspends a worker's first attempt, which has trained to its rung.
  mutating func suspendFirst(of id: WorkerID) {
    guard let assign = running[id]?.first else { return }
    suspend(AttemptID(assign.attempt), of: id)
    drain()
  }

  /// Suspends an attempt; the size of its checkpoint depends on its epochs.
  private mutating func suspend(_ attempt: AttemptID, of id: WorkerID, measurement: TrialMeasurement? = nil) {
    let trial = running[id]?.first { $0.attempt == attempt.number }?.trial ?? 0
    running[id]?.removeAll { $0.attempt == attempt.number }
    var checkpoint = WireCheckpoint()
    checkpoint.epochs = UInt32(trained[attempt.number] ?? 0)
    let bytes = Self.checkpoint(epochs: Int(checkpoint.epochs), trial: Int(trial))
    checkpoint.size = UInt64(bytes.count)
    checkpoint.digest = .init(Self.digest(bytes))
    let suspended = Worker.Suspended(checkpoint: checkpoint, bytes: bytes, measurement: measurement)
    pending.append(.toWorker(id, .suspended(attempt, suspended)))
  }

  /// A checkpoint of many pieces and a remainder, unique for trial and epochs.
  static func checkpoint(epochs: Int, trial: Int = 0) -> [UInt8] {
    let bytes = (0..<20 * Limits.piece + 100 + epochs).map { UInt8(truncatingIfNeeded: $0 / 1000 + epochs) }
    return bytes + [UInt8(trial)]
  }

  private static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Limits.digest)
    for (index, byte) in bytes.enumerated() { digest[index % 32] = digest[index % 32] &* 31 &+ byte }
    return digest
  }

  private mutating func store(_ bytes: [UInt8], of checkpoint: StoredCheckpoint, isLast: Bool) {
    let digest = Array(checkpoint.checkpoint.digest)
    stored[digest, default: []] += bytes
    guard isLast else { return }
    let isWhole = !isDiskBad && stored[digest].map(Self.digest) == digest
    if !isWhole { stored[digest] = nil }
    perform(coordinator.handle(.checkpointArrived(checkpoint.attempt, isWhole: isWhole), at: now))
  }

  /// Persists all decisions, then sends, as the shell does.
  mutating func perform(_ effects: [Coordinator.Effect]) {
    #expect(coordinator.checkInvariants() == [])
    for case .persist(let decision) in effects { persisted.append(decision) }
    for effect in effects {
      switch effect {
      case .send(let message, let address):
        let id = WorkerID([UInt8](repeating: UInt8(address.number), count: WorkerID.length))!
        if case .assign = message.body, losesAssigns { continue }
        if !cut.contains(id) { dispatch(id, .received(message)) }
      case .sendPiece(let fetch, let address):
        fetches += 1
        var message = coordinator.envelope
        message.chunk = WireChunk(fetch, of: stored[Array(fetch.digest)] ?? [])
        perform([.send(message, to: address)])
      case .store(let bytes, let checkpoint, let isLast): store(bytes, of: checkpoint, isLast: isLast)
      case .remove(let checkpoint): stored[Array(checkpoint.digest)] = nil
      case .kill(let pid): killed.append(pid)
      case .warn(let detail): warnings.append(detail)
      case .persist, .note: break
      }
    }
  }

  /// Advances the clock in steps of half a second.
  mutating func wait(_ duration: Duration) {
    let end = now + duration
    while now < end {
      now += .milliseconds(500)
      for id in workers.keys.sorted(by: { $0.description < $1.description }) {
        dispatch(id, .ticked([]))
      }
      perform(coordinator.handle(.ticked, at: now))
    }
  }

  /// Trains a worker's first attempt to its end; the score depends only on the trial.
  mutating func finishAttempt(of id: WorkerID, outcome: WireOutcome = .done) {
    guard let assign = running[id]?.first else { return }
    trainEpochs(Int(assign.epochs) - (trained[assign.attempt] ?? 0), of: id)
    running[id]?.removeFirst()
    dispatch(id, .ended(AttemptID(assign.attempt), outcome, detail: ""))
  }

  mutating func trainEpochs(_ count: Int, of id: WorkerID) {
    guard let assign = running[id]?.first else { return }
    let begin = trained[assign.attempt] ?? 0
    trained[assign.attempt] = begin + count
    for number in begin + 1..<begin + count + 1 {
      let accuracy = 0.5 + Double(Replicate(number: Int(assign.trial)).trial) / 100
      let epoch = TrialMeasurement(epoch: number, accuracy: accuracy, loss: 1 / Double(number))
      dispatch(id, .epochEnded(AttemptID(assign.attempt), epoch, seconds: 0))
    }
  }

  /// Removes a worker without a message, as a killed process.
  mutating func kill(_ id: WorkerID) {
    workers[id] = nil
    running[id] = nil
  }

  /// Kills the coordinator and starts another from the persisted decisions.
  mutating func restart() {
    generation += 1
    coordinator = Coordinator(
      file: file, text: text, intervals: Self.intervals, from: snapshot(), at: now)
  }

  func snapshot() -> Snapshot {
    var snapshot = Snapshot(
      search: SearchID(7), generation: generation, lastAttempt: AttemptID(0), results: [], openAttempts: [])
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
      case .epochEnded(let id, _, let epoch, _):
        edit(&snapshot, id) { $0.epochs.append(epoch) }
      case .attemptEnded(let id, let end, _): edit(&snapshot, id) { $0.end = end }
      case .attemptResumed(let id): edit(&snapshot, id) { $0.end = nil }
      case .epochsInherited(let id, let source, let count):
        let epochs = snapshot.openAttempts.first { $0.id == source }?.epochs.prefix(count) ?? []
        edit(&snapshot, id) {
          $0.epochs = Array(epochs)
          $0.inherited = count
        }
      case .rungReached(let reached, let rung):
        while snapshot.rungs.count <= rung { snapshot.rungs.append([]) }
        snapshot.rungs[rung].append(reached)
      case .workerExcluded(let id, let reason): snapshot.excluded[id] = reason
      case .dataKnown(let digest): snapshot.data = digest
      case .trialsComplete(let count): snapshot.trialCount = count
      case .checkpointStored(let checkpoint):
        snapshot.checkpoints.removeAll { $0.trial == checkpoint.trial }
        snapshot.checkpoints.append(checkpoint)
      case .trialEnded(let result, _):
        snapshot.checkpoints.removeAll { $0.trial == result.trial }
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

extension TrialMeasurement {
  /// The metrics after an epoch.
  init(epoch: Int, accuracy: Double = 0, loss: Double = 0) {
    self.init(
      step: Double(epoch),
      ["train_loss": 0, "train_accuracy": 0, "val_loss": loss, "val_accuracy": accuracy])
  }

  /// The metrics after a part of the first epoch.
  init(part: Double, accuracy: Double, loss: Double) {
    self.init(step: part, ["val_loss": loss, "val_accuracy": accuracy])
  }
}
