import Search
import Trials

@testable import Coordination

/// The directives of scripts.
enum Directive: String, CaseIterable {
  /// `search [heartbeat=5] [lease=15] [checkpoint=1000]`, then the search file: starts a coordinator. Checkpoints have
  /// about the given number of bytes.
  case search
  /// `join NAME [slots=1] [host=H] [key=K] [data=other] [local]`: starts a worker. Its host is NAME without `host`.
  case join
  /// `train NAME EPOCHS [trial=N] [accuracy=A] [loss=L] [seconds=0]`: trains the first attempt, or one of a trial. Each
  /// epoch takes the given time. After its last epoch the attempt ends; at a rung it is suspended.
  case train
  /// `fail NAME DETAIL`: the first attempt fails.
  case fail
  /// `drain NAME WHY`: the worker must hand over its attempts and leave.
  case drain
  /// `kill NAME`: ends a worker's process without a message.
  case kill
  /// `advance SECONDS`: advances the clock.
  case advance
  /// `drop KIND from|to NAME [count=1]`: loses the next messages of a kind.
  case drop
  /// `duplicate KIND from|to NAME [count=1]`: delivers the next messages of a kind twice.
  case duplicate
  /// `delay KIND from|to NAME SECONDS [count=1]`: delivers the next messages of a kind later.
  case delay
  /// `hold KIND from|to NAME [count=1]`: keeps the next messages of a kind until `deliver`.
  case hold
  /// `deliver`: delivers the messages that are held.
  case deliver
  /// `cut NAME`: loses all messages from and to a worker.
  case cut
  /// `connect NAME`: ends `cut`.
  case connect
  /// `kill-coordinator`
  case killCoordinator = "kill-coordinator"
  /// `start-coordinator`: starts a coordinator from the committed decisions.
  case startCoordinator = "start-coordinator"
  /// `copy-database`: keeps a copy of the database.
  case copyDatabase = "copy-database"
  /// `restore-database`: replaces the database by the copy; no coordinator may run.
  case restoreDatabase = "restore-database"
  /// `revoke-key KEY`
  case revokeKey = "revoke-key"
  /// `meet-stop-condition`: no more trials start.
  case meetStopCondition = "meet-stop-condition"
  /// `print`: shows the database and what the workers train.
  case print
}

extension ScriptRunner {
  mutating func run(_ arguments: inout ScriptArguments, input: [String]) throws(ScriptError) {
    let name = try arguments.next("directive")
    guard let directive = Directive(rawValue: name) else {
      let known = Directive.allCases.map(\.rawValue).joined(separator: ", ")
      throw error("unknown directive '\(name)'; known are \(known)")
    }
    guard input.isEmpty || directive == .search else { throw error("'\(name)' takes no further lines") }
    guard (search == nil) == (directive == .search) else {
      throw error("'search' is the first directive and occurs once")
    }
    switch directive {
    case .search: try begin(&arguments, input.joined(separator: "\n"))
    case .join: try join(&arguments)
    case .train: try train(&arguments)
    case .fail: try fail(&arguments)
    case .drain:
      let worker = try runningWorker(&arguments)
      try dispatch(.drainRequested(arguments.rest()), to: worker)
    case .kill: try kill(try runningWorker(&arguments))
    case .advance: try advance(try seconds(try arguments.next("seconds")))
    case .drop: try add(.drop, &arguments)
    case .duplicate: try add(.duplicate, &arguments)
    case .hold: try add(.hold, &arguments)
    case .delay: try add(nil, &arguments)
    case .deliver:
      let held = network.takeHeld()
      guard !held.isEmpty else { throw error("no message is held") }
      for message in held { try arrive(message) }
    case .cut: network.cut.insert(try worker(&arguments))
    case .connect:
      guard network.cut.remove(try worker(&arguments)) != nil else { throw error("it is not cut") }
    case .killCoordinator, .startCoordinator, .copyDatabase, .restoreDatabase: try change(directive)
    case .revokeKey: try dispatch(.keysRevoked([try arguments.next("key")]))
    case .meetStopCondition: try dispatch(.stopConditionMet)
    case .print: printState()
    }
  }

  // MARK: The coordinator

  private mutating func begin(_ arguments: inout ScriptArguments, _ text: String) throws(ScriptError) {
    let heartbeat = try arguments.numericOption("heartbeat") ?? 5.0
    let lease = try arguments.numericOption("lease") ?? 15.0
    let file: SearchFile
    do { file = try SearchFile.parse(text, file: "search.yaml") } catch {
      throw self.error("\(error)")
    }
    search = Search(
      text: text, file: file, intervals: .init(heartbeat: .seconds(heartbeat), lease: .seconds(lease)),
      checkpointSize: try arguments.numericOption("checkpoint") ?? 1000)
    try startCoordinator()
  }

