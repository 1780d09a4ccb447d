import Coordination
import Foundation
import Logging
import Messaging
import Platform
import RunFiles
import Search
import Storage

/// Runs a coordinator on one thread: receives messages, passes them to the state machine, commits its decisions, then
/// sends.
package final class CoordinatorShell {
  /// The way a search ended.
  package enum Ending: String {
    case finished
    case interrupted
    /// The local workers cannot work and there are no remote workers.
    case noUsableWorker = "ended without a usable worker"
  }

  /// The components of the shell.
  struct Parts {
    var coordinator: Coordinator
    var study: StudyDatabase
    var socket: RouterSocket
    var keys: KeyWatch
    var workers: LocalWorkers
    var checkpoints: CheckpointFolder
    var exports: Exports
    var events: EventFeed
    var files: RunFileWatch
    var display: any SearchDisplay
    var log: Logger
  }

  /// Why a deleted file could not be restored, as last said; nil without a problem.
  private var restoreProblem: String?
  private var parts: Parts
  private let stop: Latch
  /// The time for local workers to checkpoint and hand back their trials after `stop` is raised.
  private let grace: Duration
  private var enough: StopCondition
  private var hasAnnouncedStop = false
  private let clock = SteadyClock()
  private var lastTick = Duration.zero
  private var lastResultCount = 0
  private var waiting = SendQueue()
  private var notes = LineBudget(burst: 20_000, perSecond: 10)
  private var warnings = LineBudget(burst: 1000, perSecond: 1)
  private var absence = AbsenceWatch()
  private var hasWarnedOfExports = false
  private var hasWarnedOfKeys = false
  private var hasWarnedOfConnections = false
  /// Whether the search was stopped while the disk was full.
  private var hasGivenUp = false

  /// Batch limits: they bound the size of a commit and the latency of replies.
  private static let batch = 256
  private static let batchTime = Duration.milliseconds(5)
  private static let tick = Duration.milliseconds(200)
  /// The time limit for disconnecting the workers at the end.
  private static let closingTime = Duration.seconds(2)

  init(_ parts: Parts, stop: Latch, grace: Duration, enough: StopCondition) {
    self.parts = parts
    self.enough = enough
    self.grace = grace
    self.stop = stop
    lastResultCount = parts.coordinator.results.count
  }

  /// Runs until every trial has ended or `stop` is raised.
  package func run() throws -> Ending {
    var ending = Ending.finished
    restoreFiles(at: monotonicNow())
    while !parts.coordinator.isFinished, !hasGivenUp {
      if stop.isRaised {
        ending = .interrupted
        break
      }
      guard try startWorkers() else {
        ending = .noUsableWorker
        break
      }
      try runOnce()
    }
    switch ending {
    case .finished: try closeWorkers()
    case .interrupted: try stopLocalWorkers()
    case .noUsableWorker: break
    }
    parts.display.clear()
    if hasGivenUp { ending = .interrupted }
    parts.log.info("search \(ending.rawValue): \(parts.coordinator.results.count) ended trials")
    do { try writeLastExports() } catch let userError as UserError {
      parts.display.say(
        "warning: \(userError.message); write it again with 'trawl search ... --resume'", .always)
      if case .finished = ending { throw ExitStatus.failed }
    }
    if case .finished = ending { parts.keys.writeEnd(of: coordinator.search) }
    return ending
  }

  /// Closes the socket and writes all exports. Retries, because unauthenticated connections may hold all file
  /// descriptors until the socket has closed them.
  private func writeLastExports() throws {
    parts.socket.close()
    let deadline = monotonicNow() + Self.closingTime
    while true {
      do {
        try parts.exports.writeAll(parts.coordinator, parts.study)
        return try parts.events.finish(parts.study, of: coordinator)
      } catch {
        guard monotonicNow() < deadline else { throw error }
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
  }

  package var coordinator: Coordinator { parts.coordinator }

  /// The diagnostics of the search; throws if the study cannot be read.
  package func insight() throws -> Insight { try parts.exports.insight(parts.coordinator, parts.study) }

  private func startWorkers() throws -> Bool {
    for pid in try parts.workers.start(at: monotonicNow()) { parts.coordinator.processStarted(pid) }
    return !parts.workers.hasFailed || parts.coordinator.slotCount > 0 || parts.coordinator.hasAbsentWorkers
  }

  /// Waits for messages, worker exits or the tick, and handles them.
  private func runOnce() throws {
    _ = try parts.socket.wait(timeout: waiting.isEmpty ? Self.tick : .milliseconds(5))
    waiting.flush { parts.socket.send($0, to: Route(number: $1.number)) != .full }
    renewLeasesAfterStall()
    var effects = receive()
    for ended in parts.workers.reap() {
      effects += handle(.processEnded(pid: ended.pid, ended.end), at: monotonicNow())
    }
    let now = monotonicNow()
    effects += applyKeyChanges(at: now)
    effects += checkStopCondition(at: now)
    if now - lastTick >= Self.tick {
      lastTick = now
      warnOfConnections()
      effects += handle(.ticked, at: now)
    }
    try perform(effects)
    resetFailures()
    restoreFiles(at: now)
    writeExports(at: now)
    if let warning = absence.look(parts.coordinator, at: now) { warn(warning) }
    let news = SearchNews(leaders: parts.exports.leaders, absentSince: absence.since)
    parts.display.show(parts.coordinator, news, at: now)
  }

  private func handle(_ event: Coordinator.Event, at now: Duration) -> [Coordinator.Effect] {
    defer { assert(parts.coordinator.checkInvariants() == [], "\(parts.coordinator.checkInvariants())") }
    return parts.coordinator.handle(event, at: now)
  }

  private func receive() -> [Coordinator.Effect] {
    var effects: [Coordinator.Effect] = []
    let deadline = monotonicNow() + Self.batchTime
    for _ in 0..<Self.batch where monotonicNow() < deadline {
      guard let incoming = parts.socket.receive() else { break }
      guard let message = try? WireToCoordinator(serializedBytes: incoming.bytes) else {
        logNote("dropped an invalid message from key \(incoming.key.fingerprint)")
        continue
      }
      let sender = Coordinator.Sender(
        address: ReturnAddress(incoming.route.number), key: incoming.key.z85,
        fingerprint: incoming.key.fingerprint)
      effects += handle(.received(message, from: sender), at: monotonicNow())
    }
    return effects
  }

  /// Restores deleted files of the run directory.
  private func restoreFiles(at now: Duration) {
    do {
      var paths = try parts.files.look(parts.study, at: now)
      if try parts.events.look(parts.study, of: coordinator, at: now) { paths.append(parts.events.path) }
      for path in paths { warn("\(path) was deleted or replaced; it is restored") }
      if !paths.isEmpty { restoreProblem = nil }
    } catch {
      let problem = (error as? UserError)?.message ?? "\(error)"
      // The next attempts, each second, would repeat the line.
      if problem != restoreProblem { warn("a deleted file cannot be restored: \(problem); retrying") }
      restoreProblem = problem
    }
  }

  /// Applies worker keys that were added or revoked while the search runs.
  private func applyKeyChanges(at now: Duration) -> [Coordinator.Effect] {
    do {
      let change = try parts.keys.look(at: now)
      hasWarnedOfKeys = false
      guard let change else { return [] }
      for worker in change.added { parts.log.info("the key \(worker.label) was added") }
      for worker in change.revoked {
        parts.log.warning("the key \(worker.label) was revoked")
        parts.display.say("the key \(worker.label) was revoked: its workers are disconnected", .always)
      }
      // They restart with the key that is now in the join file.
      if change.concernsLocalWorkers { parts.workers.restartWithNewKeys() }
      return handle(.keysRevoked(Set(change.revoked.map(\.key.z85))), at: now)
    } catch {
      let words = (error as? UserError)?.message ?? "\(error)"
      if !hasWarnedOfKeys { warn("\(words); the previous keys stay valid") }
      hasWarnedOfKeys = true
      return []
    }
  }

  private func checkStopCondition(at now: Duration) -> [Coordinator.Effect] {
    guard !hasAnnouncedStop, enough.isReached(at: now, hasBegun: parts.coordinator.begunCount > 0) else {
      return []
    }
    guard parts.coordinator.begunCount > 0 else {
      stop.raise()
      return []
    }
    hasAnnouncedStop = true
    let goal = parts.coordinator.file.rungs.isEmpty ? "end" : "next rung"
    parts.log.info("no more trials start")
    parts.display.say(
      "no more trials start; running trials (\(parts.coordinator.runningCount)) train to their \(goal) "
        + "(Ctrl-C: stop now, resume with --resume)", .normal)
    return handle(.stopConditionMet, at: now)
  }

  private func warnOfConnections() {
    let (connections, limit) = (parts.socket.connections, OpenFiles.limit)
    guard connections > limit / 10 * 7 else {
      hasWarnedOfConnections = hasWarnedOfConnections && connections > limit / 2
      return
    }
    if !hasWarnedOfConnections {
      warn(
        "\(connections) connections are open, and the limit is \(limit) files; raise it (ulimit -n): "
          + "at 85 % new connections are refused")
    }
    hasWarnedOfConnections = true
  }

  private func logNote(_ note: String) {
    for line in notes.admit(note, at: monotonicNow()) {
      parts.log.info("\(line)")
      parts.display.say(line, .detail)
    }
  }

  private func warn(_ words: String) {
    for line in warnings.admit(words, at: monotonicNow()) {
      parts.log.warning("\(line)")
      parts.display.say("warning: \(line)", .always)
    }
  }

  /// Commits the decisions, then performs the other effects.
  private func perform(_ effects: [Coordinator.Effect]) throws {
    let decisions = effects.compactMap { effect in
      if case .persist(let decision) = effect { decision } else { nil }
    }
    guard let committed = try commit(decisions) else { return }
    var arrived: [Coordinator.Event] = []
    for effect in effects {
      switch effect {
      case .store(let bytes, let stored, let isLast):
        if let isWhole = parts.checkpoints.store(bytes, of: stored.checkpoint, isLast: isLast) {
          arrived.append(.checkpointArrived(stored.attempt, isWhole: isWhole))
        }
      case .sendPiece(let fetch, let address): try sendPiece(fetch, to: address)
      case .remove(let checkpoint): parts.checkpoints.remove(checkpoint)
      case .kill(let pid): parts.workers.kill(pid)
      case .persist(let decision):
        if let line = decision.logLine(showing: coordinator.file.metrics.estimated) {
          parts.display.say(line, .detail)
        }
      case .send(let message, let address): try send(message, to: address)
      case .note(let words): logNote(words)
      case .warn(let words): warn(words)
      }
    }
    // After the messages, so that no worker waits for it.
    parts.events.append(decisions, of: coordinator, at: committed)
    for event in arrived { try perform(handle(event, at: monotonicNow())) }
  }

  /// Sends a piece of a checkpoint; drops it if the queue is full, because the worker requests it again.
  private func sendPiece(_ fetch: WireFetch, to address: ReturnAddress) throws {
    guard !waiting.hasMessages(for: address) else { return }
    var message = parts.coordinator.envelope
    message.chunk = parts.checkpoints.piece(fetch)
    _ = parts.socket.send(try message.serializedBytes(), to: Route(number: address.number))
  }

  /// Sends a message, or queues it if the peer's queue is full. Lost messages are sent again on heartbeat or Hello.
  private func send(_ message: WireToWorker, to address: ReturnAddress) throws {
    let bytes: [UInt8] = try message.serializedBytes()
    guard !waiting.hasMessages(for: address) else { return waiting.append(bytes, for: address) }
    switch parts.socket.send(bytes, to: Route(number: address.number)) {
    case .full: waiting.append(bytes, for: address)
    case .tooLarge: parts.log.error("cannot send a message of \(bytes.count) bytes: too long")
    case .sent, .unreachable: break
    }
  }

  /// After a stall of this process, renews all leases: heartbeats could not be received.
  private func renewLeasesAfterStall() {
    let now = monotonicNow()
    if lastTick > .zero, now - lastTick > .seconds(2) { parts.coordinator.renewLeases(at: now) }
  }

  private func writeExports(at now: Duration) {
    do {
      try parts.exports.writeIfDue(parts.coordinator, parts.study, at: now)
      hasWarnedOfExports = false
    } catch {
      // Not fatal: these files are derived from the study and are written again.
      let words = (error as? UserError)?.message ?? "\(error)"
      if !hasWarnedOfExports { parts.display.say("warning: \(words); retrying", .always) }
      hasWarnedOfExports = true
    }
  }

  /// Commits decisions. If the disk is full, waits for space; nothing is acknowledged or assigned meanwhile.
  ///
  /// - Returns: the time of the commit; nil if the search was interrupted while it waited.
  private func commit(_ decisions: [Decision]) throws -> Date? {
    var hasWarned = false
    while true {
      do {
        let now = clock.now()
        try parts.study.commit(decisions, at: now)
        if hasWarned {
          parts.coordinator.renewLeases(at: monotonicNow())
          parts.display.say("the disk has space again; the search continues", .always)
        }
        return now
      } catch StudyError.diskFull {
        hasGivenUp = stop.isRaised
        if hasGivenUp { return nil }
        parts.study.shrink()
        if !hasWarned {
          parts.display.say("warning: the disk or your quota is full; the search waits for space", .always)
        }
        hasWarned = true
        Thread.sleep(forTimeInterval: 1)
      } catch {
        throw UserError(error)
      }
    }
  }

  private func resetFailures() {
    let count = parts.coordinator.results.count
    if count > lastResultCount { parts.workers.resetFailures() }
    lastResultCount = count
  }

  /// Stops the local workers and receives their checkpoints. Remote workers continue to train.
  private func stopLocalWorkers() throws {
    parts.coordinator.close()
    parts.workers.terminateAll()
    let deadline = monotonicNow() + grace
    while parts.workers.count > 0, monotonicNow() < deadline, !hasGivenUp { try runOnce() }
  }

  /// Serves until every worker has received the end of the search, or the time limit is reached.
  private func closeWorkers() throws {
    let deadline = monotonicNow() + Self.closingTime
    while parts.coordinator.hasWorkers, monotonicNow() < deadline, !stop.isRaised { try runOnce() }
    parts.workers.killAll()
  }
}
