import Coordination
import Platform
import Search

extension Decision {
  /// The line for verbose output, with a metric of results; nil if the log has a line for this decision.
  func logLine(showing metric: String) -> String? {
    switch self {
    case .epochsInherited(let id, let earlier, let count):
      "attempt \(id.number) resumes attempt \(earlier.number) after epoch \(count)"
    case .attemptStarted(let id, let trial, _): "\(Replicate(number: trial)): attempt \(id.number) started"
    case .trialEnded(let end, let id):
      "\(Replicate(number: end.trial)): \(end.status) by attempt \(id.number)"
        + (end.metrics?[metric].map { ", \(metric) \($0.rounded4)" } ?? "")
    case .workerJoined, .epochEnded, .attemptEnded, .attemptResumed, .checkpointStored, .rungReached,
      .dataKnown, .workerExcluded:
      nil
    case .trialsComplete(let count): "no more trials start: the search has \(count)"
    }
  }
}