  private mutating func startCoordinator() throws(ScriptError) {
    guard let search else { throw error("no search") }
    storage.starts += 1
    let time = UInt64(now / .milliseconds(1))
    guard let snapshot = storage.database.begin(at: time, incarnation: storage.starts) else {
      throw error("a coordinator runs")
    }
    let known = Set(snapshot.checkpoints.map(\.checkpoint.digest))
    storage.checkpoints = storage.checkpoints.filter { known.contains($0.key) }
    record("coordinator: starts with generation \(snapshot.generation)")
    coordinator = Coordinator(
      file: search.file, text: search.text, intervals: search.intervals, from: snapshot, at: now)
  }

  private mutating func change(_ directive: Directive) throws(ScriptError) {
    switch directive {
    case .killCoordinator:
      guard coordinator != nil else { throw error("no coordinator runs") }
      coordinator = nil
      storage.database.isLocked = false
    case .startCoordinator: try startCoordinator()
    case .copyDatabase:
      storage.copy = storage.database
      storage.copy?.isLocked = false
    default:
      guard coordinator == nil else { throw error("a coordinator runs") }
      guard let copy = storage.copy else { throw error("no copy of the database") }
      storage.database = copy
    }
  }

  // MARK: Workers

  private mutating func join(_ arguments: inout ScriptArguments) throws(ScriptError) {
    let name = try arguments.next("name")
    guard !processes.contains(where: { $0.name == name }) else { throw error("'\(name)' has joined before") }
    guard processes.count < UInt8.max else { throw error("too many workers") }
    let number = processes.count + 1
    let isOther = try isOtherData(arguments.option("data"))
    let slots = try arguments.numericOption("slots") ?? 1
    guard (1...Limits.slots).contains(slots) else { throw error("\(slots) slots") }
    let identity = Worker.Identity(
      id: WorkerID([UInt8](repeating: UInt8(number), count: WorkerID.length))!, slots: slots,
      host: arguments.option("host") ?? name, pid: Int32(number), isLocal: arguments.flag("local"),
      numerics: "avx2", waitsForNextSearch: false)
    processes.append(
      Process(
        name: name, key: arguments.option("key") ?? "key",
        data: isOther ? Disk.dataset.map { ~$0 } : Disk.dataset, identity: identity,
        machine: Worker(identity: identity)))
    try dispatch(.ticked([]), to: identity.id)
  }

  private func isOtherData(_ data: String?) throws(ScriptError) -> Bool {
    guard data == nil || data == "other" else { throw error("data can only be 'other'") }
    return data != nil
  }

  private mutating func kill(_ worker: WorkerID) throws(ScriptError) {
    let identity = processes[index(of: worker)].identity
    end(worker)
    if identity.isLocal { try dispatch(.processEnded(pid: identity.pid, .killed)) }
  }

  private mutating func train(_ arguments: inout ScriptArguments) throws(ScriptError) {
    let worker = try runningWorker(&arguments)
    let count: Int = try arguments.number("number of epochs")
    let attempt = try attempt(of: worker, trial: try arguments.numericOption("trial"))
    let accuracy: Double? = try arguments.numericOption("accuracy")
    let loss: Double? = try arguments.numericOption("loss")
    let duration = try arguments.option("seconds").map { text throws(ScriptError) in try seconds(text) }
    for _ in 0..<count {
      if let duration { try advance(duration) }
      guard let training = processes[index(of: worker)].trainings[attempt] else {
        throw error("attempt \(attempt.traceText) has ended")
      }
      let (assign, epoch) = (training.assign, training.epochs + 1)
      guard assign.part == 0, epoch <= assign.epochs else {
        throw error("attempt \(attempt.traceText) does not train epoch \(epoch)")
      }
      processes[index(of: worker)].trainings[attempt]?.epochs = epoch
      guard epoch > assign.checkpoint.epochs else { continue }
      let trial = Replicate(number: Int(assign.trial)).trial
      let measurement = TrialMeasurement(
        epoch: epoch, accuracy: accuracy ?? 0.5 + Double(trial) / 100,
        loss: loss ?? 1 / Double(1 << min(epoch, 60)))
      let taken = (duration ?? .zero) / .seconds(1)
      try dispatch(.epochEnded(attempt, measurement, seconds: taken), to: worker)
    }
    try endTraining(of: attempt, on: worker)
  }

