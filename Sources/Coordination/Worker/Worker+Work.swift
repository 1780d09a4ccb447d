// What a worker tells its coordinator, and when.
extension Worker {
  /// How long attempts go on, and their results are kept, without a coordinator.
  package static let patience = Duration.seconds(40 * 60)
  /// How long a leaving worker waits to be heard.
  static let farewell = Duration.seconds(2)
  static let helloInterval = Duration.seconds(1)
  static let seekInterval = Duration.seconds(2)

  /// Without an answer for so long the coordinator may be gone.
  private var silence: Duration { heartbeat * 3 }

  mutating func report(_ epoch: WireEpoch, of attempt: AttemptID, at now: Duration) {
    guard held[attempt] != nil else { return }
    post(attempt, at: now) { sequence in
      var report = WireReport()
      report.attempt = attempt.number
      report.sequence = sequence
      report.epoch = epoch
      return .report(report)
    }
  }

  mutating func end(
    _ attempt: AttemptID, outcome: WireOutcome, words: String, at now: Duration
  ) {
    guard held[attempt] != nil else { return }
    held[attempt]?.isRunning = false
    post(attempt, at: now) { sequence in
      var result = WireResult()
      result.attempt = attempt.number
      result.sequence = sequence
      result.outcome = outcome
      result.words = words
      return .result(result)
    }
  }

  /// Sends the next message of an attempt and keeps it until it is acknowledged.
  private mutating func post(
    _ attempt: AttemptID, at now: Duration, _ make: (UInt32) -> WireToCoordinator.OneOf_Body
  ) {
    guard var entry = held[attempt] else { return }
    entry.sent += 1
    let body = make(entry.sent)
    entry.unacknowledged.append((entry.sent, body))
    entry.lastSent = now
    held[attempt] = entry
    if phase == .serving { send(body) }
  }

  mutating func resend(_ attempt: AttemptID, at now: Duration) {
    guard let entry = held[attempt], !entry.unacknowledged.isEmpty else { return }
    held[attempt]?.lastSent = now
    for message in entry.unacknowledged { send(message.body) }
  }

  mutating func release(_ attempt: AttemptID, why: String) {
    var release = WireRelease()
    release.attempt = attempt.number
    release.why = why
    send(.release(release))
  }

  /// Says goodbye, which gives back everything that runs; the coordinator's Finish, or patience, ends it.
  mutating func leave(because exit: Exit, why: String = "", at now: Duration) {
    if case .leaving = phase { return }
    guard phase == .serving else { return effects.append(.exit(exit)) }
    for attempt in held.keys.sorted() where held[attempt]?.isRunning == true { drop(attempt) }
    phase = .leaving(since: now, exit)
    var bye = WireBye()
    bye.why = why
    if case .unable(let words) = exit {
      bye.why = words
      bye.unable = true
    }
    send(.bye(bye))
  }

  mutating func hello(at now: Duration) {
    lastHello = now
    var hello = WireHello()
    hello.version = Limits.version
    hello.slots = UInt32(identity.slots)
    hello.host = identity.host
    hello.pid = UInt32(bitPattern: identity.pid)
    hello.local = identity.isLocal
    hello.numerics = identity.numerics
    hello.held = held.keys.sorted().map { attempt in
      var progress = WireProgress()
      progress.attempt = attempt.number
      return progress
    }
    send(.hello(hello))
  }

  mutating func tick(_ progress: [WireProgress], at now: Duration) {
    switch phase {
    case .seeking:
      if lastHello.map({ now - $0 >= Self.helloInterval }) ?? true { hello(at: now) }
      seek(at: now)
    case .serving:
      beat(progress, at: now)
      for attempt in held.keys.sorted() where now - held[attempt]!.lastSent > heartbeat * 2 {
        resend(attempt, at: now)
      }
      if let lastHeard, now - lastHeard > silence {
        phase = .seeking
        effects.append(.note("the coordinator is silent; training goes on"))
      }
    case .leaving(let since, let exit):
      if now - since > Self.farewell { effects.append(.exit(exit)) }
    }
  }

  private mutating func beat(_ progress: [WireProgress], at now: Duration) {
    guard now - lastHeartbeat >= heartbeat else { return }
    lastHeartbeat = now
    let running = Dictionary(progress.map { ($0.attempt, $0.step) }) { first, _ in first }
    var beat = WireHeartbeat()
    beat.held = held.keys.sorted().map { attempt in
      var progress = WireProgress()
      progress.attempt = attempt.number
      progress.step = running[attempt.number] ?? 0
      return progress
    }
    send(.heartbeat(beat))
  }

  private mutating func seek(at now: Duration) {
    if let lastHeard, now - lastHeard > Self.patience {
      return effects.append(.exit(held.isEmpty ? .finished : .abandoned))
    }
    guard now - lastSeek >= Self.seekInterval else { return }
    lastSeek = now
    effects.append(.seekCoordinator)
  }
}
