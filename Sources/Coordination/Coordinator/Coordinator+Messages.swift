import Search

// Handlers of the workers' messages.
extension Coordinator {
  mutating func receive(_ message: WireToCoordinator, from sender: Sender, at now: Duration) {
    guard let id = WorkerID(message.worker), let body = message.body else {
      return reject(.invalid, "not a message of this protocol", to: sender)
    }
    if message.search == search.number, dataset.differs(from: message) {
      return rejectWorker(id, with: Array(message.data), sender, at: now)
    }
    if case .hello(var hello) = body {
      // Attempts of another search may have the same ids.
      if message.search != search.number { hello.held = [] }
      return handleHello(id, hello, from: sender, at: now)
    }
    guard let peer = membership[id], message.search == search.number || isEarlyBye(message) else {
      if case .bye = body { return send(.finish(WireFinish()), to: sender.address) }
      return reject(.unknownWorker, "send Hello first", to: sender)
    }
    guard peer.key == sender.key else {
      return reject(.invalid, "another worker key uses this worker ID", to: sender)
    }
    membership.hear(from: id, at: sender.address, now)
    switch body {
    case .heartbeat(let heartbeat): handleHeartbeat(heartbeat, of: id, at: now)
    case .report(let report): handleReport(report, on: message.data, from: id, at: now)
    case .result(let result): handleResult(result, on: message.data, from: id, at: now)
    case .release(let release): handleRelease(release, on: message.data, from: id, at: now)
    case .fetch(let fetch): handleFetch(fetch, of: id)
    case .chunk(let chunk): handleChunk(chunk, from: id, at: now)
    case .bye(let bye): handleBye(id, bye, at: now)
    case .hello: break
    }
  }

  /// Whether a worker leaves that has not received Welcome, so that it names no search.
  private func isEarlyBye(_ message: WireToCoordinator) -> Bool {
    if case .bye = message.body { message.search == 0 } else { false }
  }

  mutating func reject(_ code: WireReject.Code, _ detail: String, to sender: Sender) {
    if code == .invalid { note("rejected a message: \(detail)") }
    var reject = WireReject()
    reject.code = code
    reject.detail = detail
    send(.reject(reject), to: sender.address)
  }

  mutating func reject(_ detail: String, to id: WorkerID) {
    guard let peer = membership[id] else { return }
    reject(.invalid, detail, to: Sender(address: peer.address, key: peer.key))
  }

  // MARK: Hello, heartbeats, Bye

  private mutating func handleHello(
    _ id: WorkerID, _ hello: WireHello, from sender: Sender, at now: Duration
  ) {
    guard hello.version == Limits.version else {
      let detail =
        "the coordinator has version \(Limits.version) of the protocol, the worker \(hello.version)"
      return reject(.version, detail, to: sender)
    }
    guard (0...Limits.slots).contains(Int(hello.slots)), hello.held.count <= 4 * Limits.slots,
      membership[id].map({ $0.key == sender.key }) ?? membership.hasRoom(for: sender.key)
    else { return reject(.invalid, "a Hello beyond the limits", to: sender) }
    let orphaned = attempts.expected(of: id).compactMap { attempts[$0] }.filter { !$0.isLost }
    guard orphaned.allSatisfy({ $0.belongs(to: id, key: sender.key) }) else {
      return reject(.invalid, "another worker key used this worker ID before", to: sender)
    }
    if hello.local, membership.hasEnded(Int32(bitPattern: hello.pid)) { return }
    if membership[id] == nil {
      admit(id, hello, from: sender, at: now)
    } else {
      membership.hear(from: id, at: sender.address, now)
      membership.setSlots(Int(hello.slots), of: id)
    }
    welcome(id, holding: hello.held, at: now)
  }

  private mutating func admit(
    _ id: WorkerID, _ hello: WireHello, from sender: Sender, at now: Duration
  ) {
    let description = WorkerDescription(
      host: hello.host.asPeerText, pid: Int32(bitPattern: hello.pid), slots: Int(hello.slots),
      isLocal: hello.local, numerics: hello.numerics.asPeerText, key: sender.key)
    membership.admit(id, description, from: sender, at: now)
    note("worker \(description.host) (pid \(description.pid), \(description.slots) slots) joined")
  }

  private mutating func welcome(_ id: WorkerID, holding progress: [WireProgress], at now: Duration) {
    guard let peer = membership[id] else { return }
    let held = Set(progress.map { AttemptID($0.attempt) })
    for orphan in attempts.expected(of: id).subtracting(held).sorted() {
      endAttempt(orphan, as: .interrupted, detail: "its worker came back without it", at: now)
    }
    attempts.workerCameBack(id)
    sendWelcome(to: peer.address, stopping: unwanted(progress, of: id, at: now))
    reconcile(id, held: held, at: now)
    if isFinished { send(.finish(WireFinish()), to: peer.address) }
  }

  /// The reported attempts that a worker must drop; renews the leases of the others.
  private mutating func unwanted(
    _ held: [WireProgress], of worker: WorkerID, at now: Duration
  ) -> [AttemptID] {
    let ended = Dictionary(held.map { (AttemptID($0.attempt), $0.ended) }) { first, _ in first }
    return ended.keys.sorted().filter { id in
      guard !renewLease(of: id, on: worker, at: now) else { return false }
      // Completed work may be delivered without a lease.
      return ended[id] == false || attempts[id]?.worker != worker
    }
  }

