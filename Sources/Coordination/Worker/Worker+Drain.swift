// Draining: a worker leaves without losing completed training.
extension Worker {
  /// Accepts no new work, suspends running attempts, and leaves after their handover or at the deadline.
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

  /// Offers the checkpoint of a suspended attempt and holds it until the coordinator has fetched it.
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
      release.attempt = attempt.bits
      release.sequence = sequence
      release.why = why
      release.checkpoint = suspended.checkpoint
      if let measurement = suspended.measurement { release.measurement = .init(measurement) }
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
      // A worker that delivers spooled results needs the coordinator; a draining one does not.
      let isWaiting = drain.deadline == nil ? !held.isEmpty : held.values.contains(where: \.isRunning)
      guard !isWaiting || isLate else { return }
    }
    leave(because: drain.exit, why: drain.why, at: now)
  }

  /// Answers a Fetch with a piece of a held checkpoint.
  mutating func handleFetch(_ fetch: WireFetch) {
    let owner = held.values.first { entry in
      guard case .release(let release) = entry.unacknowledged.last?.body else { return false }
      return release.checkpoint.digest == fetch.digest
    }
    send(.chunk(WireChunk(fetch, of: owner?.checkpoint ?? [])))
  }

  // MARK: Spool

  /// Spools the last messages of an attempt to disk, so that another process can deliver them.
  mutating func spool(_ attempt: AttemptID) {
    guard let entry = held[attempt], !entry.isRunning, !entry.isSpooled, !identity.isLocal else { return }
    held[attempt]?.isSpooled = true
    var kept = WireKept()
    kept.messages = entry.unacknowledged.map { envelope($0.body) }
    kept.checkpoint = .init(entry.checkpoint)
    effects.append(.spool(attempt, kept, search: search))
  }

  /// Restores an attempt from its spool file; ignores invalid files.
  mutating func recover(_ kept: WireKept) {
    var entry = Held(stage: .ended, checkpoint: Array(kept.checkpoint), isSpooled: true)
    var attempts: Set<UInt64> = []
    for message in kept.messages {
      guard let body = message.body, let (attempt, sequence) = body.position, message.search == search,
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
  /// The attempt and the sequence of a numbered message.
  fileprivate var position: (attempt: UInt64, sequence: UInt32)? {
    switch self {
    case .report(let report): (report.attempt, report.sequence)
    case .result(let result): (result.attempt, result.sequence)
    case .release(let release): (release.attempt, release.sequence)
    default: nil
    }
  }
}
