import Search

@testable import Coordination

extension Decision {
  /// The decision in one line; `name` is how the trace calls a worker.
  func traceText(_ name: (WorkerID) -> String) -> String {
    switch self {
    case .workerJoined(let id, let worker):
      "\(name(id)) joined: \(worker.host) (pid \(worker.pid)), slots \(worker.slots)"
        + (worker.isLocal ? ", local" : "") + ", numerics \(worker.numerics), key \(worker.key)"
    case .attemptStarted(let id, let trial, let worker):
      "attempt \(id.traceText) started: \(Replicate(number: trial)) on \(name(worker))"
    case .epochsInherited(let id, let source, let count):
      "attempt \(id.traceText) inherits \(Double(count).traceEpochs) of attempt \(source.traceText)"
    case .epochEnded(let id, let number, let metrics, let seconds):
      "attempt \(id.traceText) ended epoch \(number): \(metrics.traceText)\(seconds.traceSeconds)"
    case .attemptEnded(let id, let end, let detail):
      "attempt \(id.traceText) ended: \(end)" + (detail.isEmpty ? "" : " (\(detail))")
    case .attemptResumed(let id): "attempt \(id.traceText) resumed"
    case .checkpointStored(let stored): stored.traceText
    case .rungReached(let reached, let rung):
      "\(Replicate(number: reached.trial)) reached rung \(rung) by attempt \(reached.attempt.traceText): "
        + reached.metrics.traceText
    case .dataKnown(let digest): "the dataset is \(digest.traceText)"
    case .trialsComplete(let count): "the search has \(count) trials"
    case .workerExcluded(let id, let reason): "\(name(id)) excluded: \(reason)"
    case .trialEnded(let end, let id): "\(end.traceText), by attempt \(id.traceText)"
    }
  }
}

extension StoredCheckpoint {
  /// The checkpoint and its origin.
  var traceText: String {
    "checkpoint \(checkpoint.digest.traceText) of \(Replicate(number: trial)), epoch \(checkpoint.epochs), "
      + "of attempt \(attempt.traceText)"
  }
}

extension TrialEnd {
  /// The result of the trial.
  var traceText: String {
    "\(Replicate(number: trial)) ended: \(status), \(epochs.traceEpochs)"
      + (metrics.map { ", \($0.traceText)" } ?? "")
  }
}
