import Coordination
import Foundation
import Synchronization
import Training

/// Room for one attempt: a thread that trains what it is given, one after the other.
final class Slot: Sendable {
  /// An attempt to train.
  struct Work: Sendable {
    let attempt: AttemptID
    let recipe: Recipe
    /// Epochs to train.
    let epochs: Int
  }

  private struct State {
    var queue: [Work] = []
    var current: AttemptID?
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let stopsCurrent = Atomic<Bool>(false)
  private let steps = Atomic<UInt64>(0)
  private let store: DatasetStore
  private let tell: @Sendable (Worker.Event) -> Void

  /// A slot whose thread reports through `tell`.
  init(store: DatasetStore, tell: @escaping @Sendable (Worker.Event) -> Void) {
    self.store = store
    self.tell = tell
    let thread = Thread { [self] in serve() }
    thread.name = "slot"
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// Attempts that it has: more than one only while a cancelled one comes to its stop.
  var load: Int { state.withLock { $0.queue.count + ($0.current == nil ? 0 : 1) } }

  /// Trains an attempt as soon as the thread is free.
  func start(_ work: Work) {
    state.withLock { $0.queue.append(work) }
    arrived.signal()
  }

  /// Stops an attempt, after its current step if it runs; nothing more is told of it.
  func cancel(_ attempt: AttemptID) {
    state.withLock { state in
      state.queue.removeAll { $0.attempt == attempt }
      if state.current == attempt { stopsCurrent.store(true, ordering: .relaxed) }
    }
  }

  /// The running attempt and its training steps so far.
  var progress: WireProgress? {
    guard let attempt = state.withLock({ $0.current }) else { return nil }
    var progress = WireProgress()
    progress.attempt = attempt.number
    progress.step = steps.load(ordering: .relaxed)
    return progress
  }

  private func serve() {
    while true {
      arrived.wait()
      if let work = next() { train(work) }
      state.withLock { $0.current = nil }
    }
  }

  private func next() -> Work? {
    state.withLock { state in
      guard !state.queue.isEmpty else { return nil }
      let work = state.queue.removeFirst()
      state.current = work.attempt
      stopsCurrent.store(false, ordering: .relaxed)
      steps.store(0, ordering: .relaxed)
      return work
    }
  }

  private func train(_ work: Work) {
    let data: TrainingData
    do { data = try store.data(for: work.recipe.dataset) } catch {
      return tell(.unable("\(error)"))
    }
    do {
      try train(work, with: Trainer(work.recipe, data: data))
    } catch {
      tell(.ended(work.attempt, .failed, words: "\(error)"))
    }
  }

  private func train(_ work: Work, with trainer: Trainer) {
    while trainer.epoch < work.epochs, !trainer.isComplete {
      let begin = monotonicNow()
      let outcome = trainer.trainEpoch { _ in
        self.steps.wrappingAdd(1, ordering: .relaxed)
        return !self.stopsCurrent.load(ordering: .relaxed)
      }
      switch outcome {
      case .stopped: return
      case .diverged: return tell(.ended(work.attempt, .diverged, words: ""))
      case .completed(let metrics):
        let seconds = (monotonicNow() - begin).seconds
        tell(.epochEnded(work.attempt, WireEpoch(metrics, seconds: seconds)))
      }
    }
    tell(.ended(work.attempt, .done, words: ""))
  }
}

extension WireEpoch {
  init(_ metrics: EpochMetrics, seconds: Double) {
    self.init()
    trainLoss = metrics.trainLoss
    trainAccuracy = metrics.trainAccuracy
    valLoss = metrics.validationLoss
    valAccuracy = metrics.validationAccuracy
    self.seconds = seconds
  }
}
