import Search

// Checkpoint transfer: trials continue on another worker from where they stopped.
extension Coordinator {
  /// Records a complete checkpoint; `epochs` are those of the attempt that handed it over.
  mutating func store(_ file: StoredCheckpoint, _ epochs: [Metrics]) {
    perform(
      checkpoints.store(
        Checkpoints.Stored(
          file: file, epochs: Array(epochs.prefix(file.checkpoint.epochs)),
          holder: attempts[file.attempt]?.worker)))
  }

  // MARK: From a worker

  mutating func handleRelease(
    _ release: WireRelease, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(release.attempt)
    guard release.hasCheckpoint else {
      // For a lost attempt the message may be stale: the attempt may run again.
      guard attempts[id]?.worker == worker, attempts[id]?.isLost == false else { return }
      membership.pause(worker)
      return endAttempt(id, as: releasedEnd(from: worker), detail: release.why.asPeerText, at: now)
    }
    guard isNext(release.sequence, of: id, from: worker, at: now), let attempt = attempts[id],
      checkpoints.handovers[id] == nil
    else { return }
    let score = release.hasMeasurement ? TrialMeasurement(release.measurement) : nil
    if let score, let problem = problem(of: score, for: attempt) {
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    adoptData(data, from: worker)
    checkpoints.begin(Checkpoints.Handover(release), of: id)
    if !hasReachedRung(id, attempt) { membership.pause(worker) }
    if let score { recordScore(score, of: id, at: now) }
    // The score may have stopped its trial.
    guard let attempt = attempts[id] else { return }
    guard !attempt.isLost, checkpoints.enqueue(id, epochs: attempt.epochs.count)
    else { return endHandover(of: id, isWhole: false, at: now) }
    continueHandovers(at: now)
  }

  /// Why the score is invalid for an attempt at a part of its first epoch; nil if it is valid.
  private func problem(of score: TrialMeasurement, for attempt: Attempt) -> String? {
    // After a restart of the coordinator, the trial may already be promoted.
    guard attempt.epochs.isEmpty, 0 < score.step, score.step < 1,
      score.step == attempt.budget || promotion.hasPassed(score.step, attempt.trial)
    else { return "an unexpected score after \(score.step) epochs" }
    return file.metrics.problem(of: score.metrics, isPartial: true)
  }

  /// Requests missing pieces; gives up transfers without progress for the length of a lease.
  mutating func continueHandovers(at now: Duration) {
    for id in checkpoints.queue.prefix(Limits.handovers) {
      guard let worker = attempts[id]?.worker, let peer = membership[worker] else { continue }
      if let fetches = checkpoints.requests(for: id, lease: intervals.lease, at: now) {
        for fetch in fetches { send(.fetch(fetch), to: peer.address) }
      } else {
        endHandover(of: id, isWhole: false, at: now)
      }
    }
  }

  mutating func handleChunk(_ chunk: WireChunk, from worker: WorkerID, at now: Duration) {
    guard let id = checkpoints.handover(for: chunk, among: membership[worker]?.attempts ?? []),
      let attempt = attempts[id]
    else { return }
    guard !chunk.data.isEmpty else { return endHandover(of: id, isWhole: false, at: now) }
    guard let isLast = checkpoints.append(chunk, to: id, at: now), let handover = checkpoints.handovers[id]
    else { return }
    let file = StoredCheckpoint(trial: attempt.trial, attempt: id, checkpoint: handover.file)
    perform([.store(Array(chunk.data), of: file, isLast: isLast)])
    continueHandovers(at: now)
  }

  /// Ends the attempt and requeues its trial, with the checkpoint if `isWhole`.
  mutating func endHandover(of id: AttemptID, isWhole: Bool, at now: Duration) {
    guard let attempt = attempts[id], let handover = checkpoints.handovers[id] else { return }
    let end = handoverEnd(of: id, attempt)
    if isWhole, !attempt.isLost {
      let file = StoredCheckpoint(trial: attempt.trial, attempt: id, checkpoint: handover.file)
      store(file, attempt.epochs)
      persist(.checkpointStored(file))
      checkpoints.finish(id)
    }
    endAttempt(id, as: end, detail: handover.why, at: now)
    perform(checkpoints.abandon(id))
    acknowledge(id, attempt.lastSequence + 1, attempt.worker)
    attempts.remove(id)
  }

  /// The end of an attempt that has handed over its checkpoint.
  func handoverEnd(of id: AttemptID, _ attempt: Attempt) -> AttemptEnd {
    let isBeforeLastRung = promotion.rungs.last.map { attempt.budget < $0 } ?? false
    return isBeforeLastRung && hasReachedRung(id, attempt) ? .paused : releasedEnd(from: attempt.worker)
  }

  private func hasReachedRung(_ id: AttemptID, _ attempt: Attempt) -> Bool {
    Double(attempt.epochs.count) >= attempt.budget || checkpoints.handovers[id]?.isAtPart == true
  }

  /// The end of an attempt that its worker returns. A leaving worker has announced 0 slots.
  private func releasedEnd(from worker: WorkerID) -> AttemptEnd {
    membership[worker].map { $0.description.slots > 0 } == true ? .refused : .released
  }

  // MARK: To a worker

  /// Answers a Fetch. A worker gets only the checkpoints of trials that it holds.
  mutating func handleFetch(_ fetch: WireFetch, of worker: WorkerID) {
    guard let peer = membership[worker] else { return }
    let digest = Array(fetch.digest)
    let isWanted = peer.attempts.contains { id in
      attempts[id].flatMap { checkpoints.stored[$0.trial] }?.file.checkpoint.digest == digest
    }
    if isWanted {
      perform([.sendPiece(fetch, to: peer.address)])
    } else {
      send(.chunk(WireChunk(fetch, of: [])), to: peer.address)
    }
  }
}
