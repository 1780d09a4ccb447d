// How a worker leaves without losing what it has trained.
extension Worker {
  /// Takes no new work, suspends what runs, and leaves when all has been handed over or the time is up.
  mutating func beginDrain(because exit: Exit, why: String, at now: Duration) {
    guard drain?.deadline == nil else { return }
    if case .leaving = phase { return }
    drain = Drain(exit: exit, why: why, deadline: now + identity.grace)
    if phase == .serving { hello(at: now) }
    for attempt in held.keys.sorted() {
      switch held[attempt]?.stage {
      case .training:
        held[attempt]?.stage = .suspending
        effects.append(.suspend(attempt))
      case .fetching:
        release(attempt, why: why)
        drop(attempt)
      case .suspending, .ended, nil: break
      }
    }
  }

  /// Offers what an attempt has come to; it is held until the coordinator has it.
  mutating func handOver(_ attempt: AttemptID, _ suspended: Suspended?, at now: Duration) {
    switch held[attempt]?.stage {
    case .training, .suspending: break
    case .fetching, .ended, nil: return
    }
    let why = drain?.why ?? "its trial is compared with others"
    guard let suspended else {
      release(attempt, why: why)
      return drop(attempt)
    }
    held[attempt]?.checkpoint = suspended.bytes
    postLast(attempt, at: now) { sequence in
      var release = WireRelease()
      release.attempt = attempt.number
      release.sequence = sequence
      release.why = why
      release.checkpoint = suspended.checkpoint
      if let score = suspended.score { release.score = score }
      return .release(release)
    }
  }

  mutating func leaveIfDrained(at now: Duration) {
    guard let drain else { return }
    let isLate = drain.deadline.map { now >= $0 } ?? false
    switch phase {
    case .leaving: return
    case .serving: guard held.isEmpty || isLate else { return }
    case .seeking:
      // Who hands in what others left has come for the coordinator; who leaves can do without.
      let isWaiting = drain.deadline == nil ? !held.isEmpty : held.values.contains(where: \.isRunning)
      guard !isWaiting || isLate else { return }
    }
    leave(because: drain.exit, why: drain.why, at: now)
  }

  /// Answers with a piece of a checkpoint that is held here.
  mutating func answer(_ fetch: WireFetch) {
    let owner = held.values.first { entry in
      guard case .release(let release) = entry.unacknowledged.last?.body else { return false }
      return release.checkpoint.digest == fetch.digest
    }
    send(.chunk(WireChunk(fetch, of: owner?.checkpoint ?? [])))
  }

  // MARK: What outlives the process

  /// Has the last messages of an attempt kept on disk: enough to hand it in from another process.
  mutating func keep(_ attempt: AttemptID) {
    guard let entry = held[attempt], !entry.isRunning, !entry.isKept, !identity.isLocal else { return }
    held[attempt]?.isKept = true
    var kept = WireKept()
    kept.messages = entry.unacknowledged.map { envelope($0.body) }
    kept.checkpoint = .init(entry.checkpoint)
    effects.append(.keep(attempt, kept, search: search))
  }

  /// Holds again what `keep` gave out; nothing of what cannot be that.
  mutating func recover(_ kept: WireKept) {
    var entry = Held(stage: .ended, checkpoint: Array(kept.checkpoint), isKept: true)
    var attempts: Set<UInt64> = []
    for message in kept.messages {
      guard let body = message.body, let (attempt, sequence) = body.place, message.search == search,
        entry.unacknowledged.isEmpty || sequence == entry.lastSequence + 1
      else { return }
      attempts.insert(attempt)
      entry.lastSequence = sequence
      entry.unacknowledged.append((sequence, body))
    }
    guard let attempt = attempts.first, attempts.count == 1 else { return }
    held[AttemptID(attempt)] = entry
  }
}

extension WireToCoordinator.OneOf_Body {
  /// The attempt that a numbered message is about, and its number.
  fileprivate var place: (attempt: UInt64, sequence: UInt32)? {
    switch self {
    case .report(let report): (report.attempt, report.sequence)
    case .result(let result): (result.attempt, result.sequence)
    case .release(let release): (release.attempt, release.sequence)
    default: nil
    }
  }
}
