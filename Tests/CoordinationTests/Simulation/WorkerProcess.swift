import Randomness
import Search

@testable import Coordination

/// An attempt in a slot.
struct Training {
  let trial: Int
  /// Epochs trained.
  var epochs: Int
  /// Total epochs to train.
  let goal: Int
  /// The part of the first epoch to train; 0 for whole epochs.
  let part: Double
  /// Epochs that are already reported.
  let reported: Int
  var hangs = false
}

/// A worker process: the production state machine, with training in virtual time.
struct WorkerProcess {
  let number: Int
  let host: Int
  let id: WorkerID
  let pid: Int32
  let start: Duration
  var machine: Worker
  /// Running attempts.
  var running: [AttemptID: Training] = [:]
  /// The process is stopped, as by SIGSTOP, until this time.
  var pausedUntil = Duration.zero

  /// Whether it has no work and waits for the next search.
  var isAtRest: Bool { machine.identity.waitsForNextSearch && machine.held.isEmpty && running.isEmpty }
}

// Places and their processes.
extension Simulation {
  private static let tick = Duration.milliseconds(200)

  mutating func startProcess(at host: Int) {
    let site = scenario.hosts[host]
    guard occupants[host] == nil, !site.isLocal || coordinator != nil, !isFinished else { return }
    let number = ledger.nextProcess()
    let left = spools[host].keys.min { $0.description < $1.description }
    let id = left ?? WorkerID((0..<WorkerID.length).map { _ in UInt8(dice.number(0...255)) })!
    let pid = site.isLocal ? freeProcessNumber() : Int32(number)
    let process = WorkerProcess(
      number: number, host: host, id: id, pid: pid, start: now,
      machine: worker(id, at: host, pid, handingIn: left.flatMap { spools[host][$0] }))
    processes[number] = process
    occupants[host] = number
    ledger.names[number] = id
    if site.hasOtherData { ledger.withDifferentData.insert(id) }
    if site.isLocal { coordinator?.started.append(pid) }
    note("process \(number) starts at host \(host), pid \(pid)")
    put(.workerTicks(process: number), after: .milliseconds(1))
  }

  /// A worker at a host, or one that delivers the spooled results of an earlier one.
  private func worker(
    _ id: WorkerID, at host: Int, _ pid: Int32, handingIn kept: [AttemptID: WireKept]?
  ) -> Worker {
    let site = scenario.hosts[host]
    let identity = Worker.Identity(
      id: id, slots: kept == nil ? site.slots : 0, host: "node\(host)", pid: pid, isLocal: site.isLocal,
      numerics: "numerics", waitsForNextSearch: site.waitsForNextSearch && kept == nil)
    guard let kept else { return Worker(identity: identity) }
    return Worker(identity: identity, handingIn: kept.sorted { $0.key < $1.key }.map(\.value))
  }

  /// A free pid; pids are reused early.
  private mutating func freeProcessNumber() -> Int32 {
    let taken = Set(processes.values.map(\.pid) + (coordinator?.ended.map(\.pid) ?? []))
    return dice.element(of: (1...20 + Int32(taken.count)).filter { !taken.contains($0) })!
  }

  /// Ends a process and schedules another at its host.
  mutating func endProcess(_ number: Int, _ end: Coordinator.ProcessEnd) {
    guard let process = processes.removeValue(forKey: number) else { return }
    note("process \(number) ends: \(end)")
    occupants[process.host] = nil
    if scenario.hosts[process.host].isLocal { coordinator?.ended.append((process.pid, end)) }
    put(.processStarts(host: process.host), after: dice.seconds(0.05...(haveFaultsStopped ? 0.5 : 3)))
  }

  /// The time on the clock of a process.
  private func clock(of process: WorkerProcess) -> Duration {
    .seconds(1000 * process.number) + (now - process.start) * scenario.hosts[process.host].clockRate
  }

