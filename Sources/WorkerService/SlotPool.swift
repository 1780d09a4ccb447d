import Coordination
import Messaging
import Synchronization
import Trials

/// The slots of a worker and their attempts.
final class SlotPool {
  private let slots: [Slot]
  private let body: any TrialBody
  private let inbox: Inbox
  /// The slot of each attempt.
  private var places: [AttemptID: (number: UInt64, slot: Slot)] = [:]
  private var lastNumber: UInt64 = 0

  /// Creates slots that use `waker` when they have an event.
  init(count: Int, body: any TrialBody, waker: Waker, pace: Duration = .zero) {
    let inbox = Inbox(waker)
    self.inbox = inbox
    self.body = body
    slots = (0..<count).map { _ in Slot(body: body, pace: pace) { inbox.put($0, of: $1) } }
  }

  /// Forgets all data: another search may have other data under the same name.
  func forgetData() { body.forgetData() }

  /// Starts an attempt. `work` creates the work with a unique number.
  func start(_ attempt: AttemptID, _ work: (UInt64) -> Slot.Work) {
    guard let slot = slots.min(by: { $0.load < $1.load }) else { return }
    lastNumber += 1
    places[attempt] = (lastNumber, slot)
    slot.start(work(lastNumber))
  }

  func cancel(_ attempt: AttemptID) {
    guard let (number, slot) = places.removeValue(forKey: attempt) else { return }
    slot.cancel(number)
  }

  /// Stops an attempt, which then reports its checkpoint.
  func suspend(_ attempt: AttemptID) {
    guard let (number, slot) = places[attempt] else { return }
    slot.suspend(number)
  }

  /// The next event of the slots; nil if there is none.
  func nextEvent() -> Worker.Event? {
    while let (event, work) = inbox.dequeue() {
      // Ignore events of cancelled attempts.
      guard places[work.attempt]?.number == work.number else { continue }
      switch event {
      case .ended, .suspended: places[work.attempt] = nil
      default: break
      }
      return event
    }
    return nil
  }

  /// Whether a cancelled attempt does not stop. Only the end of the process frees its slot.
  func hangs(at now: Duration) -> Bool {
    slots.contains { $0.hangs(at: now) }
  }

  var progress: [WireProgress] {
    slots.compactMap(\.progress).compactMap { work, steps in
      guard places[work.attempt]?.number == work.number else { return nil }
      var progress = WireProgress()
      progress.attempt = work.attempt.bits
      progress.step = steps
      return progress
    }
  }

  /// An event queue with many producers and one consumer.
  private final class Inbox: Sendable {
    private let events = Mutex<[(Worker.Event, Slot.Work)]>([])
    private let waker: Waker

    init(_ waker: Waker) {
      self.waker = waker
    }

    func put(_ event: Worker.Event, of work: Slot.Work) {
      events.withLock { $0.append((event, work)) }
      waker.wake()
    }

    func dequeue() -> (Worker.Event, Slot.Work)? {
      events.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }
}
