@testable import Coordination

/// A coordinator process: the production state machine in a shell that models `CoordinatorShell`.
struct CoordinatorProcess {
  /// The point in the next commit at which the process is killed.
  enum Crash: CaseIterable {
    case beforeCommit, afterCommit, halfSent
  }

  var machine: Coordinator
  let generation: UInt64
  var inbox: [(message: WireToCoordinator, origin: Origin)] = []
  /// Local processes that have started and ended since its last turn.
  var started: [Int32] = []
  var ended: [(pid: Int32, end: Coordinator.ProcessEnd)] = []
  /// Checkpoints that have arrived since its last turn.
  var arrived: [Coordinator.Event] = []
  /// Keys that were revoked since its last turn.
  var revoked: Set<String> = []
  /// Incomplete checkpoints, by digest.
  var parts: [[UInt8]: [UInt8]] = [:]
  /// Effects of the last turn until their decisions are committed; nil while it waits for input.
  var batch: [Coordinator.Effect]?
  var lastTick: Duration
  /// The process is stopped, as by SIGSTOP, until this time.
  var pausedUntil = Duration.zero
  var crash: Crash?
  var hasWaitedForRoom = false
  /// Number and time of the next turn; turns with earlier numbers are ignored.
  var turn = (number: 0, time: Duration.zero)
}

/// Faults of the coordinator's disk.
struct DiskTrouble {
  var slowUntil = Duration.zero
  var fullUntil = Duration.zero
  /// The next commit fails.
  var fails = false
}

// The coordinator's shell.
extension Simulation {
  private static let tick = Duration.milliseconds(200)
  private static let batch = 256

  mutating func startCoordinator() {
    let time = UInt64(now / .milliseconds(1))
    guard coordinator == nil,
      let snapshot = disk.begin(at: time, incarnation: UInt32.random(in: 1 ... .max, using: &dice))
    else { return }
    if snapshot.openAttempts.contains(where: { $0.end == nil && !$0.isLocal }) {
      counts.note(.attemptAdopted)
    }
    note("coordinator \(snapshot.generation) starts")
    ledger.diverged = []
    let known = Set(snapshot.checkpoints.map { Array($0.checkpoint.digest) })
    files = files.filter { known.contains($0.key) }
    coordinator = CoordinatorProcess(
      machine: Coordinator(
        file: scenario.file, text: scenario.text, intervals: scenario.intervals, from: snapshot, at: now),
      generation: snapshot.generation, lastTick: now)
    for host in scenario.hosts.indices where scenario.hosts[host].isLocal {
      put(.processStarts(host: host))
    }
    planTurn(after: .zero)
  }

  private mutating func planTurn(after delay: Duration) {
    guard let process = coordinator else { return }
    coordinator?.turn = (process.turn.number + 1, now + delay)
    put(.coordinatorTurns(generation: process.generation, number: process.turn.number + 1), after: delay)
  }

  mutating func receive(_ message: WireToCoordinator, from origin: Origin) {
    guard let process = coordinator else { return }
    coordinator?.inbox.append((message, origin))
    if process.batch == nil, process.turn.time > now + .milliseconds(1) {
      planTurn(after: .milliseconds(1))
    }
  }

  mutating func turn(_ generation: UInt64, _ number: Int) throws(Violation) {
    guard let process = coordinator, process.generation == generation, process.turn.number == number else {
      return
    }
    guard process.pausedUntil <= now else { return planTurn(after: process.pausedUntil - now) }
    for pid in process.started { coordinator?.machine.processStarted(pid) }
    coordinator?.started = []
    if now - process.lastTick > .seconds(2) { coordinator?.machine.renewLeases(at: now) }
    var effects: [Coordinator.Effect] = []
    let received = process.inbox.prefix(Self.batch)
    coordinator?.inbox.removeFirst(received.count)
    for (message, origin) in received { effects += try take(message, from: origin) }
    coordinator?.ended = []
    for (pid, end) in process.ended {
      note("the coordinator sees process \(pid) \(end)")
      effects += try dispatchToCoordinator(.processEnded(pid: pid, end), from: nil)
    }
    coordinator?.arrived = []
    for event in process.arrived { effects += try dispatchToCoordinator(event, from: nil) }
    if !process.revoked.isEmpty {
      coordinator?.revoked = []
      effects += try dispatchToCoordinator(.keysRevoked(process.revoked), from: nil)
    }
    if now - process.lastTick >= Self.tick {
      coordinator?.lastTick = now
      effects += try dispatchToCoordinator(.ticked, from: nil)
    }
    try commit(effects)
  }

