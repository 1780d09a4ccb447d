import Search

// Handlers of the workers' messages.
extension Coordinator {
  mutating func receive(_ message: WireToCoordinator, from sender: Sender, at now: Duration) {
    guard let id = WorkerID(message.worker), let body = message.body else {
      return reject(.invalid, "not a message of this protocol", to: sender)
    }
    if hasDifferentData(message) { return rejectWorker(id, with: message.data, sender, at: now) }
    if case .hello(var hello) = body {
      // Attempts of another search may have the same ids.
      if message.search != search.number { hello.held = [] }
      return handleHello(id, hello, from: sender, at: now)
    }
    guard let peer = peers[id], message.search == search.number else {
      if case .bye = body { return send(.finish(WireFinish()), to: sender.address) }
      return reject(.unknownWorker, "send Hello first", to: sender)
    }
    guard peer.key == sender.key else {
      return reject(.invalid, "another worker key uses this worker ID", to: sender)
    }
    peers[id]?.address = sender.address
    peers[id]?.lastHeard = now
    switch body {
    case .heartbeat(let heartbeat): handleHeartbeat(heartbeat, of: id, at: now)
    case .report(let report): handleReport(report, on: message.data, from: id, at: now)
    case .result(let result): handleResult(result, on: message.data, from: id, at: now)
    case .release(let release): handleRelease(release, on: message.data, from: id, at: now)
    case .fetch(let fetch): handleFetch(fetch, of: id)
    case .chunk(let chunk): handleChunk(chunk, from: id, at: now)
    case .bye(let bye): handleBye(id, bye, at: now)
    case .hello: break
    }
  }

  mutating func reject(_ code: WireReject.Code, _ detail: String, to sender: Sender) {
    if code == .invalid { effects.append(.note("rejected a message: \(detail)")) }
    var reject = WireReject()
    reject.code = code
    reject.detail = detail
    send(.reject(reject), to: sender.address)
  }

  mutating func reject(_ detail: String, to id: WorkerID) {
    guard let peer = peers[id] else { return }
    reject(.invalid, detail, to: Sender(address: peer.address, key: peer.key))
  }

  // MARK: Hello, heartbeats, Bye

  private mutating func handleHello(
    _ id: WorkerID, _ hello: WireHello, from sender: Sender, at now: Duration
  ) {
    guard hello.version == Limits.version else {
      let detail =
        "the coordinator has version \(Limits.version) of the protocol, the worker \(hello.version)"
      return reject(.version, detail, to: sender)
    }
    guard (0...Limits.slots).contains(Int(hello.slots)), hello.held.count <= 4 * Limits.slots,
      peers[id].map({ $0.key == sender.key }) ?? hasRoom(for: sender.key)
    else { return reject(.invalid, "a Hello beyond the limits", to: sender) }
    let orphaned = (attemptsOfAbsentWorkers[id] ?? []).compactMap { attempts[$0] }.filter { !$0.isLost }
    guard orphaned.allSatisfy({ $0.belongs(to: id, key: sender.key) }) else {
      return reject(.invalid, "another worker key used this worker ID before", to: sender)
    }
    if hello.local, endedProcesses.contains(Int32(bitPattern: hello.pid)) { return }
    if peers[id] == nil {
      admit(id, hello, from: sender, at: now)
    } else {
      peers[id]?.address = sender.address
      peers[id]?.lastHeard = now
      peers[id]?.description.slots = Int(hello.slots)
    }
    welcome(id, holding: hello.held, at: now)
  }

  private func hasRoom(for key: String) -> Bool {
    peers.count < Limits.workers && peerCounts[key, default: 0] < Limits.workersPerKey
  }

  private mutating func admit(
    _ id: WorkerID, _ hello: WireHello, from sender: Sender, at now: Duration
  ) {
    let description = WorkerDescription(
      host: hello.host.asPeerText, pid: Int32(bitPattern: hello.pid), slots: Int(hello.slots),
      isLocal: hello.local, numerics: hello.numerics.asPeerText, key: sender.key)
    peers[id] = Peer(
      description: description, address: sender.address, key: sender.key, fingerprint: sender.fingerprint,
      lastHeard: now, isExcluded: excluded[id] != nil)
    departed[id] = nil
    peerCounts[sender.key, default: 0] += 1
    effects.append(
      .note("worker \(description.host) (pid \(description.pid), \(description.slots) slots) joined"))
  }

