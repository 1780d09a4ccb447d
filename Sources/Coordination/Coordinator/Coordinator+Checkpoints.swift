import Search

// Checkpoint transfer: trials continue on another worker from where they stopped.
extension Coordinator {
  /// Restores a checkpoint from the state on disk.
  mutating func adoptCheckpoint(_ stored: StoredCheckpoint) {
    let epochs = attempts[stored.attempt]?.epochs ?? []
    guard openTrials[stored.trial] != nil, stored.checkpoint.epochs <= epochs.count else {
      return effects.append(.remove(stored.checkpoint))
    }
    recordCheckpoint(stored, epochs)
  }

  private mutating func recordCheckpoint(_ stored: StoredCheckpoint, _ epochs: [Metrics]) {
    guard !isStored(stored.checkpoint, of: stored.trial) else { return }
    forgetCheckpoint(of: stored.trial)
    checkpointBytes += Int(stored.checkpoint.size)
    openTrials[stored.trial]?.holder = attempts[stored.attempt]?.worker
    openTrials[stored.trial]?.checkpoint = (stored, Array(epochs.prefix(Int(stored.checkpoint.epochs))))
  }

  mutating func forgetCheckpoint(of trial: Int) {
    guard let old = openTrials[trial]?.checkpoint?.stored.checkpoint else { return }
    openTrials[trial]?.checkpoint = nil
    checkpointBytes -= Int(old.size)
    effects.append(.remove(old))
  }

  // MARK: From a worker