  private mutating func take(
    _ message: WireToCoordinator, from origin: Origin
  ) throws(Violation) -> [Coordinator.Effect] {
    var message = message
    var sender = Coordinator.Sender(address: address(of: origin), key: "key")
    if origin == .adversary {
      guard !isKeyRevoked else { return [] }
      note("the adversary says \(message.traceText)")
      sender.key = adversary.key
      if bug == .skipsFencing { disguise(&message, &sender) }
    }
    return try dispatchToCoordinator(.received(message, from: sender), from: origin)
  }

  private mutating func address(of origin: Origin) -> ReturnAddress {
    switch origin {
    case .adversary: Adversary.address
    case .process(let number): ledger.address(of: number)
    }
  }

  private func disguise(_ message: inout WireToCoordinator, _ sender: inout Coordinator.Sender) {
    let id: UInt64 =
      switch message.body {
      case .report(let report): report.attempt
      case .result(let result): result.attempt
      default: 0
      }
    guard let attempt = coordinator?.machine.attempts[AttemptID(id)] else { return }
    message.worker = .init(attempt.worker.bytes)
    if let key = coordinator?.machine.membership.peers[attempt.worker]?.key { sender.key = key }
  }

  mutating func dispatchToCoordinator(
    _ event: Coordinator.Event, from origin: Origin?
  ) throws(Violation) -> [Coordinator.Effect] {
    counts.events += 1
    if counts.events % 16 == 0 { try checkRepetition(of: event) }
    let effects = coordinator?.machine.handle(event, at: now) ?? []
    // Planted faults are to be found by what is seen from outside.
    if bug == nil, let broken = coordinator?.machine.checkInvariants().first { throw Violation(broken) }
    try check(effects, from: origin)
    if bug == .retriesWithoutLimit {
      for trial in coordinator?.machine.blame.histories.keys.sorted() ?? [] {
        coordinator?.machine.blame.forget(trial)
      }
    }
    if bug == .omitsRequeue {
      for case .persist(.attemptEnded(let id, .lost, _)) in effects {
        if let trial = ledger.trials[id] { _ = coordinator?.machine.backlog.remove(trial) }
      }
    }
    return effects
  }

  // MARK: Commit, then send

  private mutating func commit(_ effects: [Coordinator.Effect]) throws(Violation) {
    let hasDecisions = effects.contains { if case .persist = $0 { true } else { false } }
    if bug == .acknowledgesBeforeCommit || !hasDecisions {
      try send(effects)
      if !hasDecisions { return planTurn(after: nextTurn()) }
    }
    coordinator?.batch = effects
    if now < diskTrouble.slowUntil { counts.note(.diskSlow) }
    let time = dice.seconds(now < diskTrouble.slowUntil ? 0.5...8 : 0.0001...0.005)
    put(.commitEnds(generation: coordinator?.generation ?? 0), after: time)
  }

  private func nextTurn() -> Duration {
    coordinator?.inbox.isEmpty == true ? Self.tick : .zero
  }

  mutating func endCommit(_ generation: UInt64) throws(Violation) {
    guard let process = coordinator, process.generation == generation, let effects = process.batch else {
      return
    }
    guard process.pausedUntil <= now else {
      return put(.commitEnds(generation: generation), at: process.pausedUntil)
    }
    guard now >= diskTrouble.fullUntil else {
      counts.note(.diskFull)
      coordinator?.hasWaitedForRoom = true
      return put(.commitEnds(generation: generation), after: .seconds(1))
    }
    if diskTrouble.fails {
      diskTrouble.fails = false
      return try failCommit(effects)
    }
    if process.crash == .beforeCommit { return killCoordinator(.crashBeforeCommit) }
    try write(effects)
    if process.crash == .afterCommit { return killCoordinator(.crashAfterCommit) }
    if process.crash == .halfSent { return try sendHalf(effects) }
    coordinator?.batch = nil
    if process.hasWaitedForRoom { coordinator?.machine.renewLeases(at: now) }
    coordinator?.hasWaitedForRoom = false
    if bug != .acknowledgesBeforeCommit { try send(effects) }
    planTurn(after: nextTurn())
  }