  /// Renews the lease of an attempt that a worker reports as held; false if the worker must drop it.
  private mutating func renewLease(of id: AttemptID, on worker: WorkerID, at now: Duration) -> Bool {
    guard let attempt = attempts[id], let key = membership[worker]?.key,
      attempt.belongs(to: worker, key: key),
      membership.excluded[worker] == nil
    else { return false }
    if attempt.isLost {
      let isHandedOver = checkpoints.stored[attempt.trial]?.file.attempt == id
      guard !isHandedOver, !isBehindItsTrial(id, attempt),
        backlog.remove(attempt.trial) || mayHandOver(attempt)
      else { return false }
      attempts.resume(id, at: now)
      blame.withdraw(id, of: attempt.trial)
      persist(.attemptResumed(id))
      note("attempt \(id.number) of \(Replicate(number: attempt.trial)) is back")
    }
    attempts.renew(id, at: now)
    membership.assign(id, to: worker)
    return true
  }

  /// Whether an attempt has trained to the rung at which its trial is paused, without a stored checkpoint: its worker
  /// may still hand it over.
  private func mayHandOver(_ attempt: Attempt) -> Bool {
    guard let end = promotion.endOfPaused(attempt.trial), checkpoints.stored[attempt.trial] == nil,
      attempts.trials[attempt.trial]?.current == nil
    else { return false }
    return Double(attempt.epochs.count) >= end
  }

  /// Whether a later attempt has reached a rung that this one has not.
  private func isBehindItsTrial(_ id: AttemptID, _ attempt: Attempt) -> Bool {
    guard let start = promotion.startOfTarget(of: attempt.trial),
      attempts.trials[attempt.trial]?.attempts.last != id
    else { return false }
    return Double(attempt.epochs.count) < start
  }

  private mutating func handleHeartbeat(_ heartbeat: WireHeartbeat, of id: WorkerID, at now: Duration) {
    guard let peer = membership[id] else { return }
    let progress = Array(heartbeat.held.prefix(4 * Limits.slots))
    for step in progress { attempts.noteSteps(step.step, of: AttemptID(step.attempt), on: id, at: now) }
    for attempt in unwanted(progress, of: id, at: now).prefix(Limits.revokesPerHeartbeat) {
      sendRevoke(attempt, to: id)
    }
    reconcile(id, held: Set(progress.map { AttemptID($0.attempt) }), at: now)
    send(isFinished ? .finish(WireFinish()) : .lease(WireLease()), to: peer.address)
  }

  /// Resends the Assign of attempts that a worker should hold and does not, and marks the worker as available.
  private mutating func reconcile(_ id: WorkerID, held: Set<AttemptID>, at now: Duration) {
    for attempt in (membership[id]?.attempts ?? []).subtracting(held).sorted() {
      guard let lastSent = attempts[attempt]?.lastSent, now - lastSent >= intervals.heartbeat
      else { continue }
      sendAssign(attempt, at: now)
    }
    membership.resume(id, at: now)
  }

  private mutating func handleBye(_ id: WorkerID, _ bye: WireBye, at now: Duration) {
    guard let peer = membership[id] else { return }
    membership.pause(id)
    for attempt in peer.attempts.sorted() {
      endAttempt(attempt, as: .released, detail: "its worker left", at: now)
    }
    if bye.unable {
      membership.delayMachine(of: peer, at: now)
    } else {
      membership.recordDeparture(of: id, at: now)
    }
    membership.forget([id])
    send(.finish(WireFinish()), to: peer.address)
    let why = bye.why.isEmpty ? "" : ": \(bye.why.asPeerText)"
    let detail = "worker \(peer.text) left\(why)"
    if bye.unable { warn(detail) } else { note(detail) }
  }

  // MARK: Rejected workers

  /// Releases all attempts of a worker with a different dataset and rejects it.
  private mutating func rejectWorker(
    _ id: WorkerID, with other: [UInt8], _ sender: Sender, at now: Duration
  ) {
    let own = (dataset.digest ?? []).hexadecimal.prefix(16)
    let found = Array(other.prefix(Limits.digest)).hexadecimal.prefix(16)
    let detail =
      "its dataset (SHA-256 sum \(found)...) is not the one that this search began with (\(own)...); "
      + "'trawl data inspect' prints the sum of the files on a machine"
    if let peer = membership[id], peer.key == sender.key {
      for id in peer.attempts.sorted() {
        endAttempt(id, as: .released, detail: "its worker has other data", at: now)
        // Only the machine has to wait: among many such workers, the trial would wait longer each time.
        attempts[id].map { attempts.endDelay(of: $0.trial) }
      }
      membership.delayMachine(of: peer, at: now)
      membership.forget([id])
      warn("worker \(peer.text) was rejected: \(detail)")
    }
    reject(.data, detail, to: sender)
  }

  /// Rejects the workers with revoked keys and ends their attempts, whose later messages are ignored. Their trials run
  /// elsewhere, without a recorded failure.
  mutating func revoke(_ keys: Set<String>, at now: Duration) {
    let revoked = membership.sorted.filter { keys.contains($0.value.key) }
    for (worker, peer) in revoked {
      note("worker \(peer.description.host) (\(worker)) is disconnected: its key was revoked")
      reject(.revoked, "its key was revoked", to: Sender(address: peer.address, key: peer.key))
    }
    membership.forget(revoked.map(\.key))
    for id in attempts.all.filter({ keys.contains($0.value.key) }).keys.sorted() {
      endAttempt(id, as: .killed, detail: "its worker's key was revoked", at: now)
      attempts.remove(id)
    }
  }
}
