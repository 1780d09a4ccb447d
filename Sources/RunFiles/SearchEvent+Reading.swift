import Search

extension SearchEvent {
  /// Reads a line without its line feed.
  init(line: ArraySlice<UInt8>) throws(RunFileError) {
    guard let value = JSONValue(line) else { throw RunFileError("it is not JSON") }
    guard case .object(let members) = value else { throw RunFileError("it is not an object") }
    let fields = EventFields(members: members)
    number = try fields.integer("number")
    guard let time = UTCTime.seconds(since1970: try fields.text("time")) else {
      throw RunFileError("the field 'time' is no time")
    }
    self.time = time
    content = try Content(type: fields.text("type"), fields)
  }
}

extension SearchEvent.Content {
  fileprivate init(type: String, _ fields: EventFields) throws(RunFileError) {
    switch type {
    case "worker_joined": self = .workerJoined(try fields.workerDescription())
    case "worker_excluded":
      self = .workerExcluded(worker: try fields.text("worker"), reason: try fields.text("reason"))
    case "attempt_started":
      self = .attemptStarted(
        try fields.attempt(), worker: try fields.text("worker"), try fields.parameters())
    case "epochs_inherited":
      self = .epochsInherited(
        try fields.attempt(), from: try fields.integer("from"), epochs: try fields.integer("epochs"))
    case "epoch_ended":
      self = .epochEnded(
        try fields.attempt(), epoch: try fields.integer("epoch"), seconds: try fields.number("seconds"),
        try fields.metrics())
    case "rung_reached":
      self = .rungReached(try fields.attempt(), rung: try fields.integer("rung"), try fields.metrics())
    case "checkpoint_stored":
      self = .checkpointStored(
        try fields.attempt(), epochs: try fields.integer("epochs"), bytes: try fields.integer("bytes"))
    case "attempt_ended":
      self = .attemptEnded(
        try fields.attempt(), cause: try fields.text("cause"), detail: try fields.text("detail"))
    case "attempt_resumed": self = .attemptResumed(try fields.attempt())
    case "trial_ended":
      self = .trialEnded(
        try fields.attempt(), status: try fields.status(), epochs: try fields.number("epochs"),
        try fields.metrics())
    case "trial_reopened": self = .trialReopened(try fields.trial())
    case "data_known": self = .dataKnown(digest: try fields.text("sha256"))
    case "trials_complete": self = .trialsComplete(count: try fields.integer("trials"))
    default: self = .other(type: type)
    }
  }
}

/// The fields of an event. Each reader throws if its field is missing or of another kind.
private struct EventFields {
  let members: [JSONValue.Member]

  private func find(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }

  func integer(_ name: String) throws(RunFileError) -> Int {
    guard case .integer(let number) = find(name), number >= 0 else {
      throw RunFileError("the field '\(name)' is missing or no whole number")
    }
    return number
  }

  func number(_ name: String) throws(RunFileError) -> Double {
    switch find(name) {
    case .integer(let number): return Double(number)
    case .real(let number): return number
    case .null: return .nan
    default: throw RunFileError("the field '\(name)' is missing or no number")
    }
  }

  func text(_ name: String) throws(RunFileError) -> String {
    guard case .text(let text) = find(name) else {
      throw RunFileError("the field '\(name)' is missing or no text")
    }
    return text
  }

  func trial() throws(RunFileError) -> Replicate {
    let (trial, index) = (try integer("trial"), try integer("replicate"))
    guard trial <= UInt32.max, index <= Int32.max else {
      throw RunFileError("the field 'trial' or 'replicate' is too large")
    }
    return Replicate(index, of: trial)
  }

  func attempt() throws(RunFileError) -> SearchEvent.Attempt {
    SearchEvent.Attempt(try integer("attempt"), of: try trial())
  }

  func status() throws(RunFileError) -> TrialResult.Status {
    guard let status = TrialResult.Status(rawValue: try text("status")) else {
      throw RunFileError("the field 'status' is unknown")
    }
    return status
  }

  func metrics() throws(RunFileError) -> [SearchEvent.Metric] {
    guard case .object(let members) = find("metrics") else {
      throw RunFileError("the field 'metrics' is missing or no object")
    }
    let fields = EventFields(members: members)
    var metrics: [SearchEvent.Metric] = []
    for member in members { metrics.append(.init(member.name, try fields.number(member.name))) }
    return metrics
  }

  func parameters() throws(RunFileError) -> [SearchEvent.Parameter] {
    guard case .object(let members) = find("parameters") else {
      throw RunFileError("the field 'parameters' is missing or no object")
    }
    var parameters: [SearchEvent.Parameter] = []
    for member in members {
      switch member.value {
      case .integer(let number): parameters.append(.init(member.name, .number(Double(number))))
      case .real(let number) where number.isFinite: parameters.append(.init(member.name, .number(number)))
      case .text(let text): parameters.append(.init(member.name, .text(text)))
      default: throw RunFileError("the parameter '\(member.name)' is neither a number nor a text")
      }
    }
    return parameters
  }

  func workerDescription() throws(RunFileError) -> SearchEvent.Worker {
    guard case .flag(let isLocal) = find("is_local") else {
      throw RunFileError("the field 'is_local' is missing or neither true nor false")
    }
    return SearchEvent.Worker(
      id: try text("worker"), host: try text("host"), pid: try integer("pid"), slots: try integer("slots"),
      isLocal: isLocal, numerics: try text("numerics"), key: try text("key"))
  }
}
