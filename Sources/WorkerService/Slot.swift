import Coordination
import Foundation
import Platform
import Search
import Synchronization
import Training
import Trials

/// A worker slot: a thread that runs one attempt after the other.
final class Slot: Sendable {
  /// An attempt to run.
  struct Work: Sendable {
    /// A unique number in this process, because attempts of two searches may have the same number.
    let number: UInt64
    let attempt: AttemptID
    let trial: TrialWork
    /// The checkpoint to resume from; that of `trial` is used only if it matches.
    let announced: WireCheckpoint
  }

  private struct State {
    var queue: [Work] = []
    var current: Work?
    /// The time when `current` was cancelled.
    var stopped: Duration?
  }

  /// The time limit for a cancelled attempt to stop: it finishes a step or a validation first.
  private static let patience = Duration.seconds(300)

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let storedOrder = Atomic<UInt8>(TrialOrder.proceed.rawValue)
  private let steps = Atomic<UInt64>(0)
  private let body: any TrialBody
  private let pace: Duration
  private let report: @Sendable (Worker.Event, Work) -> Void

  /// Starts the thread of a slot, which passes events to `report`. An epoch takes at least `pace`. Ignore events of
  /// cancelled work.
  init(body: any TrialBody, pace: Duration, report: @escaping @Sendable (Worker.Event, Work) -> Void) {
    self.body = body
    self.pace = pace
    self.report = report
    let thread = Thread { [self] in serve() }
    thread.name = "slot"
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// The number of attempts; more than one only while a cancelled one stops.
  var load: Int { state.withLock { $0.queue.count + ($0.current == nil ? 0 : 1) } }

  /// Runs an attempt as soon as the thread is free.
  func start(_ work: Work) {
    state.withLock { $0.queue.append(work) }
    arrived.signal()
  }

  /// Cancels work; running work stops after its current step.
  func cancel(_ number: UInt64) {
    state.withLock { state in
      state.queue.removeAll { $0.number == number }
      if state.current?.number == number {
        set(.stop)
        state.stopped = monotonicNow()
      }
    }
  }

  /// Whether a cancelled attempt has not stopped within the time limit.
  func hangs(at now: Duration) -> Bool {
    state.withLock { $0.stopped.map { now - $0 > Self.patience } ?? false }
  }

  /// Stops work after its current step and reports its checkpoint.
  func suspend(_ number: UInt64) {
    let waiting = state.withLock { state in
      let waiting = state.queue.first { $0.number == number }
      state.queue.removeAll { $0.number == number }
      if state.current?.number == number { set(.suspend) }
      return waiting
    }
    if let waiting { report(.suspended(waiting.attempt, nil), waiting) }
  }

  /// The running work and its number of training steps.
  var progress: (work: Work, steps: UInt64)? {
    state.withLock { $0.current }.map { ($0, steps.load(ordering: .relaxed)) }
  }

  private func serve() {
    while true {
      arrived.wait()
      if let work = next() { run(work) }
      state.withLock { state in
        state.current = nil
        state.stopped = nil
      }
    }
  }

  private func next() -> Work? {
    state.withLock { state in
      guard !state.queue.isEmpty else { return nil }
      let work = state.queue.removeFirst()
      state.current = work
      set(.proceed)
      steps.store(0, ordering: .relaxed)
      return work
    }
  }

  private func set(_ order: TrialOrder) {
    storedOrder.store(order.rawValue, ordering: .relaxed)
  }

  private func run(_ work: Work) {
    var trial = work.trial
    if !work.announced.isDigest(of: trial.checkpoint) { trial.checkpoint = [] }
    let outcome = body.run(trial, Control(slot: self, work: work))
    switch outcome {
    case .done: report(.ended(work.attempt, .done, detail: ""), work)
    case .diverged: report(.ended(work.attempt, .diverged, detail: ""), work)
    case .failed(let detail): report(.ended(work.attempt, .failed, detail: detail), work)
    case .unable(let detail): report(.unable(detail), work)
    case .suspended(let suspension): report(.suspended(work.attempt, .init(suspension)), work)
    case .stopped: break
    }
  }
}

extension Slot {
  /// The slot's side of a running attempt.
  private final class Control: TrialControl {
    private let slot: Slot
    private let work: Work
    /// When the running epoch began.
    private let begin: Mutex<Duration>

    init(slot: Slot, work: Work) {
      self.slot = slot
      self.work = work
      begin = Mutex(monotonicNow())
    }

    var order: TrialOrder { TrialOrder(rawValue: slot.storedOrder.load(ordering: .relaxed)) ?? .stop }

    func loaded(_ digest: [UInt8]) { slot.report(.dataLoaded(work.attempt, digest), work) }

    func advance() { slot.steps.wrappingAdd(1, ordering: .relaxed) }

    func report(_ measurement: TrialMeasurement) {
      let begin = begin.withLock(\.self)
      waitOut(slot.pace, since: begin)
      let now = monotonicNow()
      self.begin.withLock { $0 = now }
      slot.report(.epochEnded(work.attempt, measurement, seconds: (now - begin).seconds), work)
    }

    /// Sleeps until `pace` has passed since `begin`, or the attempt is cancelled or suspended.
    private func waitOut(_ pace: Duration, since begin: Duration) {
      while order == .proceed, case let rest = pace - (monotonicNow() - begin), rest > .zero {
        Thread.sleep(forTimeInterval: min(rest.seconds, 0.01))
      }
    }
  }
}

extension Worker.Suspended {
  fileprivate init(_ suspension: TrialOutcome.Suspension) {
    var checkpoint = WireCheckpoint()
    checkpoint.digest = Data(SHA256.hash(suspension.checkpoint))
    checkpoint.size = UInt64(suspension.checkpoint.count)
    checkpoint.epochs = UInt32(suspension.steps)
    self.init(checkpoint: checkpoint, bytes: suspension.checkpoint, measurement: suspension.measurement)
  }
}

extension WireCheckpoint {
  func isDigest(of bytes: [UInt8]) -> Bool {
    !bytes.isEmpty && digest == Data(SHA256.hash(bytes))
  }
}
