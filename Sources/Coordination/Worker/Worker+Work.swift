import Search

// Messages to the coordinator and their timing.
extension Worker {
  /// How long a worker trains and keeps results without a coordinator.
  package static let patience = Duration.seconds(40 * 60)
  /// How long a leaving worker waits for the answer to its Bye.
  static let byeTimeout = Duration.seconds(2)
  /// Messages of one attempt that may be in flight.
  static let window = 32
  /// A result without acknowledgement after this time is spooled to disk.
  static let acknowledgementTimeout = Duration.seconds(1)
  static let helloInterval = Duration.seconds(1)
  static let seekInterval = Duration.seconds(2)

  /// The time without an answer after which the coordinator may be gone.
  private var silence: Duration { heartbeat * 3 }

  mutating func report(
    _ measurement: TrialMeasurement, seconds: Double, of attempt: AttemptID, at now: Duration
  ) {
    guard held[attempt] != nil else { return }
    post(attempt, at: now) { sequence in
      var report = WireReport()
      report.attempt = attempt.bits
      report.sequence = sequence
      report.measurement = .init(measurement)
      report.seconds = seconds
      return .report(report)
    }
  }

  mutating func end(
    _ attempt: AttemptID, outcome: WireOutcome, detail: String, at now: Duration
  ) {
    guard held[attempt] != nil else { return }
    postLast(attempt, at: now) { sequence in
      var result = WireResult()
      result.attempt = attempt.bits
      result.sequence = sequence
      result.outcome = outcome
      result.detail = detail
      return .result(result)
    }
  }

  /// Posts the last message of an attempt.
  mutating func postLast(
    _ attempt: AttemptID, at now: Duration, _ make: (UInt32) -> WireToCoordinator.OneOf_Body
  ) {
    held[attempt]?.stage = .ended
    held[attempt]?.end = now
    post(attempt, at: now, make)
    if phase != .serving { spool(attempt) }
  }

  /// Queues the next message of an attempt until it is acknowledged; sends it if the window allows.
  private mutating func post(
    _ attempt: AttemptID, at now: Duration, _ make: (UInt32) -> WireToCoordinator.OneOf_Body
  ) {
    guard let sequence = held[attempt].map({ $0.lastSequence + 1 }) else { return }
    held[attempt]?.lastSequence = sequence
    held[attempt]?.unacknowledged.append((sequence, make(sequence)))
    fillWindow(attempt, at: now)
  }

  /// Sends queued messages of an attempt as far as the window allows.
  mutating func fillWindow(_ attempt: AttemptID, at now: Duration) {
    guard phase == .serving, let entry = held[attempt] else { return }
    let end = min(entry.unacknowledged.count, Self.window)
    guard entry.inFlight < end else { return }
    if entry.inFlight == 0 { held[attempt]?.lastMoved = now }
    held[attempt]?.inFlight = end
    for message in entry.unacknowledged[entry.inFlight..<end] { send(message.body) }
  }

  /// Resends unacknowledged messages.
  mutating func resend(_ attempt: AttemptID, at now: Duration) {
    held[attempt]?.inFlight = 0
    fillWindow(attempt, at: now)
  }

  mutating func release(_ attempt: AttemptID, why: String) {
    var release = WireRelease()
    release.attempt = attempt.bits
    release.why = why
    send(.release(release))
  }

  /// Sends Bye, which releases all running attempts. The worker exits at the coordinator's Finish or after a timeout.
  mutating func leave(because exit: Exit, why: String = "", at now: Duration) {
    if case .leaving = phase { return }
    for attempt in held.keys.sorted() {
      if held[attempt]?.isRunning == true || exit == .finished { drop(attempt) } else { spool(attempt) }
    }
    // A coordinator whose first Welcome has not arrived yet may have assigned trials.
    let mayBeWelcome = search == 0 && lastHello != nil && exit == .left
    guard phase == .serving || mayBeWelcome else { return effects.append(.exit(exit)) }
    phase = .leaving(since: now, exit)
    var bye = WireBye()
    bye.why = why
    if case .unable(let detail) = exit {
      bye.why = detail
      bye.unable = true
    }
    send(.bye(bye))
  }

  mutating func hello(at now: Duration) {
    lastHello = now
    var hello = WireHello()
    hello.version = Limits.version
    hello.slots = drain == nil ? UInt32(identity.slots) : 0
    hello.host = identity.host
    hello.pid = UInt32(bitPattern: identity.pid)
    hello.local = identity.isLocal
    hello.numerics = identity.numerics
    hello.held = progress()
    send(.hello(hello))
  }

  mutating func tick(_ progress: [WireProgress], at now: Duration) {
    switch phase {
    case .seeking:
      if lastHello.map({ now - $0 >= Self.helloInterval }) ?? true { hello(at: now) }
      seek(at: now)
    case .serving:
      beat(progress, at: now)
      for attempt in held.keys.sorted() {
        if isOverdue(attempt, at: now) { resend(attempt, at: now) }
        if let end = held[attempt]?.end, now - end > Self.acknowledgementTimeout { spool(attempt) }
        fetchCheckpoint(of: attempt, at: now)
      }
      if let lastHeard, now - lastHeard > silence {
        phase = .seeking
        effects.append(.note("no answer from the coordinator; training continues"))
      }
    case .leaving(let since, let exit):
      if now - since > Self.byeTimeout { effects.append(.exit(exit)) }
    }
  }

  private func isOverdue(_ attempt: AttemptID, at now: Duration) -> Bool {
    guard let entry = held[attempt], entry.inFlight > 0 else { return false }
    return now - entry.lastMoved > heartbeat * 2
  }

  private mutating func beat(_ progress: [WireProgress], at now: Duration) {
    guard now - lastHeartbeat >= heartbeat else { return }
    lastHeartbeat = now
    var beat = WireHeartbeat()
    beat.held = self.progress(running: progress)
    send(.heartbeat(beat))
  }

  /// The progress of all held attempts.
  private func progress(running: [WireProgress] = []) -> [WireProgress] {
    let steps = Dictionary(running.map { ($0.attempt, $0.step) }) { first, _ in first }
    return held.sorted { $0.key < $1.key }.map { attempt, entry in
      var progress = WireProgress()
      progress.attempt = attempt.bits
      progress.step = steps[attempt.bits] ?? 0
      progress.ended = !entry.isRunning
      return progress
    }
  }

  private mutating func seek(at now: Duration) {
    let mayWait = identity.waitsForNextSearch && held.isEmpty
    if let lastHeard, now - lastHeard > Self.patience, !mayWait {
      if held.isEmpty { return effects.append(.exit(.finished)) }
      if drain != nil { return effects.append(.exit(.abandoned)) }
      return beginDrain(because: .abandoned, why: "its coordinator did not come back", at: now)
    }
    guard now - lastSeek >= Self.seekInterval else { return }
    lastSeek = now
    effects.append(.seekCoordinator)
  }
}
