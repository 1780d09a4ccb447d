import Search

extension JSONText {
  /// Adds the line of an event.
  ///
  /// - Parameter time: the text of its time.
  mutating func add(_ number: Int, at time: String, _ content: SearchEvent.Content) {
    beginObject()
    add("number", number)
    add("time", time)
    add("type", content.type)
    switch content {
    case .workerJoined(let worker): add(worker)
    case .workerExcluded(let worker, let reason):
      add("worker", worker)
      add("reason", reason)
    case .attemptStarted(let attempt, let worker, let parameters):
      add(attempt)
      add("worker", worker)
      add(parameters)
    case .epochsInherited(let attempt, let source, let epochs):
      add(attempt)
      add("from", source)
      add("epochs", epochs)
    case .epochEnded(let attempt, let epoch, let seconds, let metrics):
      add(attempt)
      add("epoch", epoch)
      add("seconds", seconds)
      add(metrics)
    case .rungReached(let attempt, let rung, let metrics):
      add(attempt)
      add("rung", rung)
      add(metrics)
    case .checkpointStored(let attempt, let epochs, let bytes):
      add(attempt)
      add("epochs", epochs)
      add("bytes", bytes)
    case .attemptEnded(let attempt, let cause, let detail):
      add(attempt)
      add("cause", cause)
      add("detail", detail)
    case .attemptResumed(let attempt): add(attempt)
    case .trialEnded(let attempt, let status, let epochs, let metrics):
      add(attempt)
      add("status", status.rawValue)
      add("epochs", epochs)
      add(metrics)
    case .trialReopened(let trial): add(trial)
    case .dataKnown(let digest): add("sha256", digest)
    case .trialsComplete(let count): add("trials", count)
    case .other: break
    }
    endObject()
    endLine()
  }

  private mutating func add(_ worker: SearchEvent.Worker) {
    add("worker", worker.id)
    add("host", worker.host)
    add("pid", worker.pid)
    add("slots", worker.slots)
    add("is_local", worker.isLocal)
    add("numerics", worker.numerics)
    add("key", worker.key)
  }

  private mutating func add(_ attempt: SearchEvent.Attempt) {
    add(attempt.trial)
    add("attempt", attempt.number)
  }

  private mutating func add(_ trial: Replicate) {
    add("trial", trial.trial)
    add("replicate", trial.index)
  }

  private mutating func add(_ parameters: [SearchEvent.Parameter]) {
    beginObject("parameters")
    for parameter in parameters {
      switch parameter.value {
      case .number(let number): add(name: parameter.column, number)
      case .text(let text): add(name: parameter.column, text)
      }
    }
    endObject()
  }

  private mutating func add(_ metrics: [SearchEvent.Metric]) {
    beginObject("metrics")
    for metric in metrics { add(name: metric.name, metric.value) }
    endObject()
  }
}

extension SearchEvent.Content {
  /// The name of the case in the file.
  package var type: String {
    switch self {
    case .workerJoined: "worker_joined"
    case .workerExcluded: "worker_excluded"
    case .attemptStarted: "attempt_started"
    case .epochsInherited: "epochs_inherited"
    case .epochEnded: "epoch_ended"
    case .rungReached: "rung_reached"
    case .checkpointStored: "checkpoint_stored"
    case .attemptEnded: "attempt_ended"
    case .attemptResumed: "attempt_resumed"
    case .trialEnded: "trial_ended"
    case .trialReopened: "trial_reopened"
    case .dataKnown: "data_known"
    case .trialsComplete: "trials_complete"
    case .other(let type): type
    }
  }
}
