import Coordination
import Messaging
import Synchronization

/// The slots of a worker, and which attempt runs in which.
final class SlotPool {
  private let slots: [Slot]
  private let inbox: Inbox
  private var places: [AttemptID: Slot] = [:]

  /// Slots that wake a thread when they have something to tell.
  init(count: Int, store: DatasetStore, waker: Waker, pace: Duration = .zero) {
    let inbox = Inbox(waker)
    self.inbox = inbox
    slots = (0..<count).map { _ in Slot(store: store, pace: pace) { inbox.put($0) } }
  }

  func start(_ work: Slot.Work) {
    guard let slot = slots.min(by: { $0.load < $1.load }) else { return }
    places[work.attempt] = slot
    slot.start(work)
  }

  func cancel(_ attempt: AttemptID) {
    places.removeValue(forKey: attempt)?.cancel(attempt)
  }

  /// Stops an attempt, which then tells what it has come to.
  func suspend(_ attempt: AttemptID) {
    places[attempt]?.suspend(attempt)
  }

  /// Tells the worker something as if a slot did.
  func put(_ event: Worker.Event) {
    inbox.put(event)
  }

  /// What has happened in the slots since the last call, in order.
  func events() -> [Worker.Event] {
    let events = inbox.takeAll()
    for event in events {
      switch event {
      case .ended(let attempt, _, _), .suspended(let attempt, _): places[attempt] = nil
      default: break
      }
    }
    return events
  }

  /// Whether a slot does not stop what was called off long ago. Nothing but the end of the process can help that.
  func hangs(at now: Duration) -> Bool {
    slots.contains { $0.hangs(at: now) }
  }

  var progress: [WireProgress] { slots.compactMap(\.progress) }

  /// Events from many threads for one.
  private final class Inbox: Sendable {
    private let events = Mutex<[Worker.Event]>([])
    private let waker: Waker

    init(_ waker: Waker) {
      self.waker = waker
    }

    func put(_ event: Worker.Event) {
      events.withLock { $0.append(event) }
      waker.wake()
    }

    func takeAll() -> [Worker.Event] {
      events.withLock { events in
        defer { events.removeAll() }
        return events
      }
    }
  }
}