  /// Ends an attempt after its last epoch; suspends it at a rung.
  private mutating func endTraining(of attempt: AttemptID, on worker: WorkerID) throws(ScriptError) {
    guard let training = processes[index(of: worker)].trainings[attempt],
      training.epochs == training.assign.epochs
    else { return }
    if let values = training.assign.searchedValues, training.epochs == search?.file.epochs(values) {
      processes[index(of: worker)].trainings[attempt] = nil
      return try dispatch(.ended(attempt, .done, detail: ""), to: worker)
    }
    suspend(attempt, on: worker)
    try drain()
  }

  private mutating func fail(_ arguments: inout ScriptArguments) throws(ScriptError) {
    let worker = try runningWorker(&arguments)
    let attempt = try attempt(of: worker, trial: nil)
    processes[index(of: worker)].trainings[attempt] = nil
    try dispatch(.ended(attempt, .failed, detail: arguments.rest()), to: worker)
  }

  private func worker(_ arguments: inout ScriptArguments) throws(ScriptError) -> WorkerID {
    let name = try arguments.next("name")
    guard let process = processes.first(where: { $0.name == name }) else {
      throw error("no worker '\(name)'")
    }
    return process.identity.id
  }

  private func runningWorker(_ arguments: inout ScriptArguments) throws(ScriptError) -> WorkerID {
    let worker = try worker(&arguments)
    let process = processes[index(of: worker)]
    guard process.machine != nil else { throw error("'\(process.name)' has ended") }
    return worker
  }

  /// The first attempt that a worker trains, or one of a trial.
  private func attempt(of worker: WorkerID, trial: UInt64?) throws(ScriptError) -> AttemptID {
    let trainings = processes[index(of: worker)].trainings
    let found = trainings.filter { trial == nil || $0.value.assign.trial == trial }.keys.min()
    guard let found else { throw error("the worker does not train\(trial.map { " trial \($0)" } ?? "")") }
    return found
  }

  // MARK: Time and network

  private func seconds(_ text: String) throws(ScriptError) -> Duration {
    guard let number = Double(text), number > 0, number <= 1e6, (number * 2).rounded() == number * 2 else {
      throw error("seconds are a positive multiple of 0.5, not '\(text)'")
    }
    return .seconds(number)
  }

  /// Adds a fault of the next messages; without `fault`, a delay.
  private mutating func add(
    _ fault: ScriptNetwork.Fault?, _ arguments: inout ScriptArguments
  ) throws(ScriptError) {
    let kind = try arguments.next("kind of message")
    guard ScriptNetwork.kinds.contains(kind) else { throw error("no message is a '\(kind)'") }
    guard let direction = ScriptNetwork.Direction(rawValue: try arguments.next("direction")) else {
      throw error("a direction is 'from' or 'to'")
    }
    let worker = try runningWorker(&arguments)
    let fault =
      if let fault { fault } else { ScriptNetwork.Fault.delay(try seconds(try arguments.next("seconds"))) }
    let count = try arguments.numericOption("count") ?? 1
    guard count > 0 else { throw error("the count is \(count)") }
    network.add(
      .init(line: line, fault: fault, kind: kind, direction: direction, worker: worker, count: count))
  }

  // MARK: State

  /// Shows the database, then what each process trains.
  private mutating func printState() {
    let database = storage.database
    for end in database.results.values.sorted(by: { $0.trial < $1.trial }) { record(end.traceText) }
    for (id, attempt) in database.attempts.sorted(by: { $0.key < $1.key })
    where database.results[attempt.trial] == nil {
      let name = processes.first { $0.identity.id == attempt.worker }?.name ?? "?"
      record(
        "\(Replicate(number: attempt.trial)) is open: attempt \(id.traceText) on \(name), "
          + "\(attempt.end.map { "\($0)" } ?? "running"), \(Double(attempt.epochs.count).traceEpochs)")
    }
    for stored in database.checkpoints.values.sorted(by: { $0.trial < $1.trial }) { record(stored.traceText) }
    for process in processes where process.machine != nil {
      let trainings = process.trainings.sorted { $0.key < $1.key }.map {
        "attempt \($0.key.traceText) at epoch \($0.value.epochs)"
      }
      record("\(process.name): \(trainings.isEmpty ? "idle" : trainings.joined(separator: ", "))")
    }
  }
}