  /// Whether a process is stopped; if so, postpones the event until it continues.
  private mutating func isPaused(_ number: Int, _ event: Occurrence) -> Bool {
    guard let process = processes[number], process.pausedUntil > now else { return false }
    put(event, at: process.pausedUntil)
    return true
  }

  mutating func tickWorker(_ number: Int) throws(Violation) {
    guard !isPaused(number, .workerTicks(process: number)), let process = processes[number] else { return }
    try dispatch(number, .ticked(process.running.keys.sorted().map { WireProgress(of: $0) }))
    put(.workerTicks(process: number), after: Self.tick)
  }

  mutating func deliver(
    _ message: WireToWorker, to number: Int, over address: ReturnAddress?, _ event: Occurrence
  ) throws(Violation) {
    guard !isPaused(number, event), let process = processes[number] else { return }
    guard
      address == nil || ledger.addresses[number] == address || staleGenerations.contains(message.generation)
    else { return }
    if message.search == process.machine.search, message.generation < process.machine.generation {
      counts.note(.staleCoordinatorHeard)
    }
    note("process \(number) hears \(message.traceText)")
    if case .reject(let reject) = message.body, reject.code == .data { counts.note(.otherDataRefused) }
    try dispatch(number, .received(message))
  }

  mutating func dispatch(_ number: Int, _ event: Worker.Event) throws(Violation) {
    guard let process = processes[number] else { return }
    counts.events += 1
    let effects = processes[number]!.machine.handle(event, at: clock(of: process))
    for effect in effects { try perform(effect, in: number) }
    try checkWorker(number, before: process.machine)
  }

  private mutating func perform(_ effect: Worker.Effect, in number: Int) throws(Violation) {
    guard let process = processes[number] else { return }
    switch effect {
    case .send(let message): send(message, from: process)
    case .enter(let text):
      guard text == scenario.text else { throw Violation("another search file arrived") }
      if scenario.hosts[process.host].isUnable {
        counts.note(.workerUnable)
        try dispatch(number, .unable("no dataset"))
      }
    case .start(let assign, let checkpoint): try start(assign, checkpoint, in: number)
    case .cancel(let attempt): processes[number]?.running[attempt] = nil
    case .suspend(let attempt): put(.isSuspended(process: number, attempt), after: dice.seconds(0...0.3))
    case .spool(let attempt, let kept, _):
      counts.note(.resultKept)
      spools[process.host][process.id, default: [:]][attempt] = kept
    case .forget(let attempt, _):
      if process.machine.identity.slots == 0 { counts.note(.resultHandedIn) }
      spools[process.host][process.id]?[attempt] = nil
      if spools[process.host][process.id]?.isEmpty == true { spools[process.host][process.id] = nil }
    case .exit: endProcess(number, .killed)
    case .seekCoordinator, .note: break
    }
  }

  private mutating func send(_ message: WireToCoordinator, from process: WorkerProcess) {
    note("process \(process.number) says \(message.traceText)")
    if dice.chance(0.1) { adversary.overhear(message) }
    for time in arrivals(.toCoordinator, process.host) {
      put(.reachesCoordinator(message, from: .process(process.number)), at: time)
    }
  }

  mutating func arrivals(_ direction: Link.Direction, _ host: Int) -> [Duration] {
    let network = haveFaultsStopped ? NetworkConditions() : scenario.network
    return links[host].arrivals(direction, at: now, in: network, &dice, &counts)
  }

  // MARK: Training