  /// Warns if workers have different numerics: their results differ in the last bits, which can change the ranking.
  private mutating func checkNumerics(of worker: WorkerID) {
    guard let own = peers[worker]?.description.numerics, numerics.insert(own).inserted,
      numerics.count == 2
    else { return }
    effects.append(
      .warn(
        "workers use different instruction sets (\(numerics.sorted().joined(separator: "; "))): results depend on "
          + "which one trains a trial; 'numerics: portable' in the search file makes them agree"))
  }

  private mutating func welcome(_ id: WorkerID, holding progress: [WireProgress], at now: Duration) {
    guard let peer = peers[id] else { return }
    let held = Set(progress.map { AttemptID($0.attempt) })
    for orphan in (attemptsOfAbsentWorkers.removeValue(forKey: id) ?? []).subtracting(held).sorted() {
      endAttempt(orphan, as: .interrupted, detail: "its worker came back without it", at: now)
    }
    let stop = unwanted(progress, of: id, at: now)
    var welcome = WireWelcome()
    welcome.searchFile = searchFileText
    welcome.heartbeatSeconds = intervals.heartbeat / .seconds(1)
    welcome.stop = stop.map(\.bits)
    send(.welcome(welcome), to: peer.address)
    reconcile(id, held: held, at: now)
    if isFinished { send(.finish(WireFinish()), to: peer.address) }
  }

  /// The reported attempts that a worker must drop; renews the leases of the others.
  private mutating func unwanted(
    _ held: [WireProgress], of worker: WorkerID, at now: Duration
  ) -> [AttemptID] {
    let ended = Dictionary(held.map { (AttemptID($0.attempt), $0.ended) }) { first, _ in first }
    return ended.keys.sorted().filter { id in
      guard !renewLease(of: id, on: worker, at: now) else { return false }
      // Completed work may be delivered without a lease.
      return ended[id] == false || attempts[id]?.worker != worker
    }
  }

  /// Renews the lease of an attempt that a worker reports as held; false if the worker must drop it.
  private mutating func renewLease(of id: AttemptID, on worker: WorkerID, at now: Duration) -> Bool {
    guard let attempt = attempts[id], let key = peers[worker]?.key, attempt.belongs(to: worker, key: key),
      excluded[worker] == nil
    else { return false }
    if attempt.isLost {
      guard !isBehindItsTrial(id, attempt), backlog.remove(attempt.trial) else { return false }
      attempts[id]?.isLost = false
      openTrials[attempt.trial]?.current = id
      openTrials[attempt.trial]?.failures.remove(id)
      effects.append(.persist(.attemptResumed(id)))
      effects.append(.note("attempt \(id.number) of \(Replicate(number: attempt.trial)) is back"))
    }
    attempts[id]?.leaseEnd = now + intervals.lease
    if !attempt.isDelivered { attempts[id]?.lastEpoch = now }
    attempts[id]?.isDelivered = true
    peers[worker]?.attempts.insert(id)
    return true
  }

  /// Whether a later attempt has reached a rung that this one has not.
  private func isBehindItsTrial(_ id: AttemptID, _ attempt: Attempt) -> Bool {
    guard let entry = openTrials[attempt.trial], entry.goal > 0, entry.attempts.last != id,
      !isReplicate(attempt.trial)
    else { return false }
    return Double(attempt.epochs.count) < rungs[entry.goal - 1]
  }

  private mutating func handleHeartbeat(_ heartbeat: WireHeartbeat, of id: WorkerID, at now: Duration) {
    guard let peer = peers[id] else { return }
    let progress = Array(heartbeat.held.prefix(4 * Limits.slots))
    let held = Set(progress.map { AttemptID($0.attempt) })
    recordSteps(progress, of: id, at: now)
    for attempt in unwanted(progress, of: id, at: now).prefix(Limits.revokesPerHeartbeat) {
      sendRevoke(attempt, to: peer.address)
    }
    reconcile(id, held: held, at: now)
    send(isFinished ? .finish(WireFinish()) : .lease(WireLease()), to: peer.address)
  }

