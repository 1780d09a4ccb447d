import Search

// How trials move from one worker to another with all that was trained.
extension Coordinator {
  /// Takes over what the last coordinator had stored.
  mutating func adopt(_ stored: StoredCheckpoint) {
    let epochs = attempts[stored.attempt]?.epochs ?? []
    guard openTrials[stored.trial] != nil, stored.checkpoint.epochs <= epochs.count else {
      return effects.append(.remove(stored.checkpoint))
    }
    keep(stored, epochs)
  }

  private mutating func keep(_ stored: StoredCheckpoint, _ epochs: [WireEpoch]) {
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

  mutating func take(
    _ release: WireRelease, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(release.attempt)
    guard release.hasCheckpoint else {
      // Of a lost attempt this may be old: it may run again by now.
      guard attempts[id]?.worker == worker, attempts[id]?.isLost == false else { return }
      peers[worker]?.isPaused = true
      return lose(id, as: givenBackEnd(from: worker), words: release.why.asPeerText, at: now)
    }
    guard isNext(release.sequence, of: id, from: worker, at: now), let attempt = attempts[id],
      attempt.handover == nil
    else { return }
    if release.hasScore, let problem = problem(of: release.score, for: attempt) {
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    learn(data, from: worker)
    if !attempt.hasReachedItsRung, !release.hasScore { peers[worker]?.isPaused = true }
    attempts[id]?.handover = Handover(
      transfer: Transfer(release.checkpoint), why: release.why.asPeerText, isAtPart: release.hasScore)
    if release.hasScore { note(EpochScore(release.score), after: release.score.part, of: id, at: now) }
    // Its trial may have been stopped by that.
    guard let attempt = attempts[id] else { return }
    guard release.checkpoint.isPlausible, release.checkpoint.epochs <= attempt.epochs.count,
      !attempt.isLost, !isStored(release.checkpoint, of: attempt.trial),
      checkpointBytes + Int(release.checkpoint.size) <= Limits.checkpoints
    else { return endHandover(of: id, isWhole: false, at: now) }
    handovers.append(id)
    continueHandovers(at: now)
  }

  /// Why this cannot be the score of an attempt within its first epoch; nil if it can.
  private func problem(of score: WirePartScore, for attempt: Attempt) -> String? {
    // Its trial may have been promoted since, after a restart of the coordinator.
    let passed = rungs.prefix(openTrials[attempt.trial]?.reached ?? 0)
    guard attempt.epochs.isEmpty, score.part == attempt.budget || passed.contains(score.part) else {
      return "a score after \(score.part) epochs, where none is due"
    }
    return score.problem
  }

  private func isStored(_ checkpoint: WireCheckpoint, of trial: Int) -> Bool {
    openTrials[trial]?.checkpoint?.stored.checkpoint.digest == checkpoint.digest
  }

  /// Asks for what has not come; gives up what has not moved for a lease.
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

  mutating func take(_ chunk: WireChunk, from worker: WorkerID, at now: Duration) {
    let source = peers[worker]?.attempts.first {
      attempts[$0]?.handover?.transfer.checkpoint.digest == chunk.digest
    }
    guard let id = source, handovers.contains(id), let attempt = attempts[id] else { return }
    guard !chunk.data.isEmpty else { return endHandover(of: id, isWhole: false, at: now) }
    guard attempts[id]?.handover?.transfer.take(chunk, at: now) == true,
      let transfer = attempts[id]?.handover?.transfer
    else { return }
    let stored = StoredCheckpoint(trial: attempt.trial, attempt: id, checkpoint: transfer.checkpoint)
    effects.append(.store(Array(chunk.data), of: stored, isLast: transfer.isComplete))
    continueHandovers(at: now)
  }

  /// The attempt is over; its trial waits, with its checkpoint if that has arrived.
  mutating func endHandover(of id: AttemptID, isWhole: Bool, at now: Duration) {
    guard let attempt = attempts[id], let handover = attempt.handover else { return }
    let stored = StoredCheckpoint(
      trial: attempt.trial, attempt: id, checkpoint: handover.transfer.checkpoint)
    if isWhole, !attempt.isLost {
      keep(stored, attempt.epochs)
      effects.append(.persist(.checkpointStored(stored)))
      attempts[id]?.handover = nil
      handovers.removeAll { $0 == id }
    }
    lose(id, as: handoverEnd(of: attempt), words: handover.why, at: now)
    acknowledge(id, attempt.lastSequence + 1, attempt.worker)
    attempts[id] = nil
  }

  /// How an attempt ends when it has been handed over.
  func handoverEnd(of attempt: Attempt) -> AttemptEnd {
    let isAtRung = rungs.last.map { attempt.budget < $0 } ?? false
    return isAtRung && attempt.hasReachedItsRung ? .paused : givenBackEnd(from: attempt.worker)
  }

  /// How an attempt ends that its worker gives back: a worker that leaves has no slots any more.
  private func givenBackEnd(from worker: WorkerID) -> AttemptEnd {
    peers[worker].map { $0.description.slots > 0 } == true ? .refused : .released
  }

  /// Whatever has come of the checkpoint of an attempt is of no use.
  mutating func abandonHandover(of id: AttemptID) {
    guard let handover = attempts[id]?.handover else { return }
    attempts[id]?.handover = nil
    handovers.removeAll { $0 == id }
    if let trial = attempts[id]?.trial, !isStored(handover.transfer.checkpoint, of: trial) {
      effects.append(.remove(handover.transfer.checkpoint))
    }
  }

  // MARK: To a worker

  /// A worker gets the checkpoints of the trials that it holds, and no others.
  mutating func answer(_ fetch: WireFetch, of worker: WorkerID) {
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