  private mutating func start(
    _ assign: WireAssign, _ checkpoint: [UInt8], in number: Int
  ) throws(Violation) {
    let trial = Int(assign.trial)
    let isTrial = trial < scenario.trials
    // With tpe, a false result of one trial changes the values of others.
    let hasExpectedValues = assign.searchedValues == scenario.values(trial)
    guard hasExpectedValues || (scenario.file.sampler.learns && !ledger.tainted.isEmpty),
      assign.seed == scenario.file.seed(of: Replicate(number: trial)),
      isTrial && scenario.halving?.allows(assign) == true
        || (scenario.halving == nil || !isTrial)
          && assign.part == 0 && assign.epochs == scenario.file.epochs(scenario.values(trial))
    else { throw Violation("attempt \(assign.attempt) is not what trial \(trial) is") }
    let attempt = AttemptID(assign.attempt)
    let reported = Int(assign.checkpoint.epochs)
    // As in the real worker, a damaged checkpoint is ignored and training starts from the beginning.
    let isValid = SimulatedCheckpoint(checkpoint) == SimulatedCheckpoint(trial: trial, epochs: reported)
    guard isValid || checkpoint.isEmpty || ledger.tainted.contains(trial) else {
      throw Violation("attempt \(assign.attempt) resumes from another checkpoint")
    }
    let epochs = isValid ? reported : 0
    processes[number]?.running[attempt] = Training(
      trial: trial, epochs: epochs, goal: Int(assign.epochs), part: assign.part, reported: reported)
    try continueTraining(attempt, in: number)
  }

  /// Reports the dataset digest of a slot, before any of its results.
  private mutating func reportData(of attempt: AttemptID, in number: Int) throws(Violation) {
    let isOther = processes[number].map { scenario.hosts[$0.host].hasOtherData } ?? false
    try dispatch(number, .dataLoaded(attempt, isOther ? Disk.dataset.map { ~$0 } : Disk.dataset))
  }

  private mutating func continueTraining(_ attempt: AttemptID, in number: Int) throws(Violation) {
    guard let training = processes[number]?.running[attempt] else { return }
    if defect(of: number) == .returnsCheckpoints {
      counts.note(.workerRefusedTrial)
      return try endSuspension(of: attempt, in: number)
    }
    if defect(of: number) == .refuses {
      counts.note(.workerRefusedTrial)
      processes[number]?.running[attempt] = nil
      return try dispatch(number, .suspended(attempt, nil))
    }
    if scenario.plan(training.trial).fate == .done(training.epochs) {
      return try end(attempt, training.trial, .done, in: number)
    }
    if training.epochs >= training.goal { return try endSuspension(of: attempt, in: number) }
    guard training.part == 0 else { return planPart(training, of: attempt, in: number) }
    planEpoch(training.epochs + 1, of: attempt, in: number)
  }

  private mutating func planEpoch(_ count: Int, of attempt: AttemptID, in number: Int) {
    guard let process = processes[number], let training = process.running[attempt] else { return }
    let time = scenario.plan(training.trial).epochTime * scenario.hosts[process.host].stragglerFactor
    put(.epochEnds(process: number, attempt, count: count), after: time)
  }

  private mutating func planPart(_ training: Training, of attempt: AttemptID, in number: Int) {
    guard let host = processes[number]?.host else { return }
    let time =
      scenario.plan(training.trial).epochTime * scenario.hosts[host].stragglerFactor * training.part
    put(.partEnds(process: number, attempt), after: time)
  }

  mutating func endPart(of attempt: AttemptID, in number: Int) throws(Violation) {
    guard !isPaused(number, .partEnds(process: number, attempt)) else { return }
    guard let training = processes[number]?.running[attempt], !training.hangs else { return }
    let plan = scenario.plan(training.trial)
    if let outcome = outcome(of: plan, inEpoch: 1, in: number) {
      return try end(attempt, training.trial, outcome, in: number)
    }
    counts.note(.partTrained)
    let measurement = TrialMeasurement(step: training.part, plan.metrics(ofPart: training.part))
    try endSuspension(of: attempt, in: number, measurement: measurement)
  }

