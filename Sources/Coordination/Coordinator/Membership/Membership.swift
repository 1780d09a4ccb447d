/// The connected workers and their free slots, and those that have left and may return.
struct Membership: Sendable {
  /// How long a silent or departed worker is expected to return or to be replaced.
  static let absence = Duration.seconds(60)
  /// The limit of departed workers and of machines with a backoff that are recorded.
  private static let recordLimit = 1024

  private(set) var peers: [WorkerID: Peer] = [:]
  /// Workers with a free slot, in FIFO order; some may be full or paused by now.
  private(set) var idle: [WorkerID] = []
  /// Excluded workers and the reason.
  private(set) var excluded: [WorkerID: String]
  /// Recently departed workers, which may return or be replaced.
  private(set) var departed: [WorkerID: Departure] = [:]
  /// Peers by key: counted at each tick, incremented when a worker joins.
  private var countsByKey: [String: Int] = [:]
  /// Backoffs of machines whose workers could not train.
  private var backoffs: [Machine: Backoff] = [:]
  /// Local processes that have exited, to ignore their late Hello messages.
  private var endedProcesses = RecentSet<Int32>(capacity: 256)
  /// The instruction sets of the workers that train.
  private var numerics: Set<String> = []
  /// The interval of heartbeats.
  private let heartbeat: Duration
  /// Further workers are expected until this time.
  private let arrivalEnd: Duration

  /// A membership without workers.
  init(excluded: [WorkerID: String], heartbeat: Duration, arrivalEnd: Duration) {
    self.excluded = excluded
    self.heartbeat = heartbeat
    self.arrivalEnd = arrivalEnd
  }

  subscript(_ worker: WorkerID) -> Peer? { peers[worker] }

  /// The connected workers in a fixed order.
  var sorted: [(key: WorkerID, value: Peer)] { peers.sorted { $0.key.description < $1.key.description } }

  // MARK: Joining and leaving

  func hasRoom(for key: String) -> Bool {
    peers.count < Limits.workers && countsByKey[key, default: 0] < Limits.workersPerKey
  }

  mutating func admit(
    _ worker: WorkerID, _ description: WorkerDescription, from sender: Coordinator.Sender, at now: Duration
  ) {
    peers[worker] = Peer(
      description: description, address: sender.address, key: sender.key, fingerprint: sender.fingerprint,
      lastHeard: now, isExcluded: excluded[worker] != nil)
    departed[worker] = nil
    countsByKey[sender.key, default: 0] += 1
  }

  /// Notes a message of a worker and the address that it came from.
  mutating func hear(from worker: WorkerID, at address: ReturnAddress, _ now: Duration) {
    peers[worker]?.address = address
    peers[worker]?.lastHeard = now
  }

  /// Treats all workers as just heard, after a pause in which no message could be received.
  mutating func hearAll(at now: Duration) {
    for worker in peers.keys { peers[worker]?.lastHeard = now }
  }

  mutating func setSlots(_ slots: Int, of worker: WorkerID) {
    peers[worker]?.description.slots = slots
  }

  /// Marks a worker as recorded; true the first time.
  mutating func recordOnce(_ worker: WorkerID) -> Bool {
    guard peers[worker]?.isRecorded == false else { return false }
    peers[worker]?.isRecorded = true
    return true
  }

  /// Excludes a worker for the rest of the search.
  mutating func exclude(_ worker: WorkerID, because reason: String) {
    peers[worker]?.isExcluded = true
    excluded[worker] = reason
  }

  /// Removes all state of departed workers, so that short-lived peers do not fill the memory.
  mutating func forget(_ workers: some Sequence<WorkerID>) {
    var wereQueued = false
    for worker in workers where peers.removeValue(forKey: worker)?.isQueued == true { wereQueued = true }
    if wereQueued { idle.removeAll { peers[$0] == nil } }
  }

  /// Records a departed worker, which may return or be replaced.
  mutating func recordDeparture(of worker: WorkerID, at now: Duration) {
    guard let peer = peers[worker], !peer.isExcluded, peer.isRecorded || peer.description.slots > 0,
      departed.count < Self.recordLimit
    else { return }
    departed[worker] = Departure(host: peer.description.host, time: now)
  }

  /// Removes the workers without attempts that have been silent for the length of a lease, and the departures that are
  /// no longer expected back.
  ///
  /// - Returns: the removed workers.
  mutating func removeSilent(for lease: Duration, at now: Duration) -> [(key: WorkerID, value: Peer)] {
    countsByKey = peers.values.reduce(into: [:]) { $0[$1.key, default: 0] += 1 }
    let gone = peers.filter { now - $0.value.lastHeard > lease && $0.value.attempts.isEmpty }
      .sorted { $0.key.description < $1.key.description }
    for (worker, _) in gone { recordDeparture(of: worker, at: now) }
    forget(gone.map(\.key))
    departed = departed.filter { now - $0.value.time < Self.absence }
    return gone
  }

  // MARK: Local processes

