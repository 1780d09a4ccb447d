import Coordination
import Foundation
import Search
import Synchronization
import Testing
import Trials

@testable import WorkerService

/// A trial body whose attempts report steps until the test, or their control, ends them.
private final class ScriptedBody: TrialBody {
  /// What the next attempts do after their steps.
  let outcomes: Mutex<[TrialOutcome]>
  private let steps: Int

  init(steps: Int, _ outcomes: [TrialOutcome]) {
    self.steps = steps
    self.outcomes = Mutex(outcomes)
  }

  func forgetData() {}

  func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    control.loaded([1, 2, 3])
    for step in 1...steps {
      control.advance()
      control.report(TrialMeasurement(step: Double(step), ["cost": Double(step)]))
    }
    let outcome = outcomes.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if let outcome { return outcome }
    while control.order == .proceed { Thread.sleep(forTimeInterval: 0.001) }
    return control.order == .stop
      ? .stopped : .suspended(.init(checkpoint: work.checkpoint + [9], steps: steps))
  }
}

/// Slots run any trial body.
@Suite struct SlotTests {
  /// The events of a slot, in order.
  private final class Events: Sendable {
    private let all = Mutex<[String]>([])
    private let arrived = DispatchSemaphore(value: 0)

    func append(_ event: Worker.Event) {
      all.withLock { $0.append(Self.text(event)) }
      arrived.signal()
    }

    /// Waits for a number of further events and returns all events so far.
    func wait(for count: Int) throws -> [String] {
      for _ in 0..<count { try #require(arrived.wait(timeout: .now() + 60) == .success) }
      return all.withLock(\.self)
    }

    private static func text(_ event: Worker.Event) -> String {
      switch event {
      case .dataLoaded(let attempt, let digest): "\(attempt.number) loads \(digest)"
      case .epochEnded(let attempt, let measurement, _):
        "\(attempt.number) reports \(measurement.step): \(measurement.metrics["cost"] ?? .nan)"
      case .ended(let attempt, let outcome, let detail): "\(attempt.number) ends: \(outcome) \(detail)"
      case .suspended(let attempt, let suspended):
        "\(attempt.number) suspends: \(suspended.map { "\($0.bytes)" } ?? "not begun")"
      case .unable(let detail): "unable: \(detail)"
      default: "unexpected"
      }
    }
  }

  private func work(_ number: UInt64, checkpoint: [UInt8] = []) -> Slot.Work {
    Slot.Work(
      number: number, attempt: AttemptID(number),
      trial: TrialWork(Configuration(values: [:]), seed: 1, budget: 9, checkpoint: checkpoint),
      announced: WireCheckpoint())
  }

  private func slot(_ body: ScriptedBody, _ events: Events) -> Slot {
    Slot(body: body, pace: .zero) { event, _ in events.append(event) }
  }

  @Test func eachOutcomeIsReported() throws {
    let events = Events()
    let outcomes: [TrialOutcome] = [.done, .diverged, .failed("no"), .unable("no data")]
    let slot = slot(ScriptedBody(steps: 1, outcomes), events)
    for number in 1...4 { slot.start(work(UInt64(number))) }
    #expect(
      try events.wait(for: 12).filter { !$0.contains("loads") } == [
        "1 reports 1.0: 1.0", "1 ends: done ", "2 reports 1.0: 1.0", "2 ends: diverged ",
        "3 reports 1.0: 1.0", "3 ends: failed no", "4 reports 1.0: 1.0", "unable: no data",
      ])
  }

  @Test func suspendedAttemptHandsOverItsCheckpoint() throws {
    let events = Events()
    let slot = slot(ScriptedBody(steps: 2, []), events)
    slot.start(work(1))
    slot.start(work(2))
    _ = try events.wait(for: 3)
    #expect(slot.progress?.steps == 2 && slot.load == 2)
    slot.suspend(2)
    #expect(try events.wait(for: 1).last == "2 suspends: not begun")
    slot.suspend(1)
    #expect(try events.wait(for: 1).last == "1 suspends: [9]")
  }

  @Test func cancelledAttemptReportsNothingMore() throws {
    let events = Events()
    let slot = slot(ScriptedBody(steps: 1, []), events)
    slot.start(work(1))
    _ = try events.wait(for: 2)
    slot.cancel(1)
    slot.start(work(2))
    #expect(try events.wait(for: 2).suffix(2) == ["2 loads [1, 2, 3]", "2 reports 1.0: 1.0"])
    slot.cancel(2)
  }

  /// A checkpoint that is not the announced one is not used.
  @Test func damagedCheckpointIsDropped() throws {
    let events = Events()
    let slot = slot(ScriptedBody(steps: 1, []), events)
    slot.start(work(1, checkpoint: [7]))
    _ = try events.wait(for: 2)
    slot.suspend(1)
    #expect(try events.wait(for: 1).last == "1 suspends: [9]")
  }
}