  private mutating func write(_ effects: [Coordinator.Effect]) throws(Violation) {
    let decisions = effects.compactMap { if case .persist(let decision) = $0 { decision } else { nil } }
    for decision in decisions {
      note("on the disk: \(decision)")
      count(decision)
    }
    try disk.commit(decisions)
  }

  /// Fails a commit: the process ends, and the commit may or may not be on disk.
  private mutating func failCommit(_ effects: [Coordinator.Effect]) throws(Violation) {
    if dice.chance(0.5) {
      try write(effects)
      killCoordinator(.diskFailedAfterCommit)
    } else {
      killCoordinator(.diskFailedBeforeCommit)
    }
  }

  private mutating func sendHalf(_ effects: [Coordinator.Effect]) throws(Violation) {
    let sends = effects.filter { if case .send = $0 { true } else { false } }
    let half = sends.isEmpty ? 0 : dice.number(0...sends.count - 1)
    try send(Array(sends.prefix(half)))
    let isLate = dice.chance(0.5)
    for case .send(let message, let address) in sends.dropFirst(half) where isLate {
      guard let number = ledger.routes[address] else { continue }
      put(.reachesWorker(process: number, message, over: nil), after: dice.seconds(0...20))
    }
    killCoordinator(.crashHalfSent)
  }

  private mutating func send(_ effects: [Coordinator.Effect]) throws(Violation) {
    for effect in effects {
      switch effect {
      case .send(let message, let address): try send(message, to: address)
      case .sendPiece(let fetch, let address):
        guard var message = coordinator?.machine.envelope else { continue }
        message.chunk = WireChunk(fetch, of: files[Array(fetch.digest)] ?? [])
        try send(message, to: address)
      case .store(let bytes, let stored, let isLast): store(bytes, of: stored, isLast: isLast)
      case .remove(let checkpoint):
        coordinator?.parts[Array(checkpoint.digest)] = nil
        files[Array(checkpoint.digest)] = nil
      case .kill(let pid):
        let silent = processes.values.filter { $0.pid == pid && $0.machine.identity.isLocal }
        for process in silent { endProcess(process.number, .killed) }
      case .persist, .note, .warn: break
      }
    }
  }

  private mutating func send(_ message: WireToWorker, to address: ReturnAddress) throws(Violation) {
    if address == Adversary.address { adversary.receive(message) } else { try checkSending(message) }
    guard let number = ledger.routes[address], let host = processes[number]?.host else { return }
    for time in arrivals(.toWorker, host) {
      put(.reachesWorker(process: number, message, over: address), at: time)
    }
  }

  private mutating func store(_ bytes: [UInt8], of stored: StoredCheckpoint, isLast: Bool) {
    let digest = Array(stored.checkpoint.digest)
    coordinator?.parts[digest, default: []] += bytes
    guard isLast, let all = coordinator?.parts.removeValue(forKey: digest) else { return }
    let isWhole = SimulatedCheckpoint.digest(of: all) == digest
    if isWhole { files[digest] = all }
    coordinator?.arrived.append(.checkpointArrived(stored.attempt, isWhole: isWhole))
  }

  /// Kills the coordinator, which loses all state that is not on disk, and schedules its restart.
  mutating func killCoordinator(_ fault: Fault) {
    guard let process = coordinator else { return }
    note("coordinator \(process.generation) is gone: \(fault)")
    counts.note(fault)
    coordinator = nil
    disk.isLocked = false
    ledger.disconnectAll()
    // Checkpoint files are not synced and may be lost.
    for digest in files.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where dice.chance(0.2) {
      files[digest] = nil
      counts.note(.checkpointGone)
    }
    if dice.chance(0.5) { staleGenerations.insert(process.generation) }
    for number in processes.keys.sorted() where processes[number]?.machine.identity.isLocal == true {
      put(.orphanEnds(process: number), after: dice.seconds(0...0.5))
    }
    put(.coordinatorStarts, after: dice.seconds(dice.chance(0.1) ? 5...60 : 0.05...5))
  }
}
