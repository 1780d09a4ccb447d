import Search

@testable import Coordination

/// The simulation's own record of processes, workers and attempts.
struct Ledger {
  /// The worker ids of honest processes.
  var names: [Int: WorkerID] = [:]
  /// Workers with a different dataset.
  var withDifferentData: Set<WorkerID> = []
  /// Trials assigned to a hostile worker, which may report false results.
  var tainted: Set<Int> = []
  /// Attempts assigned to a hostile worker.
  var hostile: Set<AttemptID> = []
  /// Attempts that have diverged since the coordinator started, committed or not.
  var diverged: Set<AttemptID> = []
  /// Trials with an attempt that hung.
  var hung: Set<Int> = []
  /// The number of trials that hung in each process.
  var hangs: [Int: Int] = [:]
  /// The trial and the worker of every attempt.
  var trials: [AttemptID: Int] = [:]
  var holders: [AttemptID: WorkerID] = [:]
  private(set) var addresses: [Int: ReturnAddress] = [:]
  private(set) var routes: [ReturnAddress: Int] = [:]
  private var lastAddress: UInt32 = 0
  private var lastProcess = 0

  func isHonest(_ worker: WorkerID) -> Bool { names.values.contains(worker) }

  mutating func nextProcess() -> Int {
    lastProcess += 1
    return lastProcess
  }

  /// The address of a process's connection; connects the process if necessary.
  mutating func address(of process: Int) -> ReturnAddress {
    if let address = addresses[process] { return address }
    lastAddress += 1
    let address = ReturnAddress(lastAddress)
    addresses[process] = address
    routes[address] = process
    return address
  }

  mutating func disconnect(_ process: Int) {
    if let address = addresses.removeValue(forKey: process) { routes[address] = nil }
  }

  mutating func disconnectAll() {
    addresses = [:]
    routes = [:]
  }
}

// Invariants.
extension Simulation {
  // MARK: Decisions and messages

  /// Checks that only the holder of an attempt advances it, with the metrics of its trial.
  mutating func check(_ effects: [Coordinator.Effect], from origin: Origin?) throws(Violation) {
    for case .persist(let decision) in effects {
      switch decision {
      case .attemptStarted(let id, let trial, let worker):
        ledger.trials[id] = trial
        try checkFailures(of: id)
        ledger.holders[id] = worker
        // A coordinator killed before its commit may have used this number for another worker.
        ledger.hostile.remove(id)
        if !ledger.isHonest(worker) || coordinator?.machine.attempts[id]?.key != "key" {
          ledger.tainted.insert(trial)
          ledger.hostile.insert(id)
          counts.note(.hostileHolder)
        }
      case .epochEnded(let id, let number, let epoch, _):
        try checkHolder(of: id, is: origin)
        try checkData(of: id)
        guard let trial = ledger.trials[id], isHostile(id) || epoch == scenario.plan(trial).epoch(number)
        else { throw Violation("epoch \(number) of attempt \(id.number) has other numbers") }
      case .trialEnded(let end, let id):
        // Other trials' scores can stop a trial, and the departure of workers can end it as failed, or as diverged if
        // its attempt had diverged before.
        let hasDiverged = disk.attempts[id]?.end == .diverged || ledger.diverged.contains(id)
        if !end.status.isFailure, end.status != .stopped, !hasDiverged {
          try checkHolder(of: id, is: origin)
          try checkData(of: id)
        }
        try checkEnd(end)
      case .rungReached(let reached, let rung):
        guard
          isHostile(reached.attempt)
            || scenario.halving?.metrics(scenario.plan(reached.trial), atRung: rung) == reached.metrics
        else { throw Violation("trial \(reached.trial) has another score at rung \(rung)") }
      case .workerExcluded(let worker, _): try checkExclusion(of: worker)
      case .checkpointStored(let stored): try checkData(of: stored.attempt)
      case .attemptEnded(let id, .diverged, _):
        try checkHolder(of: id, is: origin)
        ledger.diverged.insert(id)
      case .workerJoined, .attemptEnded, .attemptResumed, .epochsInherited, .dataKnown, .trialsComplete:
        break
      }
    }
  }

  /// Checks that failed trials are not retried without limit.
  private func checkFailures(of id: AttemptID) throws(Violation) {
    guard let trial = ledger.trials[id], let count = disk.failureCounts[trial], count > Self.mostFailures,
      ledger.tainted.isEmpty
    else { return }
    throw Violation("\(count) attempts of trial \(trial) have failed")
  }

  /// Three failures on each of two workers, and some late ones.
  private static let mostFailures = 10

  private func isHostile(_ id: AttemptID) -> Bool {
    ledger.hostile.contains(id)
  }

  private func checkHolder(of id: AttemptID, is origin: Origin?) throws(Violation) {
    let isRight =
      switch origin {
      case .process(let number): ledger.names[number] == ledger.holders[id] && !isHostile(id)
      case .adversary: isHostile(id)
      case nil: false
      }
    guard isRight else { throw Violation("attempt \(id.number) is moved by \(origin, default: "nobody")") }
  }

  /// Checks that only bad machines are excluded: defective ones, and those on which as many trials hung as exclude one.
  private func checkExclusion(of worker: WorkerID) throws(Violation) {
    let hangs = ledger.names.filter { $0.value == worker }.map { ledger.hangs[$0.key] ?? 0 }.max() ?? 0
    guard isDefective(worker) || hangs >= WorkerFailures.failureLimit || !ledger.tainted.isEmpty else {
      throw Violation("the good worker \(worker) is excluded")
    }
  }

