import Coordination
import Messaging
import RunFiles
import Search

/// Translates decisions of the coordinator into events. It knows the trials of all attempts that may still change.
struct EventTranslation {
  private var trials: [AttemptID: Replicate] = [:]

  /// Knows no attempt yet.
  init() {}

  /// Knows the attempts of a coordinator that starts.
  init(_ open: [Snapshot.OpenAttempt]) {
    for attempt in open { trials[attempt.id] = Replicate(number: attempt.trial) }
  }

  /// The event of a decision; nil if it names an attempt that is not known. The file then has fewer events than the
  /// study counts, so that the next coordinator writes it again.
  ///
  /// - Parameter parameters: the searched values of a trial or replicate.
  mutating func event(
    of decision: Decision, parameters: (Int) -> [SearchEvent.Parameter]
  ) -> SearchEvent.Content? {
    switch decision {
    case .workerJoined(let id, let worker): return .workerJoined(SearchEvent.Worker(id, worker))
    case .attemptStarted(let id, let trial, let worker):
      let replicate = Replicate(number: trial)
      trials[id] = replicate
      return .attemptStarted(
        .init(Int(id.number), of: replicate), worker: worker.description, parameters(trial))
    case .epochsInherited(let id, let source, let count):
      return attempt(id).map { .epochsInherited($0, from: Int(source.number), epochs: count) }
    case .epochEnded(let id, let number, let metrics, let seconds):
      return attempt(id).map { .epochEnded($0, epoch: number, seconds: seconds, self.metrics(metrics)) }
    case .attemptEnded(let id, let end, let detail):
      let attempt = attempt(id)
      // After other ends it may resume.
      if end == .finished || end == .superseded { trials[id] = nil }
      return attempt.map { .attemptEnded($0, cause: end.rawValue, detail: detail) }
    case .attemptResumed(let id): return attempt(id).map { .attemptResumed($0) }
    case .checkpointStored(let stored):
      return .checkpointStored(
        .init(Int(stored.attempt.number), of: Replicate(number: stored.trial)),
        epochs: Int(stored.checkpoint.epochs), bytes: Int(stored.checkpoint.size))
    case .rungReached(let reached, let rung):
      return .rungReached(
        .init(Int(reached.attempt.number), of: Replicate(number: reached.trial)), rung: rung,
        metrics(reached.metrics))
    case .dataKnown(let digest): return .dataKnown(digest: digest.hexadecimal)
    case .workerExcluded(let id, let reason):
      return .workerExcluded(worker: id.description, reason: reason)
    case .trialsComplete(let count): return .trialsComplete(count: count)
    case .trialEnded(let end, let id):
      return .trialEnded(
        .init(Int(id.number), of: Replicate(number: end.trial)), status: end.status, epochs: end.epochs,
        metrics(end.metrics))
    }
  }

  private func attempt(_ id: AttemptID) -> SearchEvent.Attempt? {
    trials[id].map { SearchEvent.Attempt(Int(id.number), of: $0) }
  }

  private func metrics(_ metrics: Metrics?) -> [SearchEvent.Metric] {
    (metrics?.all ?? []).map { SearchEvent.Metric($0.name, $0.value) }
  }
}

extension SearchEvent.Worker {
  fileprivate init(_ id: WorkerID, _ worker: WorkerDescription) {
    self.init(
      id: id.description, host: worker.host, pid: Int(worker.pid), slots: worker.slots,
      isLocal: worker.isLocal, numerics: worker.numerics, key: CurveKey(z85: worker.key)?.fingerprint ?? "")
  }
}
