import Search

@testable import Coordination

/// What the simulation knows beside the machines: who is who.
struct Ledger {
  /// The names of honest processes.
  var names: [Int: WorkerID] = [:]
  /// Those that train with other data.
  var misled: Set<WorkerID> = []
  /// Trials that a hostile worker was given: it may lie about them.
  var tainted: Set<Int> = []
  /// Attempts that someone hostile was given.
  var hostile: Set<AttemptID> = []
  /// Trials of which an attempt hung.
  var hung: Set<Int> = []
  /// Trial and holder of every attempt.
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

  /// The address of a process's connection, which is made if there is none.
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

// What must always hold.
extension Simulation {
  // MARK: Decisions and messages

  /// Only its holder moves an attempt, and only with the numbers that its trial has.
  mutating func check(_ effects: [Coordinator.Effect], from origin: Origin?) throws(Violation) {
    for case .persist(let decision) in effects {
      switch decision {
      case .attemptStarted(let id, let trial, let worker):
        ledger.trials[id] = trial
        try checkFailures(of: id)
        ledger.holders[id] = worker
        // A coordinator that died before its commit may have given the number to someone else.
        ledger.hostile.remove(id)
        if !ledger.isHonest(worker) || coordinator?.machine.attempts[id]?.key != "key" {
          ledger.tainted.insert(trial)
          ledger.hostile.insert(id)
          counts.note(.hostileHolder)
        }
      case .epochEnded(let id, let number, let epoch):
        try checkHolder(of: id, is: origin)
        try checkData(of: id)
        guard let trial = ledger.trials[id], isHostile(id) || epoch == scenario.plan(trial).epoch(number)
        else { throw Violation("epoch \(number) of attempt \(id.number) has other numbers") }
      case .trialEnded(let end, let id):
        // A trial is stopped by what others reach, and given up when a worker that it failed on is its last.
        if !end.status.isFailure, end.status != .stopped {
          try checkHolder(of: id, is: origin)
          try checkData(of: id)
        }
        try checkEnd(end)
      case .rungReached(let reached, let rung):
        guard
          isHostile(reached.attempt)
            || scenario.halving?.score(scenario.plan(reached.trial), atRung: rung) == reached.score
        else { throw Violation("trial \(reached.trial) has another score at rung \(rung)") }
      case .workerExcluded(let worker, _): try checkExclusion(of: worker)
      case .checkpointStored(let stored): try checkData(of: stored.attempt)
      case .workerJoined, .attemptEnded, .attemptResumed, .epochsInherited, .dataKnown, .trialsComplete:
        break
      }
    }
  }

  /// Trials are not tried without end.
  private func checkFailures(of id: AttemptID) throws(Violation) {
    guard let trial = ledger.trials[id], let count = disk.failureCounts[trial], count > Self.mostFailures,
      ledger.tainted.isEmpty
    else { return }
    throw Violation("\(count) attempts of trial \(trial) have failed")
  }

  /// Two workers' three failures each, and some that came too late.
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

  /// Only bad machines are excluded.
  private func checkExclusion(of worker: WorkerID) throws(Violation) {
    let number = ledger.names.first { $0.value == worker }?.key
    let isDefective = number.flatMap { processes[$0] }.map { scenario.places[$0.place].defect != nil } ?? true
    guard isDefective || !ledger.tainted.isEmpty else {
      throw Violation("the good worker \(worker) is excluded")
    }
  }

  private func checkData(of id: AttemptID) throws(Violation) {
    guard let worker = ledger.holders[id], ledger.misled.contains(worker) else { return }
    throw Violation("attempt \(id.number) counts, and was trained with other data")
  }

  private func checkEnd(_ end: TrialEnd) throws(Violation) {
    let expected = scenario.expected[end.trial]
    guard end == expected || isTainted(end.trial) || scenario.allowsStop(end) else {
      throw Violation("trial \(end.trial) ended as \(end), not as \(expected, default: "nothing")")
    }
  }

  /// Whether somebody hostile may have lied about a trial, or about one that it is compared with.
  func isTainted(_ trial: Int) -> Bool {
    ledger.tainted.contains(trial)
      || (!ledger.tainted.isEmpty && (scenario.isIntertwined || trial >= scenario.trials))
  }

  /// Nothing is sent of which the disk does not know.
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

  /// What comes twice changes nothing the second time.
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
      if end.status == .stopped { counts.note(scenario.isFree ? .trialStoppedByArrival : .trialStopped) }
      if end.trial >= scenario.trials { counts.note(.replicateEnded) }
    case .epochsInherited: counts.note(.checkpointContinued)
    case .checkpointStored: counts.note(.checkpointStored)
    case .trialsComplete(let count): if count < scenario.trials { counts.note(.searchCutShort) }
    case .attemptStarted(let id, _, _):
      if coordinator?.machine.speculativeAttempts.contains(id) == true { counts.note(.speculationStarted) }
    case .workerJoined, .epochEnded, .attemptEnded, .rungReached, .dataKnown: break
    }
  }

  // MARK: States

  func checkWorker(_ number: Int, before: Worker) throws(Violation) {
    guard let process = processes[number] else { return }
    let worker = process.machine
    if worker.search == before.search, worker.epoch < before.epoch {
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

  func checkCoordinator() throws(Violation) {
    guard let machine = coordinator?.machine, let words = machine.contradiction else { return }
    throw Violation("the coordinator contradicts itself: \(words)")
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

extension Coordinator {
  /// What in this state cannot be; nil if all is well.
  var contradiction: String? { trialContradiction ?? peerContradiction }

  /// Each trial, and each replicate that is wanted, is in one state.
  private var trialContradiction: String? {
    var places: [Int] = Array(results.keys) + replicates.keys.filter(isWanted)
    var waiting = backlog
    while let trial = waiting.next() { places.append(trial) }
    places += openTrials.values.compactMap(\.current).compactMap { attempts[$0]?.trial }
    places += openTrials.filter { $0.value.current == nil && isParked($0.key) }.keys
    let wanted = (reevaluation?.candidates ?? []).flatMap { trial in
      (1...(reevaluation?.seeds ?? 1)).map { Replicate($0, of: trial).number }
    }
    if places.sorted() != (Array(0..<trialCount) + wanted).sorted() {
      return "the trials and replicates are \(places.sorted())"
    }
    for (id, attempt) in attempts {
      let entry = openTrials[attempt.trial]
      let isCurrent = entry?.current == id || entry?.speculativeAttempt == id
      if speculativeAttempts.contains(id) != (entry?.speculativeAttempt == id) {
        return "attempt \(id.number) is a speculativeAttempt, or not"
      }
      if isCurrent == attempt.isLost { return "attempt \(id.number) is current and lost, or neither" }
    }
    return nil
  }

  private var peerContradiction: String? {
    let queued = Dictionary(idle.map { ($0, 1) }, uniquingKeysWith: +)
    if let twice = queued.first(where: { $0.value > 1 }) {
      return "\(twice.key) is idle \(twice.value) times"
    }
    if idle.count > peers.count { return "\(idle.count) of \(peers.count) workers are idle" }
    for (id, peer) in peers {
      if peer.isQueued != (queued[id] != nil) { return "worker \(id) does not know whether it is idle" }
      if peer.freeSlots > 0, !peer.isQueued { return "worker \(id) is idle and forgotten" }
      for attempt in peer.attempts where attempts[attempt]?.worker != id || attempts[attempt]?.isLost != false
      {
        return "worker \(id) has no attempt \(attempt.number)"
      }
    }
    return nil
  }
}