  /// Notes the start of a local worker; its pid may be reused.
  mutating func processStarted(_ pid: Int32) {
    endedProcesses.remove(pid)
  }

  /// Pauses the workers of a local process that has ended. A late Hello of an earlier process with its pid may have
  /// been admitted as another worker.
  ///
  /// - Returns: these workers.
  mutating func processEnded(_ pid: Int32) -> [WorkerID: Peer] {
    endedProcesses.insert(pid)
    let workers = peers.filter { $0.value.description.isLocal && $0.value.description.pid == pid }
    for worker in workers.keys { pause(worker) }
    return workers
  }

  func hasEnded(_ pid: Int32) -> Bool { endedProcesses.contains(pid) }

  // MARK: Slots

  mutating func pause(_ worker: WorkerID) {
    peers[worker]?.isPaused = true
  }

  /// Ends a worker's pause, unless its machine has a backoff.
  mutating func resume(_ worker: WorkerID, at now: Duration) {
    let isDelayed = isDelayed(worker, at: now)
    peers[worker]?.isPaused = isDelayed
    queue(worker)
  }

  /// Pauses a worker that has missed two heartbeats, since it may be gone; its next one makes it available again.
  ///
  /// - Returns: whether it is paused by this call.
  mutating func pauseIfSilent(_ worker: WorkerID, at now: Duration) -> Bool {
    guard let peer = peers[worker], !peer.isPaused, !isResponsive(peer, at: now) else { return false }
    pause(worker)
    return true
  }

  mutating func assign(_ attempt: AttemptID, to worker: WorkerID) {
    peers[worker]?.attempts.insert(attempt)
  }

  /// Frees the slot of an attempt.
  mutating func free(_ attempt: AttemptID, on worker: WorkerID) {
    peers[worker]?.attempts.remove(attempt)
    queue(worker)
  }

  private mutating func queue(_ worker: WorkerID) {
    guard let peer = peers[worker], !peer.isQueued, peer.freeSlots > 0 else { return }
    peers[worker]?.isQueued = true
    idle.append(worker)
  }

  /// Removes the workers without a free slot from `idle`.
  mutating func dequeueBusy() {
    idle.removeAll { worker in
      guard let peer = peers[worker], peer.freeSlots <= 0 else { return false }
      peers[worker]?.isQueued = false
      return true
    }
  }

  // MARK: Machines

  /// Extends the backoff of a machine whose worker could not train.
  mutating func delayMachine(of peer: Peer, at now: Duration) {
    if backoffs.count >= Self.recordLimit { backoffs = backoffs.filter { $0.value.end > now } }
    guard backoffs.count < Self.recordLimit else { return }
    backoffs[Machine(peer), default: Backoff()].extend(at: now)
  }

  /// Removes the backoff of a worker's machine, which trains now.
  mutating func endDelay(of worker: WorkerID) {
    guard !backoffs.isEmpty, let peer = peers[worker] else { return }
    backoffs[Machine(peer)] = nil
  }

  private func isDelayed(_ worker: WorkerID, at now: Duration) -> Bool {
    guard !backoffs.isEmpty, let peer = peers[worker] else { return false }
    return backoffs[Machine(peer)].map { now < $0.end } ?? false
  }

  /// Notes the instruction set of a worker that trains.
  ///
  /// - Returns: the instruction sets so far when they first differ: results then differ in the last bits, which can
  ///   change the ranking.
  mutating func noteNumerics(of worker: WorkerID) -> [String]? {
    guard let own = peers[worker]?.description.numerics, numerics.insert(own).inserted, numerics.count == 2
    else { return nil }
    return numerics.sorted()
  }

  // MARK: Who is there

  func isResponsive(_ peer: Peer, at now: Duration) -> Bool { now - peer.lastHeard <= heartbeat * 2.5 }

  /// Whether a worker is available for other trials; not on a machine with a backoff, whose workers could not train.
  func isUsable(_ peer: Peer, at now: Duration) -> Bool {
    peer.isAvailable && now - peer.lastHeard < Self.absence && backoffs[Machine(peer)] == nil
  }

  /// Whether further workers are expected soon after the coordinator's start.
  func expectsArrivals(at now: Duration) -> Bool { now < arrivalEnd }

  // MARK: Invariants

  /// Sentences about what does not hold; none if all is well.
  func checkInvariants() -> [String] {
    var broken: [String] = []
    if Set(idle).count != idle.count { broken.append("a worker is idle twice") }
    if idle.contains(where: { peers[$0]?.isQueued != true }) {
      broken.append("an idle worker is not marked so")
    }
    if peers.values.count(where: \.isQueued) != idle.count { broken.append("a worker marked as idle is not") }
    if peers.values.contains(where: { $0.freeSlots > 0 && !$0.isQueued }) {
      broken.append("a worker with a free slot is not idle")
    }
    if peers.contains(where: { $0.value.isExcluded != (excluded[$0.key] != nil) }) {
      broken.append("an excluded worker is not marked so")
    }
    return broken
  }
}