  mutating func endEpoch(_ count: Int, of attempt: AttemptID, in number: Int) throws(Violation) {
    guard !isPaused(number, .epochEnds(process: number, attempt, count: count)) else { return }
    guard let training = processes[number]?.running[attempt], !training.hangs else { return }
    try reportData(of: attempt, in: number)
    let trial = training.trial
    let plan = scenario.plan(trial)
    if let outcome = outcome(of: plan, inEpoch: count, in: number) {
      return try end(attempt, trial, outcome, in: number)
    }
    note("process \(number) ends epoch \(count) of attempt \(attempt.number)")
    processes[number]?.running[attempt]?.epochs = count
    if count > training.reported {
      try dispatch(number, .epochEnded(attempt, plan.measurement(count), seconds: 0))
    }
    try continueTraining(attempt, in: number)
  }

  private func defect(of number: Int) -> Scenario.Defect? {
    processes[number].flatMap { scenario.hosts[$0.host].defect }
  }

  /// How an epoch fails because of its trial or its machine; nil if it is completed.
  private mutating func outcome(of plan: TrialPlan, inEpoch count: Int, in number: Int) -> TrialPlan.Outcome?
  {
    switch defect(of: number) {
    case .breaksRules where dice.chance(0.7):
      counts.note(.workerBrokeRule)
      return .broke(dice.element(of: TrialPlan.Breach.allCases.dropLast())!)
    case .fails where dice.chance(0.7):
      counts.note(.workerFailedTrial)
      return .failed
    default: return plan.outcome(inEpoch: count)
    }
  }

  /// Suspends an attempt, unless it has ended.
  mutating func endSuspension(
    of attempt: AttemptID, in number: Int, measurement: TrialMeasurement? = nil
  ) throws(Violation) {
    guard !isPaused(number, .isSuspended(process: number, attempt)) else { return }
    guard let training = processes[number]?.running[attempt] else { return }
    try reportData(of: attempt, in: number)
    processes[number]?.running[attempt] = nil
    let checkpoint = SimulatedCheckpoint(trial: training.trial, epochs: training.epochs)
    let bytes = checkpoint.bytes(dice.number(0...40_000))
    let suspended = Worker.Suspended(
      checkpoint: checkpoint.announced(bytes), bytes: bytes, measurement: measurement)
    try dispatch(number, .suspended(attempt, suspended))
  }

  private mutating func end(
    _ attempt: AttemptID, _ trial: Int, _ outcome: TrialPlan.Outcome, in number: Int
  ) throws(Violation) {
    note("process \(number) ends attempt \(attempt.number) of trial \(trial): \(outcome)")
    try reportData(of: attempt, in: number)
    if case .broke(let breach) = outcome { return try breakRule(breach, attempt, trial, in: number) }
    processes[number]?.running[attempt] = nil
    switch outcome {
    case .broke: break
    case .done: try dispatch(number, .ended(attempt, .done, detail: ""))
    case .diverged: try dispatch(number, .ended(attempt, .diverged, detail: ""))
    case .failed: try dispatch(number, .ended(attempt, .failed, detail: "no"))
    case .died:
      counts.note(.trialKilledItsWorker)
      endProcess(number, .crashed)
    }
  }
}

extension Simulation {
  /// Sends a message that the coordinator must reject; the training itself continues.
  private mutating func breakRule(
    _ breach: TrialPlan.Breach, _ attempt: AttemptID, _ trial: Int, in number: Int
  ) throws(Violation) {
    guard let training = processes[number]?.running[attempt] else { return }
    counts.note(.trialBrokeRule)
    if breach == .resultTooEarly {
      processes[number]?.running[attempt] = nil
      return try dispatch(number, .ended(attempt, .done, detail: ""))
    }
    let epoch = scenario.plan(trial).measurement(training.epochs + 1).breaking(breach)
    guard training.part > 0 else {
      processes[number]?.running[attempt]?.epochs += 1
      return try dispatch(number, .epochEnded(attempt, epoch, seconds: 0))
    }
    let step = breach == .stepWrong ? training.part + 0.001 : training.part
    let part = TrialMeasurement(step: step, epoch.metrics.ofPart)
    try endSuspension(of: attempt, in: number, measurement: part)
  }
}

extension WireProgress {
  init(of attempt: AttemptID) {
    self.init()
    self.attempt = attempt.number
  }
}
