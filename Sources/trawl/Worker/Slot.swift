import Coordination
import Foundation
import Search
import Synchronization
import Training

/// A worker slot: a thread that trains one attempt after the other.
final class Slot: Sendable {
  /// An attempt to train.
  struct Work: Sendable {
    /// A unique number in this process, because attempts of two searches may have the same number.
    let number: UInt64
    let attempt: AttemptID
    let recipe: Recipe
    /// The epochs to train.
    let epochs: Int
    /// The part of the first epoch to train, if `epochs` is 1; 0: the whole epoch.
    let part: Double
    /// The number of epochs that are already reported.
    let reported: Int
    /// The checkpoint to resume from, if it matches `announced`; empty: train from the beginning.
    let checkpoint: [UInt8]
    let announced: WireCheckpoint
  }

  /// The order for the running attempt, obeyed after its current step.
  private enum Order: UInt8, AtomicRepresentable {
    case proceed, stop, suspend
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
  private let order = Atomic<Order>(.proceed)
  private let steps = Atomic<UInt64>(0)
  private let store: DatasetStore
  private let pace: Duration
  private let report: @Sendable (Worker.Event, Work) -> Void

  /// Starts the thread of a slot, which passes events to `report`. An epoch takes at least `pace`. Ignore events of
  /// cancelled work.
  init(store: DatasetStore, pace: Duration, report: @escaping @Sendable (Worker.Event, Work) -> Void) {
    self.store = store
    self.pace = pace
    self.report = report
    let thread = Thread { [self] in serve() }
    thread.name = "slot"
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// The number of attempts; more than one only while a cancelled one stops.
  var load: Int { state.withLock { $0.queue.count + ($0.current == nil ? 0 : 1) } }

  /// Trains an attempt as soon as the thread is free.
  func start(_ work: Work) {
    state.withLock { $0.queue.append(work) }
    arrived.signal()
  }

  /// Cancels work; running work stops after its current step.
  func cancel(_ number: UInt64) {
    state.withLock { state in
      state.queue.removeAll { $0.number == number }
      if state.current?.number == number {
        order.store(.stop, ordering: .relaxed)
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
      if state.current?.number == number { order.store(.suspend, ordering: .relaxed) }
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
      if let work = next() { train(work) }
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
      order.store(.proceed, ordering: .relaxed)
      steps.store(0, ordering: .relaxed)
      return work
    }
  }

  private func train(_ work: Work) {
    let data: TrainingData
    do {
      data = try store.data(for: work.recipe.dataset)
      report(.dataLoaded(work.attempt, try store.digest(of: work.recipe.dataset)), work)
    } catch {
      return report(.unable("\(error)"), work)
    }
    do {
      try train(work, with: trainer(for: work, data: data))
    } catch {
      report(.ended(work.attempt, .failed, detail: "\(error)"), work)
    }
  }

  /// The trainer, resumed from the checkpoint, or new if the checkpoint is unusable.
  private func trainer(for work: Work, data: TrainingData) throws -> Trainer {
    if work.announced.isDigest(of: work.checkpoint),
      let checkpoint = try? Checkpoint(decoding: work.checkpoint, name: "checkpoint"),
      let trainer = try? Trainer(resuming: checkpoint, recipe: work.recipe, data: data)
    {
      return trainer
    }
    return try Trainer(work.recipe, data: data)
  }

  /// Sleeps until `pace` has passed since `begin`, or the attempt is cancelled or suspended.
  private func waitOut(_ pace: Duration, since begin: Duration) {
    while order.load(ordering: .relaxed) == .proceed, case let rest = pace - (monotonicNow() - begin),
      rest > .zero
    {
      Thread.sleep(forTimeInterval: min(rest.seconds, 0.01))
    }
  }

  private func train(_ work: Work, with trainer: Trainer) {
    let lastStep = work.part > 0 ? trainer.steps(in: work.part) : .max
    // In an epoch of few steps, two parts may end with the same step.
    if trainer.step >= lastStep { return stop(work, trainer, hasTrainedItsPart: true) }
    while trainer.epoch < work.epochs, !trainer.isComplete {
      let begin = monotonicNow()
      let outcome = trainer.trainEpoch { step in
        self.steps.wrappingAdd(1, ordering: .relaxed)
        return step < lastStep && self.order.load(ordering: .relaxed) == .proceed
      }
      switch outcome {
      case .stopped: return stop(work, trainer, hasTrainedItsPart: trainer.step >= lastStep)
      case .diverged: return report(.ended(work.attempt, .diverged, detail: ""), work)
      case .completed(let metrics):
        waitOut(pace, since: begin)
        guard trainer.epoch > work.reported else { continue }
        let seconds = (monotonicNow() - begin).seconds
        report(.epochEnded(work.attempt, TrialMeasurement(metrics), seconds: seconds), work)
      }
    }
    report(
      trainer.isComplete
        ? .ended(work.attempt, .done, detail: "") : .suspended(work.attempt, .init(trainer)), work)
  }
}

extension Slot {
  /// Reports an attempt that stopped before the end of an epoch.
  private func stop(_ work: Work, _ trainer: Trainer, hasTrainedItsPart: Bool) {
    guard order.load(ordering: .relaxed) != .stop else { return }
    guard hasTrainedItsPart else { return report(.suspended(work.attempt, .init(trainer)), work) }
    let validation = trainer.validate()
    guard validation.loss.isFinite else { return report(.ended(work.attempt, .diverged, detail: ""), work) }
    let measurement = TrialMeasurement(
      step: work.part, ["val_loss": validation.loss, "val_accuracy": validation.accuracy])
    report(.suspended(work.attempt, .init(trainer, measurement: measurement)), work)
  }
}

extension Worker.Suspended {
  init(_ trainer: Trainer, measurement: TrialMeasurement? = nil) {
    let bytes = trainer.checkpoint().encoded()
    var checkpoint = WireCheckpoint()
    checkpoint.digest = Data(SHA256.hash(bytes))
    checkpoint.size = UInt64(bytes.count)
    checkpoint.epochs = UInt32(trainer.epoch)
    self.init(checkpoint: checkpoint, bytes: bytes, measurement: measurement)
  }
}

extension WireCheckpoint {
  func isDigest(of bytes: [UInt8]) -> Bool {
    !bytes.isEmpty && digest == Data(SHA256.hash(bytes))
  }
}

extension TrialMeasurement {
  init(_ epoch: EpochMetrics) {
    self.init(
      step: Double(epoch.epoch),
      [
        "train_loss": epoch.trainLoss, "train_accuracy": epoch.trainAccuracy,
        "val_loss": epoch.validationLoss, "val_accuracy": epoch.validationAccuracy,
      ])
  }
}
