import Search

/// The stored checkpoints of open trials, and those that are fetched from workers.
struct Checkpoints: Sendable {
  /// The checkpoint that the next attempt of a trial resumes from.
  struct Stored: Sendable {
    let file: StoredCheckpoint
    /// The metrics after each epoch up to it.
    let epochs: [Metrics]
    /// The worker that handed it over and may have it cached.
    var holder: WorkerID?
  }

  /// The fetch of a checkpoint from a worker.
  struct Handover: Sendable {
    fileprivate(set) var transfer: Transfer
    /// Why the worker hands it over, for display.
    let why: String
    /// Whether its attempt has trained the assigned part of the first epoch.
    let isAtPart: Bool

    init(_ release: WireRelease) {
      transfer = Transfer(release.checkpoint)
      why = release.why.asPeerText
      isAtPart = release.hasMeasurement
    }

    var file: CheckpointFile { CheckpointFile(transfer.checkpoint) }
  }

  /// By trial.
  private(set) var stored: [Int: Stored] = [:]
  /// Handovers by the attempt that hands over.
  private(set) var handovers: [AttemptID: Handover] = [:]
  /// The attempts of handovers that are accepted, in order; the first ones are fetched concurrently.
  private(set) var queue: [AttemptID] = []
  /// Bytes of stored checkpoints.
  private var bytes = 0

  /// Whether a checkpoint is stored, of whichever trial: a worker may name one that it handed over for another.
  private func isStored(_ checkpoint: CheckpointFile) -> Bool {
    stored.values.contains { $0.file.checkpoint.digest == checkpoint.digest }
  }

  // MARK: Stored checkpoints

  /// Records a complete checkpoint, which replaces that of its trial.
  mutating func store(_ checkpoint: Stored) -> [Coordinator.Effect] {
    let trial = checkpoint.file.trial
    guard !isStored(checkpoint.file.checkpoint) else { return [] }
    let effects = forget(trial)
    bytes += checkpoint.file.checkpoint.size
    stored[trial] = checkpoint
    return effects
  }

  /// Removes the checkpoint of a trial.
  mutating func forget(_ trial: Int) -> [Coordinator.Effect] {
    guard let old = stored.removeValue(forKey: trial)?.file.checkpoint else { return [] }
    bytes -= old.size
    return [.remove(old)]
  }

  /// Stops waiting for a worker because of its cached checkpoint.
  mutating func forgetHolder(_ worker: WorkerID, of trial: Int) {
    if stored[trial]?.holder == worker { stored[trial]?.holder = nil }
  }

  // MARK: Handovers

  mutating func begin(_ handover: Handover, of id: AttemptID) {
    handovers[id] = handover
  }

  /// Queues a handover for its fetch.
  ///
  /// - Returns: false if its checkpoint is implausible, stored already, or too large for the room that is left.
  mutating func enqueue(_ id: AttemptID, epochs: Int) -> Bool {
    guard let checkpoint = handovers[id]?.transfer.checkpoint, checkpoint.isPlausible,
      checkpoint.epochs <= epochs, !isStored(CheckpointFile(checkpoint)),
      bytes + Int(checkpoint.size) <= Limits.checkpoints
    else { return false }
    queue.append(id)
    return true
  }

  /// The pieces to request for a handover now; nil if it made no progress for the length of a lease.
  mutating func requests(for id: AttemptID, lease: Duration, at now: Duration) -> [WireFetch]? {
    guard let fetches = handovers[id]?.transfer.requests(at: now) else { return [] }
    if let moved = handovers[id]?.transfer.lastMoved, now - moved > lease { return nil }
    return fetches
  }

  /// The queued handover among these attempts that a piece belongs to.
  func handover(for chunk: WireChunk, among attempts: Set<AttemptID>) -> AttemptID? {
    attempts.first { handovers[$0]?.transfer.checkpoint.digest == chunk.digest }
      .flatMap { queue.contains($0) ? $0 : nil }
  }

  /// Takes the next piece of a handover.
  ///
  /// - Returns: whether it was the last one; nil if it is not the next one.
  mutating func append(_ chunk: WireChunk, to id: AttemptID, at now: Duration) -> Bool? {
    guard handovers[id]?.transfer.append(chunk, at: now) == true else { return nil }
    return handovers[id]?.transfer.isComplete
  }

  /// Ends the fetch of a complete checkpoint.
  mutating func finish(_ id: AttemptID) {
    handovers[id] = nil
    queue.removeAll { $0 == id }
  }

  /// Aborts a fetch and removes the received pieces.
  mutating func abandon(_ id: AttemptID) -> [Coordinator.Effect] {
    guard let checkpoint = handovers[id]?.file else { return [] }
    finish(id)
    return isStored(checkpoint) ? [] : [.remove(checkpoint)]
  }

  // MARK: Invariants

  /// Sentences about what does not hold; none if all is well.
  func checkInvariants() -> [String] {
    var broken: [String] = []
    if bytes != stored.values.reduce(0, { $0 + $1.file.checkpoint.size }) {
      broken.append("the size of the stored checkpoints is wrong")
    }
    if stored.contains(where: { $0.key != $0.value.file.trial }) {
      broken.append("a checkpoint is stored for another trial")
    }
    if !queue.allSatisfy({ handovers[$0] != nil }) || Set(queue).count != queue.count {
      broken.append("the queue of handovers has others")
    }
    return broken
  }
}
