import Search

// Reports of epochs, and results.
extension Coordinator {
  /// Whether the worker holds the attempt and the message is its next in sequence. Answers the message if not.
  mutating func isNext(
    _ sequence: UInt32, of id: AttemptID, from worker: WorkerID, at now: Duration
  ) -> Bool {
    guard let attempt = attempts[id] else {
      // Attempts after the point to which an older database went back are unknown, but not invented.
      if attempts.mayHaveExisted(id) {
        acknowledge(id, sequence, worker)
      } else {
        reject("attempt \(id.number) was never assigned", to: worker)
      }
      return false
    }
    guard let key = membership[worker]?.key, attempt.belongs(to: worker, key: key) else {
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
    attempts.endGap(in: id)
    return true
  }

  static let missingReports = "acknowledged reports of it are missing in the database"

  /// Ends an attempt if a gap in its messages has lasted too long.
  private mutating func recordGap(
    before sequence: UInt32, of id: AttemptID, from worker: WorkerID, at now: Duration
  ) {
    guard let attempt = attempts[id] else { return }
    let isOfEarlierStart = attempts.isOfEarlierStart(id)
    guard attempts.noteGap(in: id, at: now) > (isOfEarlierStart ? intervals.lease : intervals.progress)
    else { return }
    guard isOfEarlierStart else {
      let problem = "message \(sequence) instead of message \(attempt.lastSequence + 1)"
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    // Not the worker's fault: the database is an older copy, without messages that were acknowledged.
    if attempt.isLost {
      persist(.attemptEnded(id, .interrupted, detail: Self.missingReports))
    } else {
      endAttempt(id, as: .interrupted, detail: Self.missingReports, at: now)
    }
    attempts.remove(id)
    sendRevoke(id, to: worker)
  }

  mutating func acknowledge(_ id: AttemptID, _ sequence: UInt32, _ worker: WorkerID) {
    guard let peer = membership[worker] else { return }
    var ack = WireAck()
    ack.attempt = id.bits
    ack.sequence = sequence
    send(.ack(ack), to: peer.address)
  }

  mutating func handleReport(
    _ report: WireReport, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(report.attempt)
    guard isNext(report.sequence, of: id, from: worker, at: now), let attempt = attempts[id] else { return }
    if let problem = problem(of: report, for: id, attempt) {
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    adoptData(data, from: worker)
    if attempt.epochs.count == attempt.inherited { checkNumerics(of: worker) }
    let metrics = TrialMeasurement(report.measurement).metrics
    attempts.addEpoch(metrics, to: id, seconds: report.seconds, at: now)
    persist(.epochEnded(id, number: Int(report.sequence), metrics, seconds: report.seconds))
    acknowledge(id, report.sequence, worker)
    stallWatch.noteProgress(at: now)
    membership.endDelay(of: worker)
    confirmFailures(of: attempt.trial, by: worker, epochs: Double(attempt.epochs.count + 1), at: now)
    recordEpoch(of: id, at: now)
    applyMedianRule(to: id, at: now)
  }

  /// Why a report is invalid; nil if it is valid.
  private func problem(of report: WireReport, for id: AttemptID, _ attempt: Attempt) -> String? {
    let number = attempt.epochs.count + 1
    guard Double(number) <= attempt.budget, checkpoints.handovers[id] == nil else {
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

  mutating func handleResult(
    _ result: WireResult, on data: some Sequence<UInt8>, from worker: WorkerID, at now: Duration
  ) {
    let id = AttemptID(result.attempt)
    guard isNext(result.sequence, of: id, from: worker, at: now), let attempt = attempts[id] else { return }
    guard checkpoints.handovers[id] == nil, !promotion.isPaused(attempt.trial),
      let outcome = trialEnd(of: attempt, result.outcome)
    else {
      let problem = "an unexpected result after \(attempt.epochs.count) epochs"
      return rejectAttempt(id, of: worker, because: problem, at: now)
    }
    stallWatch.noteProgress(at: now)
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
    blame.recordSuccess(of: worker, in: membership)
    persist(.attemptEnded(id, .finished, detail: result.detail.asPeerText))
    if outcome.status == .done, !allResults.isReplicate(attempt.trial) { promotion.complete(attempt.epochs) }
    endTrial(outcome, by: id, at: now)
    acknowledge(id, result.sequence, worker)
  }

  /// Whether a worker has computed a finite loss: in this attempt, or for an earlier result.
  private func isReliable(_ worker: WorkerID, in attempt: Attempt) -> Bool {
    attempt.epochs.count > attempt.inherited || blame.proven.contains(worker)
  }

  /// Whether a trial may have ended by itself before its budget.
  private func mayEnd(_ attempt: Attempt) -> Bool {
    let configuration = file.configuration(values: allResults.values(attempt.trial))
    return configuration.map { file.format.mayEnd($0, after: attempt.epochs) } ?? false
  }

  private func trialEnd(of attempt: Attempt, _ outcome: WireOutcome) -> TrialEnd? {
    let epochs = Double(attempt.epochs.count)
    switch outcome {
    case .done where epochs == allResults.epochs(of: attempt.trial) || mayEnd(attempt):
      return TrialEnd(
        trial: attempt.trial, status: .done, epochs: epochs, metrics: file.goal.decisive(attempt.epochs))
    case .diverged: return TrialEnd(trial: attempt.trial, status: .diverged, epochs: epochs)
    case .failed: return TrialEnd(trial: attempt.trial, status: .failed, epochs: epochs)
    default: return nil
    }
  }

  // MARK: What all workers must share

  /// Fixes the dataset of a deterministic search at its first report.
  mutating func adoptData(_ digest: some Sequence<UInt8>, from worker: WorkerID) {
    let digest = Array(digest)
    guard file.format.isDeterministic, let peer = membership[worker], dataset.adopt(digest) else { return }
    persist(.dataKnown(digest))
    note("the dataset on \(peer.description.host) has the SHA-256 sum \(digest.hexadecimal)")
  }

  /// Warns if workers have different numerics: their results differ in the last bits, which can change the ranking.
  private mutating func checkNumerics(of worker: WorkerID) {
    guard let numerics = membership.noteNumerics(of: worker) else { return }
    warn(
      "workers use different instruction sets (\(numerics.joined(separator: "; "))): results depend on "
        + "which one trains a trial; 'numerics: portable' in the search file makes them agree")
  }
}
