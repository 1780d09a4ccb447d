import Coordination
import Messaging
import Synchronization

/// The slots of a worker, and what runs in which.
final class SlotPool {
  private let slots: [Slot]
  private let store: DatasetStore
  private let inbox: Inbox
  /// What runs here, and where.
  private var places: [AttemptID: (number: UInt64, slot: Slot)] = [:]
  private var lastNumber: UInt64 = 0

  /// Slots that wake a thread when they have something to tell.
  init(count: Int, store: DatasetStore, waker: Waker, pace: Duration = .zero) {
    let inbox = Inbox(waker)
    self.inbox = inbox
    self.store = store
    slots = (0..<count).map { _ in Slot(store: store, pace: pace) { inbox.put($0, of: $1) } }
  }

  /// Another search may have other data under the same name.
  func forgetData() { store.forget() }

  /// Begins an attempt: makes the work, which has a number of its own.
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

  /// Stops an attempt, which then tells what it has come to.
  func suspend(_ attempt: AttemptID) {
    guard let (number, slot) = places[attempt] else { return }
    slot.suspend(number)
  }

  /// The next thing that has happened to what runs in the slots; nil if there is none.
  func nextEvent() -> Worker.Event? {
    while let (event, work) = inbox.take() {
      // What was called off may have gone on for a moment.
      guard places[work.attempt]?.number == work.number else { continue }
      switch event {
      case .ended, .suspended: places[work.attempt] = nil
      default: break
      }
      return event
    }
    return nil
  }

  /// Whether a slot does not stop what was called off long ago. Nothing but the end of the process can help that.
  func hangs(at now: Duration) -> Bool {
    slots.contains { $0.hangs(at: now) }
  }

  var progress: [WireProgress] {
    slots.compactMap(\.progress).compactMap { work, steps in
      guard places[work.attempt]?.number == work.number else { return nil }
      var progress = WireProgress()
      progress.attempt = work.attempt.number
      progress.step = steps
      return progress
    }
  }

  /// Events from many threads for one.
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

    func take() -> (Worker.Event, Slot.Work)? {
      events.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }
}