  /// Whether a worker may be on a defective host; true if its process is unknown.
  private func isDefective(_ worker: WorkerID) -> Bool {
    let number = ledger.names.first { $0.value == worker }?.key
    return number.flatMap { processes[$0] }.map { scenario.hosts[$0.host].defect != nil } ?? true
  }

  private func ranOnDefectiveHost(_ id: AttemptID) -> Bool {
    ledger.holders[id].map(isDefective) ?? true
  }

  private func checkData(of id: AttemptID) throws(Violation) {
    guard let worker = ledger.holders[id], ledger.withDifferentData.contains(worker) else { return }
    throw Violation("attempt \(id.number) counts, and was trained with other data")
  }

  private mutating func checkEnd(_ end: TrialEnd) throws(Violation) {
    // Known limits (see Promises): a trial that hung on a good machine, or was returned by it, and failed on a defective
    // one; a trial that failed on a defective machine while no other takes work.
    let isLeftToDefective =
      coordinator?.machine.membership.peers.allSatisfy { !$0.value.isAvailable || isDefective($0.key) }
      == true
    let wasReturned = disk.attempts.values.contains { $0.trial == end.trial && $0.end == .refused }
    if end.status.isFailure, ledger.hung.contains(end.trial) || wasReturned || isLeftToDefective,
      ledger.trials.contains(where: { id, trial in trial == end.trial && ranOnDefectiveHost(id) })
    {
      ledger.tainted.insert(end.trial)
    }
    let expected = scenario.expected[end.trial]
    guard end == expected || isTainted(end.trial) || scenario.allowsStop(end) else {
      throw Violation("trial \(end.trial) ended as \(end), not as \(expected, default: "nothing")")
    }
  }

  /// Whether a hostile worker may have reported false results of a trial or of one that affects it.
  func isTainted(_ trial: Int) -> Bool {
    ledger.tainted.contains(trial)
      || (!ledger.tainted.isEmpty && (scenario.haveTrialsInfluence || trial >= scenario.trials))
  }

  /// Checks that a message depends only on committed decisions.
  func checkSending(_ message: WireToWorker) throws(Violation) {
    switch message.body {
    case .assign(let assign):
      guard disk.attempts[AttemptID(assign.attempt)]?.trial == Int(assign.trial) else {
        throw Violation("attempt \(assign.attempt) is handed out and not on the disk")
      }
    case .ack(let ack):
      guard disk.covers(AttemptID(ack.attempt), Int(ack.sequence)) else {
        throw Violation(
          "message \(ack.sequence) of attempt \(ack.attempt) is acknowledged and not on the disk")
      }
    default: break
    }
  }

  /// Checks that a duplicate message causes no decision.
  func checkRepetition(of event: Coordinator.Event) throws(Violation) {
    guard case .received = event, var copy = coordinator?.machine else { return }
    _ = copy.handle(event, at: now)
    for case .persist(let decision) in copy.handle(event, at: now) {
      throw Violation("a message that came twice decides \(decision)")
    }
  }

  mutating func count(_ decision: Decision) {
    switch decision {
    case .attemptEnded(_, .lost, _): counts.note(.attemptLost)
    case .attemptEnded(let id, .superseded, _):
      counts.note(
        coordinator?.machine.results[ledger.trials[id] ?? 0] == nil
          ? .speculationCancelled : .attemptSuperseded)
    case .attemptEnded(_, .revoked, _): counts.note(.attemptRevoked)
    case .attemptEnded(_, .rejected, _): counts.note(.attemptRejected)
    case .attemptEnded(_, .failed, _): counts.note(.attemptFailed)
    case .attemptEnded(_, .refused, _): counts.note(.attemptRefused)
    case .workerExcluded: counts.note(.workerExcluded)
    case .attemptEnded(let id, .finished, _):
      if disk.attempts[id]?.end != nil { counts.note(.lostAttemptWon) }
    case .attemptEnded(_, .paused, _): counts.note(.attemptPaused)
    case .attemptResumed: counts.note(.attemptResumed)
    case .trialEnded(let end, _):
      if end.status == .quarantined { counts.note(.trialQuarantined) }
      if end.status == .stopped {
        counts.note(scenario.dependsOnOrder ? .trialStoppedByArrival : .trialStopped)
      }
      if end.trial >= scenario.trials { counts.note(.replicateEnded) }
    case .epochsInherited: counts.note(.checkpointContinued)
    case .checkpointStored: counts.note(.checkpointStored)
    case .trialsComplete(let count): if count < scenario.trials { counts.note(.searchCutShort) }
    case .attemptStarted(let id, _, _):
      if coordinator?.machine.attempts.speculative.contains(id) == true { counts.note(.speculationStarted) }
    case .workerJoined, .epochEnded, .attemptEnded, .rungReached, .dataKnown: break
    }
  }

  // MARK: States

  func checkWorker(_ number: Int, before: Worker) throws(Violation) {
    guard let process = processes[number] else { return }
    let worker = process.machine
    if worker.search == before.search, worker.generation < before.generation {
      throw Violation("process \(number) follows an older coordinator")
    }
    guard process.running.count <= worker.identity.slots else {
      throw Violation("process \(number) runs \(process.running.count) attempts")
    }
    for (id, held) in worker.held {
      guard held.isTraining == (process.running[id] != nil) else {
        throw Violation("process \(number) is wrong about attempt \(id.number)")
      }
      guard held.unacknowledged.count <= 9, held.inFlight <= held.unacknowledged.count else {
        throw Violation("process \(number) keeps \(held.unacknowledged.count) messages")
      }
    }
  }
}

extension Worker.Held {
  fileprivate var isTraining: Bool {
    switch stage {
    case .training, .suspending: true
    case .fetching, .ended: false
    }
  }
}
