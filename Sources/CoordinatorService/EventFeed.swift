import Coordination
import Foundation
import Platform
import RunFiles
import Search
import Storage

/// Writes committed decisions to `events.jsonl`, and the whole file again when it is missing or differs from what the
/// study counts.
struct EventFeed {
  let path: String
  /// The epochs to each rung.
  private let budgets: [Double]
  private var translation = EventTranslation()
  /// Nil while the file could not be written.
  private var writer: EventWriter?
  private var nextFlush = Duration.zero
  private var nextLook = Duration.zero

  /// Events appear in the file after at most this time, and a tick of the coordinator.
  private static let delay = Duration.milliseconds(100)
  private static let interval = Duration.seconds(1)

  /// Continues the file if it is complete; otherwise the first look replaces it.
  ///
  /// - Parameter rungs: the epochs to each rung.
  init(_ directory: RunDirectory, _ study: StudyDatabase, rungs: [Double]) throws {
    path = directory.events
    budgets = rungs
    writer = EventWriter(continuing: path, count: try UserError.wrapping { try study.eventCount() })
  }

  /// Adopts the attempts of earlier coordinators that may still change.
  mutating func adopt(_ open: [Snapshot.OpenAttempt]) { translation = EventTranslation(open) }

  /// Appends that the results of these trials were just deleted.
  func appendReopened(_ trials: [Int]) {
    append(trials.map { .trialReopened(Replicate(number: $0)) }, at: Date())
  }

  /// Appends decisions that were just committed.
  mutating func append(_ decisions: [Decision], of coordinator: Coordinator, at date: Date) {
    let events = decisions.compactMap { decision in
      translation.event(of: decision) { coordinator.parameters(of: $0) }
    }
    append(events, at: date)
  }

  private func append(_ events: [SearchEvent.Content], at date: Date) {
    guard !events.isEmpty else { return }
    writer?.append(events, at: date.timeIntervalSince1970)
  }

  /// Writes the appended events. Writes the file again if it is not as it should be, and the interval has passed.
  ///
  /// - Returns: whether it was written again after it had been deleted or changed.
  mutating func look(_ study: StudyDatabase, of coordinator: Coordinator, at now: Duration) throws -> Bool {
    if now >= nextFlush {
      writer?.flush()
      nextFlush = now + Self.delay
    }
    guard now >= nextLook else { return false }
    nextLook = now + Self.interval
    if let writer, writer.error == nil, writer.isInPlace { return false }
    let wasWritten = writer != nil && writer?.error == nil
    writer = nil
    // A file that cannot be written is tried again less often the longer it takes.
    defer { nextLook = monotonicNow() + max(Self.interval, (monotonicNow() - now) * 50) }
    writer = try UserError.wrapping { try rewritten(study, of: coordinator) }
    return wasWritten
  }

  /// Writes the file at the end of the search if it is not as it should be.
  mutating func finish(_ study: StudyDatabase, of coordinator: Coordinator) throws {
    (nextFlush, nextLook) = (.zero, .zero)
    _ = try look(study, of: coordinator, at: monotonicNow())
  }

  private func rewritten(_ study: StudyDatabase, of coordinator: Coordinator) throws -> EventWriter {
    let writer = try EventWriter(replacing: path)
    var translation = EventTranslation()
    try study.replay(rungs: budgets) { decision, date in
      let event = translation.event(of: decision) { coordinator.parameters(of: $0) }
      if let event { writer.append([event], at: date.timeIntervalSince1970) }
    }
    try writer.publish()
    try study.setEventCount(writer.count)
    return writer
  }
}

extension Coordinator {
  /// The searched values of a trial or replicate; none if they are not known.
  fileprivate func parameters(of number: Int) -> [SearchEvent.Parameter] {
    effectiveValues(of: number).map { SearchEvent.Parameter.all($0, of: file.space) } ?? []
  }
}
