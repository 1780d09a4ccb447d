import Coordination
import Messaging
import Search
import Testing
import Trials

@testable import WorkerService

@Suite struct SlotPoolTests {
  private func work(_ attempt: AttemptID) -> (UInt64) -> Slot.Work {
    { number in
      Slot.Work(
        number: number, attempt: attempt,
        trial: TrialWork(Configuration(values: [:]), seed: 500, budget: 1), announced: WireCheckpoint())
    }
  }

  /// The next event, which must come within a minute.
  private func next(_ pool: SlotPool) throws -> Worker.Event {
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .seconds(60) {
      if let event = pool.nextEvent() { return event }
    }
    return try #require(nil)
  }

  @Test func eventsOfACancelledAttemptAreIgnored() throws {
    let pool = SlotPool(count: 1, body: InstantBody(), waker: try Waker())
    let (first, second) = (AttemptID(1), AttemptID(2))
    pool.start(first, work(first))
    pool.cancel(first)
    pool.start(second, work(second))
    for expected in ["loaded", "reported", "ended"] {
      let found: (String, AttemptID) =
        switch try next(pool) {
        case .dataLoaded(let attempt, _): ("loaded", attempt)
        case .epochEnded(let attempt, _, _): ("reported", attempt)
        case .ended(let attempt, .done, _): ("ended", attempt)
        default: ("unexpected", second)
        }
      #expect(found == (expected, second))
    }
    #expect(pool.nextEvent() == nil && pool.progress.isEmpty && !pool.hangs(at: .seconds(1_000_000)))
  }

  @Test func poolWithoutSlotsStartsNothing() throws {
    let pool = SlotPool(count: 0, body: InstantBody(), waker: try Waker())
    pool.start(AttemptID(1), work(AttemptID(1)))
    pool.suspend(AttemptID(1))
    #expect(pool.nextEvent() == nil && pool.progress.isEmpty)
  }
}
