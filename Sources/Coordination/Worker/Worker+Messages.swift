// Handlers of the coordinator's messages.
extension Worker {
  mutating func receive(_ message: WireToWorker, at now: Duration) {
    switch message.body {
    case .reject(let reject): handleReject(reject, of: message.search, at: now)
    case .welcome(let welcome):
      guard message.search != search || message.generation >= generation else { return }
      guard !hasEnded(message) else { return sayBye(to: message.search) }
      enter(message, welcome, at: now)
    case let body?:
      guard message.search == search, message.generation == generation, search != 0 else { return }
      lastHeard = now
      receive(body, at: now)
    case nil: break
    }
  }

  /// Whether a message is from the coordinator of the search that has just ended, which waits for other workers.
  private func hasEnded(_ message: WireToWorker) -> Bool {
    lastEnded.map { $0.search == message.search && message.generation <= $0.generation } ?? false
  }

  private mutating func sayBye(to ended: UInt64) {
    var bye = envelope(.bye(WireBye()))
    bye.search = ended
    effects.append(.send(bye))
  }

  private mutating func receive(_ body: WireToWorker.OneOf_Body, at now: Duration) {
    switch body {
    case .assign(let assign): handleAssign(assign, at: now)
    case .ack(let ack): acknowledge(AttemptID(ack.attempt), upTo: ack.sequence, at: now)
    case .revoke(let revoke): drop(AttemptID(revoke.attempt))
    case .fetch(let fetch): handleFetch(fetch)
    case .chunk(let chunk): handleChunk(chunk, at: now)
    case .finish: finish(at: now)
    case .lease, .welcome, .reject: break
    }
  }

  private mutating func handleReject(_ reject: WireReject, of number: UInt64, at now: Duration) {
    switch reject.code {
    case .unknownWorker:
      guard phase == .serving || phase == .seeking else { return }
      phase = .seeking
      if lastHello.map({ now - $0 >= .milliseconds(200) }) ?? true { hello(at: now) }
    case .data where number != search: break
    case .version, .revoked, .data:
      // Results of a different dataset are useless.
      if reject.code == .data { dropEverything() }
      effects.append(.exit(.unable("the coordinator refused this worker: \(reject.detail.asPeerText)")))
    default:
      effects.append(.note("the coordinator answers: \(reject.detail.asPeerText)"))
    }
  }

  private mutating func enter(_ message: WireToWorker, _ welcome: WireWelcome, at now: Duration) {
    if message.search != search {
      if let drain { return leave(because: drain.exit, why: drain.why, at: now) }
      for attempt in held.keys.sorted() { spool(attempt) }
      dropEverything(isSearchEnded: false)
      search = message.search
      data = []
      effects.append(.enter(searchFile: welcome.searchFile))
    }
    generation = message.generation
    // Unlike `min` and `max`, these return the other number for NaN.
    heartbeat = .seconds(Double.minimum(Double.maximum(welcome.heartbeatSeconds, 0.05), 3600))
    lastHeard = now
    lastHeartbeat = now
    for number in welcome.stop { drop(AttemptID(number)) }
    if phase == .seeking { phase = .serving }
    for attempt in held.keys.sorted() { resend(attempt, at: now) }
  }

  private mutating func handleAssign(_ assign: WireAssign, at now: Duration) {
    let attempt = AttemptID(assign.attempt)
    guard held[attempt] == nil, !ended.contains(attempt) else { return }
    guard phase == .serving, drain == nil else {
      // An Assign from before a long silence arrives while the worker reconnects.
      let isLeaving = drain != nil || phase != .seeking
      return release(attempt, why: isLeaving ? "the worker is leaving" : "the worker was reconnecting")
    }
    guard held.values.count(where: \.isRunning) < identity.slots else {
      return release(attempt, why: "no slot is free")
    }
    held[attempt] = Held(lastSequence: assign.checkpoint.epochs)
    guard assign.hasCheckpoint, assign.checkpoint.isPlausible else {
      return effects.append(.start(assign, checkpoint: []))
    }
    if let checkpoint = cache.remove(assign.checkpoint.digest) {
      return effects.append(.start(assign, checkpoint: checkpoint))
    }
    held[attempt]?.stage = .fetching(assign, Transfer(assign.checkpoint), [])
    fetchCheckpoint(of: attempt, at: now)
  }

  /// Requests missing pieces of the checkpoint that an attempt resumes from.
  mutating func fetchCheckpoint(of attempt: AttemptID, at now: Duration) {
    guard case .fetching(let assign, var transfer, let bytes) = held[attempt]?.stage else { return }
    for fetch in transfer.requests(at: now) { send(.fetch(fetch)) }
    held[attempt]?.stage = .fetching(assign, transfer, bytes)
  }

  private mutating func handleChunk(_ chunk: WireChunk, at now: Duration) {
    for attempt in held.keys.sorted() {
      guard case .fetching(let assign, var transfer, var bytes) = held[attempt]?.stage,
        transfer.checkpoint.digest == chunk.digest
      else { continue }
      held[attempt]?.stage = .training
      let isGone = chunk.data.isEmpty
      if transfer.append(chunk, at: now) { bytes += chunk.data }
      if isGone || transfer.isComplete {
        effects.append(.start(assign, checkpoint: isGone ? [] : bytes))
      } else {
        held[attempt]?.stage = .fetching(assign, transfer, bytes)
        fetchCheckpoint(of: attempt, at: now)
      }
    }
  }

  private mutating func acknowledge(
    _ attempt: AttemptID, upTo sequence: UInt32, at now: Duration
  ) {
    guard let entry = held[attempt] else { return }
    let count = entry.unacknowledged.prefix { $0.sequence <= sequence }.count
    guard count > 0 else { return }
    if count == entry.unacknowledged.count, !entry.isRunning {
      if entry.isSpooled { effects.append(.forget(attempt, search: search)) }
      if case .release(let release) = entry.unacknowledged.last?.body {
        cache.put(entry.checkpoint, digest: release.checkpoint.digest)
      }
      held[attempt] = nil
      ended.insert(attempt)
      return
    }
    held[attempt]?.unacknowledged.removeFirst(count)
    held[attempt]?.inFlight = max(0, entry.inFlight - count)
    held[attempt]?.lastMoved = now
    fillWindow(attempt, at: now)
  }

  /// Cancels an attempt and drops its state.
  mutating func drop(_ attempt: AttemptID, isSearchEnded: Bool = true) {
    guard let entry = held.removeValue(forKey: attempt) else { return }
    if entry.isRunning { effects.append(.cancel(attempt)) }
    if entry.isSpooled, isSearchEnded { effects.append(.forget(attempt, search: search)) }
    ended.insert(attempt)
  }

  /// Drops all attempts. Their spool files remain unless the search has ended.
  mutating func dropEverything(isSearchEnded: Bool = true) {
    for attempt in held.keys.sorted() { drop(attempt, isSearchEnded: isSearchEnded) }
    cache = CheckpointCache()
    ended = RecentSet(capacity: 4 * Limits.slots)
  }

  mutating func finish(at now: Duration) {
    if case .leaving(_, let exit) = phase {
      effects.append(.exit(exit))
    } else if identity.waitsForNextSearch {
      if phase == .serving { send(.bye(WireBye())) }
      dropEverything()
      if search != 0 { lastEnded = (search, generation) }
      search = 0
      data = []
      generation = 0
      lastHeard = nil
      phase = .seeking
      effects.append(.note("the search has ended; waiting for the next one"))
    } else {
      leave(because: .finished, at: now)
    }
  }
}