  private mutating func recordSteps(_ progress: [WireProgress], of worker: WorkerID, at now: Duration) {
    for step in progress {
      let id = AttemptID(step.attempt)
      guard let attempt = attempts[id], attempt.worker == worker, attempt.steps < step.step else { continue }
      attempts[id]?.steps = step.step
      attempts[id]?.lastMoved = now
    }
  }

  /// Compares the attempts that a worker holds with those assigned to it, and marks it available.
  private mutating func reconcile(_ id: WorkerID, held: Set<AttemptID>, at now: Duration) {
    resendUndelivered(of: id, held: held, at: now)
    let isDelayed = isDelayed(id, at: now)
    peers[id]?.isPaused = isDelayed
    markIdle(id)
  }

  /// Resends the Assign of attempts that the worker should hold and does not.
  private mutating func resendUndelivered(of id: WorkerID, held: Set<AttemptID>, at now: Duration) {
    for attempt in (peers[id]?.attempts ?? []).subtracting(held).sorted() {
      guard let lastSent = attempts[attempt]?.lastSent, now - lastSent >= intervals.heartbeat
      else { continue }
      sendAssign(attempt, at: now)
    }
  }

  private mutating func handleBye(_ id: WorkerID, _ bye: WireBye, at now: Duration) {
    guard let peer = peers[id] else { return }
    peers[id]?.isPaused = true
    for attempt in peer.attempts.sorted() {
      endAttempt(attempt, as: .released, detail: "its worker left", at: now)
    }
    if bye.unable { delayWork(for: peer, at: now) } else { recordDeparture(of: id, at: now) }
    forget([id])
    send(.finish(WireFinish()), to: peer.address)
    let why = bye.why.isEmpty ? "" : ": \(bye.why.asPeerText)"
    let detail = "worker \(peer.description.host) (pid \(peer.description.pid)) left\(why)"
    effects.append(bye.unable ? .warn(detail) : .note(detail))
  }

  // MARK: Reports and results

  /// Whether the worker holds the attempt and the message is its next in sequence. Answers the message if not.
  mutating func isNext(
    _ sequence: UInt32, of id: AttemptID, from worker: WorkerID, at now: Duration
  ) -> Bool {
    guard let attempt = attempts[id] else {
      // Attempts after the point to which an older database went back are unknown, but not invented.
      if id.incarnation != incarnation || (id <= lastAttempt && id.number > 0) {
        acknowledge(id, sequence, worker)
      } else {
        reject("attempt \(id.number) was never assigned", to: worker)
      }
      return false
    }
    guard let key = peers[worker]?.key, attempt.belongs(to: worker, key: key) else {
      reject("attempt \(id.number) belongs to another worker", to: worker)
      return false
    }
    guard sequence == attempt.lastSequence + 1 else {
      if sequence <= attempt.lastSequence {
        acknowledge(id, attempt.lastSequence, worker)
      } else {
        recordGap(before: sequence, of: id, from: worker, at: now)
      }
      return false
    }
    attempts[id]?.gapStart = nil
    return true
  }

  mutating func acknowledge(_ id: AttemptID, _ sequence: UInt32, _ worker: WorkerID) {
    guard let peer = peers[worker] else { return }
    var ack = WireAck()
    ack.attempt = id.bits
    ack.sequence = sequence
    send(.ack(ack), to: peer.address)
  }