  mutating func handleRelease(
    _ release: WireRelease, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(release.attempt)
    guard release.hasCheckpoint else {
      // For a lost attempt the message may be stale: the attempt may run again.
      guard attempts[id]?.worker == worker, attempts[id]?.isLost == false else { return }
      peers[worker]?.isPaused = true
      return endAttempt(id, as: releasedEnd(from: worker), detail: release.why.asPeerText, at: now)
    }
    guard isNext(release.sequence, of: id, from: worker, at: now), let attempt = attempts[id],
      attempt.handover == nil
    else { return }
    let score = release.hasMeasurement ? TrialMeasurement(release.measurement) : nil
    if let score, let problem = problem(of: score, for: attempt) {
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    adoptData(data, from: worker)
    if !attempt.hasReachedRung, score == nil { peers[worker]?.isPaused = true }
    attempts[id]?.handover = Handover(
      transfer: Transfer(release.checkpoint), why: release.why.asPeerText, isAtPart: score != nil)
    if let score { recordScore(score, of: id, at: now) }
    // The score may have stopped its trial.
    guard let attempt = attempts[id] else { return }
    guard release.checkpoint.isPlausible, release.checkpoint.epochs <= attempt.epochs.count,
      !attempt.isLost, !isStored(release.checkpoint, of: attempt.trial),
      checkpointBytes + Int(release.checkpoint.size) <= Limits.checkpoints
    else { return endHandover(of: id, isWhole: false, at: now) }
    handovers.append(id)
    continueHandovers(at: now)
  }

  /// Why the score is invalid for an attempt at a part of its first epoch; nil if it is valid.
  private func problem(of score: TrialMeasurement, for attempt: Attempt) -> String? {
    // After a restart of the coordinator, the trial may already be promoted.
    let passed = rungs.prefix(openTrials[attempt.trial]?.reached ?? 0)
    guard attempt.epochs.isEmpty, 0 < score.step, score.step < 1,
      score.step == attempt.budget || passed.contains(score.step)
    else { return "an unexpected score after \(score.step) epochs" }
    return file.metrics.problem(of: score.metrics, isPartial: true)
  }

  private func isStored(_ checkpoint: WireCheckpoint, of trial: Int) -> Bool {
    openTrials[trial]?.checkpoint?.stored.checkpoint.digest == checkpoint.digest
  }

  /// Requests missing pieces; gives up transfers without progress for the length of a lease.
  mutating func continueHandovers(at now: Duration) {
    for id in handovers.prefix(Limits.handovers) {
      guard let attempt = attempts[id], var handover = attempt.handover, let peer = peers[attempt.worker]
      else { continue }
      let fetches = handover.transfer.requests(at: now)
      attempts[id]?.handover = handover
      if let moved = handover.transfer.lastMoved, now - moved > intervals.lease {
        endHandover(of: id, isWhole: false, at: now)
      } else {
        for fetch in fetches { send(.fetch(fetch), to: peer.address) }
      }
    }
  }

  mutating func handleChunk(_ chunk: WireChunk, from worker: WorkerID, at now: Duration) {
    let source = peers[worker]?.attempts.first {
      attempts[$0]?.handover?.transfer.checkpoint.digest == chunk.digest
    }
    guard let id = source, handovers.contains(id), let attempt = attempts[id] else { return }
    guard !chunk.data.isEmpty else { return endHandover(of: id, isWhole: false, at: now) }
    guard attempts[id]?.handover?.transfer.append(chunk, at: now) == true,
      let transfer = attempts[id]?.handover?.transfer
    else { return }
    let stored = StoredCheckpoint(trial: attempt.trial, attempt: id, checkpoint: transfer.checkpoint)
    effects.append(.store(Array(chunk.data), of: stored, isLast: transfer.isComplete))
    continueHandovers(at: now)
  }

  /// Ends the attempt and requeues its trial, with the checkpoint if `isWhole`.
  mutating func endHandover(of id: AttemptID, isWhole: Bool, at now: Duration) {
    guard let attempt = attempts[id], let handover = attempt.handover else { return }
    let stored = StoredCheckpoint(
      trial: attempt.trial, attempt: id, checkpoint: handover.transfer.checkpoint)
    if isWhole, !attempt.isLost {
      recordCheckpoint(stored, attempt.epochs)
      effects.append(.persist(.checkpointStored(stored)))
      attempts[id]?.handover = nil
      handovers.removeAll { $0 == id }
    }
    endAttempt(id, as: handoverEnd(of: attempt), detail: handover.why, at: now)
    acknowledge(id, attempt.lastSequence + 1, attempt.worker)
    attempts[id] = nil
  }

  /// The end of an attempt that has handed over its checkpoint.
  func handoverEnd(of attempt: Attempt) -> AttemptEnd {
    let isAtRung = rungs.last.map { attempt.budget < $0 } ?? false
    return isAtRung && attempt.hasReachedRung ? .paused : releasedEnd(from: attempt.worker)
  }

  /// The end of an attempt that its worker returns. A leaving worker has announced 0 slots.
  private func releasedEnd(from worker: WorkerID) -> AttemptEnd {
    peers[worker].map { $0.description.slots > 0 } == true ? .refused : .released
  }

  /// Aborts the transfer of an attempt's checkpoint and removes the received pieces.
  mutating func abandonHandover(of id: AttemptID) {
    guard let handover = attempts[id]?.handover else { return }
    attempts[id]?.handover = nil
    handovers.removeAll { $0 == id }
    if let trial = attempts[id]?.trial, !isStored(handover.transfer.checkpoint, of: trial) {
      effects.append(.remove(handover.transfer.checkpoint))
    }
  }

  // MARK: To a worker

  /// Answers a Fetch. A worker gets only the checkpoints of trials that it holds.
  mutating func handleFetch(_ fetch: WireFetch, of worker: WorkerID) {
    guard let peer = peers[worker] else { return }
    let isWanted = peer.attempts.contains { id in
      attempts[id].flatMap { openTrials[$0.trial]?.checkpoint }?.stored.checkpoint.digest == fetch.digest
    }
    if isWanted {
      effects.append(.sendPiece(fetch, to: peer.address))
    } else {
      send(.chunk(WireChunk(fetch, of: [])), to: peer.address)
    }
  }
}
