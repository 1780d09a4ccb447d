import Search

@testable import Coordination

// Texts of one line for the traces of simulations and scripts.
extension AttemptID {
  /// The number; after the first start of a coordinator also the incarnation, as in "3@2".
  var traceText: String { incarnation < 2 ? "\(number)" : "\(number)@\(incarnation)" }
}

extension WireToCoordinator {
  /// The message, beginning with its kind.
  var traceText: String {
    switch body {
    case .hello(let hello):
      "Hello: version \(hello.version), \(hello.host) (pid \(hello.pid)), slots \(hello.slots)"
        + (hello.local ? ", local" : "") + ", numerics \(hello.numerics), holds \(hello.held.traceText)"
    case .heartbeat(let heartbeat): "Heartbeat: holds \(heartbeat.held.traceText)"
    case .report(let report):
      "Report: attempt \(AttemptID(report.attempt).traceText), sequence \(report.sequence), "
        + report.measurement.traceText + report.seconds.traceSeconds
    case .result(let result):
      "Result: attempt \(AttemptID(result.attempt).traceText), sequence \(result.sequence), "
        + "\(result.outcome)" + (result.detail.isEmpty ? "" : " (\(result.detail))")
    case .release(let release): release.traceText
    case .bye(let bye): "Bye" + (bye.why.isEmpty ? "" : ": \(bye.why)") + (bye.unable ? " (unable)" : "")
    case .fetch(let fetch): fetch.traceText
    case .chunk(let chunk): chunk.traceText
    case nil: "nothing"
    }
  }
}

extension WireToWorker {
  /// The message, beginning with its kind.
  var traceText: String {
    switch body {
    case .welcome(let welcome):
      "Welcome: generation \(generation), heartbeat \(welcome.heartbeatSeconds.shortText) s, stop "
        + (welcome.stop.isEmpty
          ? "none" : welcome.stop.map { AttemptID($0).traceText }.joined(separator: " "))
    case .assign(let assign): assign.traceText
    case .ack(let ack): "Ack: attempt \(AttemptID(ack.attempt).traceText), sequence \(ack.sequence)"
    case .lease: "Lease"
    case .revoke(let revoke): "Revoke: attempt \(AttemptID(revoke.attempt).traceText)"
    case .finish: "Finish"
    case .fetch(let fetch): fetch.traceText
    case .chunk(let chunk): chunk.traceText
    case .reject(let reject): "Reject: \(reject.code), \(reject.detail)"
    case nil: "nothing"
    }
  }
}

extension Double {
  /// A number of epochs.
  var traceEpochs: String { "\(shortText) epoch\(self == 1 ? "" : "s")" }
  /// A duration after other text; empty if it is 0.
  var traceSeconds: String { self == 0 ? "" : ", \(shortText) s" }
}

extension [WireProgress] {
  fileprivate var traceText: String {
    guard !isEmpty else { return "none" }
    return map {
      "\(AttemptID($0.attempt).traceText) (step \($0.step)\($0.ended ? ", ended" : ""))"
    }.joined(separator: ", ")
  }
}

extension WireMeasurement {
  fileprivate var traceText: String {
    "epoch \(step.shortText), \(TrialMeasurement(self).metrics.traceText)"
  }
}

extension WireAssign {
  fileprivate var traceText: String {
    let values = searchedValues?.map { "\($0)" }.joined(separator: " ") ?? "invalid"
    let budget = part > 0 ? "\(part.shortText) of the first epoch" : Double(epochs).traceEpochs
    let origin = hasCheckpoint ? ", from the \(checkpoint.traceText)" : ""
    return
      "Assign: attempt \(AttemptID(attempt).traceText), \(Replicate(number: Int(trial))), \(budget)\(origin)"
      + ", values \(values), seed \(seed)"
  }
}

extension WireRelease {
  fileprivate var traceText: String {
    var text = "Release: attempt \(AttemptID(attempt).traceText)"
    if sequence > 0 { text += ", sequence \(sequence)" }
    if hasCheckpoint { text += ", \(checkpoint.traceText)" }
    if hasMeasurement { text += ", \(measurement.traceText)" }
    return text + ": \(why)"
  }
}

extension WireCheckpoint {
  fileprivate var traceText: String {
    "checkpoint \([UInt8](digest).traceText) of epoch \(epochs) (\(size) bytes)"
  }
}

extension WireFetch {
  fileprivate var traceText: String { "Fetch: checkpoint \([UInt8](digest).traceText) from byte \(offset)" }
}

extension WireChunk {
  fileprivate var traceText: String {
    "Chunk: checkpoint \([UInt8](digest).traceText), \(data.count) bytes from byte \(offset)"
  }
}

extension [UInt8] {
  /// The first bytes of a digest.
  var traceText: String { [UInt8](prefix(4)).hexadecimal }
}

extension Metrics {
  /// The metrics that are not 0: the training metrics of a test are.
  var traceText: String {
    let texts = all.filter { $0.value != 0 }.map { "\($0.name) \($0.value.shortText)" }
    return texts.isEmpty ? "no metrics" : texts.joined(separator: ", ")
  }
}