  private mutating func handleReport(
    _ report: WireReport, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(report.attempt)
    guard isNext(report.sequence, of: id, from: worker, at: now), let attempt = attempts[id] else { return }
    if let problem = problem(of: report, for: attempt) {
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    adoptData(data, from: worker)
    if attempt.epochs.count == attempt.inherited { checkNumerics(of: worker) }
    let metrics = TrialMeasurement(report.measurement).metrics
    attempts[id]?.epochs.append(metrics)
    attempts[id]?.isDelivered = true
    attempts[id]?.leaseEnd = now + intervals.lease
    attempts[id]?.lastMoved = now
    attempts[id]?.lastEpoch = now
    // Reports buffered during an absence of the coordinator arrive all at once.
    pace.record(max(now - attempt.lastEpoch, .seconds(report.seconds)))
    effects.append(.persist(.epochEnded(id, number: Int(report.sequence), metrics, seconds: report.seconds)))
    acknowledge(id, report.sequence, worker)
    lastProgress = now
    endDelay(of: worker)
    resetFailures(of: attempt.trial, by: worker, epochs: Double(attempt.epochs.count + 1), at: now)
    recordEpoch(of: id, at: now)
    applyMedianRule(to: id, at: now)
  }

  /// Why a report is invalid; nil if it is valid.
  private func problem(of report: WireReport, for attempt: Attempt) -> String? {
    let number = attempt.epochs.count + 1
    guard Double(number) <= attempt.budget, attempt.handover == nil else {
      return "an unexpected report of epoch \(number) (budget \(attempt.budget) epochs)"
    }
    let measurement = TrialMeasurement(report.measurement)
    let problem =
      measurement.step != Double(number)
      ? "an unexpected step \(measurement.step)"
      : !(report.seconds >= 0 && report.seconds.isFinite)
        ? "an invalid duration of \(report.seconds) s"
        : file.metrics.problem(of: measurement.metrics, isPartial: false)
    return problem.map { "epoch \(number): \($0)" }
  }

  private mutating func handleResult(
    _ result: WireResult, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(result.attempt)
    guard isNext(result.sequence, of: id, from: worker, at: now), let attempt = attempts[id] else { return }
    guard attempt.handover == nil, !isPausedAtRung(attempt.trial),
      let outcome = trialEnd(of: attempt, result.outcome)
    else {
      let problem = "an unexpected result after \(attempt.epochs.count) epochs"
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    lastProgress = now
    guard outcome.status != .failed else {
      failAttempt(id, because: result.detail.asPeerText, at: now)
      return acknowledge(id, result.sequence, worker)
    }
    adoptData(data, from: worker)
    guard outcome.status != .diverged || isReliable(worker, in: attempt) else {
      // A machine whose losses are never finite would end every trial.
      failAttempt(id, as: .diverged, because: "the loss is not finite", at: now)
      return acknowledge(id, result.sequence, worker)
    }
    recordSuccess(of: worker)
    effects.append(.persist(.attemptEnded(id, .finished, detail: result.detail.asPeerText)))
    if outcome.status == .done, !isReplicate(attempt.trial) {
      medianRule?.complete(attempt.epochs.map(file.goal.value))
    }
    endTrial(outcome, by: id, at: now)
    acknowledge(id, result.sequence, worker)
  }

  /// Whether a worker has computed a finite loss: in this attempt, or for an earlier result.
  private func isReliable(_ worker: WorkerID, in attempt: Attempt) -> Bool {
    attempt.epochs.count > attempt.inherited || workersWithResults.contains(worker)
  }

  /// Whether a trial may have ended by itself before its budget.
  private func mayEnd(_ attempt: Attempt) -> Bool {
    let configuration = file.configuration(values: values(attempt.trial))
    return configuration.map { file.format.mayEnd($0, after: attempt.epochs) } ?? false
  }

  private func trialEnd(of attempt: Attempt, _ outcome: WireOutcome) -> TrialEnd? {
    let epochs = Double(attempt.epochs.count)
    switch outcome {
    case .done where epochs == Double(file.epochs(values(attempt.trial))) || mayEnd(attempt):
      return TrialEnd(
        trial: attempt.trial, status: .done, epochs: epochs, metrics: file.goal.decisive(attempt.epochs))
    case .diverged: return TrialEnd(trial: attempt.trial, status: .diverged, epochs: epochs)
    case .failed: return TrialEnd(trial: attempt.trial, status: .failed, epochs: epochs)
    default: return nil
    }
  }
}
