@testable import Coordination

// Text of messages for traces.
extension WireToCoordinator {
  var traceText: String {
    switch body {
    case .hello(let hello): "Hello, holding \(hello.held.map(\.attempt))"
    case .heartbeat(let heartbeat): "Heartbeat, holding \(heartbeat.held.map(\.attempt))"
    case .report(let report): "Report \(report.sequence) of attempt \(report.attempt)"
    case .result(let result): "Result \(result.sequence) of attempt \(result.attempt): \(result.outcome)"
    case .release(let release): "Release of attempt \(release.attempt)"
    case .bye: "Bye"
    case .fetch(let fetch): "Fetch from \(fetch.offset)"
    case .chunk(let chunk): "Chunk of \(chunk.data.count) from \(chunk.offset)"
    case nil: "nothing"
    }
  }
}

extension WireToWorker {
  var traceText: String {
    switch body {
    case .welcome(let welcome): "Welcome of coordinator \(generation), stop \(welcome.stop)"
    case .assign(let assign): "Assign of attempt \(assign.attempt), trial \(assign.trial)"
    case .ack(let ack): "Ack \(ack.sequence) of attempt \(ack.attempt)"
    case .lease: "Lease"
    case .revoke(let revoke): "Revoke of attempt \(revoke.attempt)"
    case .finish: "Finish"
    case .fetch(let fetch): "Fetch from \(fetch.offset)"
    case .chunk(let chunk): "Chunk of \(chunk.data.count) from \(chunk.offset)"
    case .reject(let reject): "Reject: \(reject.detail)"
    case nil: "nothing"
    }
  }
}
