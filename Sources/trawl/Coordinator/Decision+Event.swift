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

  mutating func event(of decision: Decision) -> SearchEvent.Content {
    switch decision {
    case .workerJoined(let id, let worker): return .workerJoined(SearchEvent.Worker(id, worker))
    case .attemptStarted(let id, let trial, let worker):
      trials[id] = Replicate(number: trial)
      return .attemptStarted(attempt(id), worker: worker.description)
    case .epochsInherited(let id, let source, let count):
      return .epochsInherited(attempt(id), from: Int(source.number), epochs: count)
    case .epochEnded(let id, let number, let epoch):
      return .epochEnded(
        attempt(id), epoch: number, seconds: epoch.seconds,
        [
          .init("train_loss", epoch.trainLoss), .init("train_accuracy", epoch.trainAccuracy),
          .init("val_loss", epoch.valLoss), .init("val_accuracy", epoch.valAccuracy),
        ])
    case .attemptEnded(let id, let end, let detail):
      let attempt = attempt(id)
      // After other ends it may resume.
      if end == .finished || end == .superseded { trials[id] = nil }
      return .attemptEnded(attempt, cause: end.rawValue, detail: detail)
    case .attemptResumed(let id): return .attemptResumed(attempt(id))
    case .checkpointStored(let stored):
      return .checkpointStored(
        .init(Int(stored.attempt.number), of: Replicate(number: stored.trial)),
        epochs: Int(stored.checkpoint.epochs), bytes: Int(stored.checkpoint.size))
    case .rungReached(let reached, let rung):
      return .rungReached(
        .init(Int(reached.attempt.number), of: Replicate(number: reached.trial)), rung: rung,
        metrics(reached.score.valAccuracy, reached.score.valLoss))
    case .dataKnown(let digest): return .dataKnown(digest: digest.map(\.hexadecimal).joined())
    case .workerExcluded(let id, let reason):
      return .workerExcluded(worker: id.description, reason: reason)
    case .trialsComplete(let count): return .trialsComplete(count: count)
    case .trialEnded(let end, let id):
      return .trialEnded(
        .init(Int(id.number), of: Replicate(number: end.trial)), status: end.status, epochs: end.epochs,
        metrics(end.valAccuracy, end.valLoss))
    }
  }

  private func attempt(_ id: AttemptID) -> SearchEvent.Attempt {
    guard let trial = trials[id] else { preconditionFailure("attempt \(id.number) has no trial") }
    return SearchEvent.Attempt(Int(id.number), of: trial)
  }

  private func metrics(_ accuracy: Double?, _ loss: Double?) -> [SearchEvent.Metric] {
    [accuracy.map { .init("val_accuracy", $0) }, loss.map { .init("val_loss", $0) }].compactMap(\.self)
  }
}

extension SearchEvent.Worker {
  fileprivate init(_ id: WorkerID, _ worker: WorkerDescription) {
    self.init(
      id: id.description, host: worker.host, pid: Int(worker.pid), slots: worker.slots,
      isLocal: worker.isLocal, numerics: worker.numerics, key: CurveKey(z85: worker.key)?.fingerprint ?? "")
  }
}

extension UInt8 {
  /// Two digits.
  fileprivate var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
