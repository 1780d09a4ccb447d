import Coordination
import Foundation
import Messaging
import Search
import Synchronization
import Trials

@testable import WorkerService

/// A trial body whose attempts report one step with a score, and then end in the given way.
final class InstantBody: TrialBody {
  /// What the next attempts do; further ones are done.
  private let outcomes: Mutex<[TrialOutcome]>
  /// How often the data was forgotten.
  let forgotten = Atomic<Int>(0)

  init(_ outcomes: [TrialOutcome] = []) { self.outcomes = Mutex(outcomes) }

  func forgetData() { forgotten.wrappingAdd(1, ordering: .relaxed) }

  func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    control.loaded([UInt8](repeating: 1, count: 32))
    control.advance()
    let accuracy = Double(work.seed % 1000) / 1000
    control.report(
      TrialMeasurement(
        step: 1, ["train_loss": 1, "train_accuracy": accuracy, "val_loss": 1, "val_accuracy": accuracy]))
    return outcomes.withLock { $0.isEmpty ? .done : $0.removeFirst() }
  }
}

/// A trial body whose attempts run until they are stopped or suspended.
final class WaitingBody: TrialBody {
  /// The number of attempts that have begun.
  let begun = Atomic<Int>(0)

  func forgetData() {}

  func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome {
    control.loaded([UInt8](repeating: 1, count: 32))
    begun.wrappingAdd(1, ordering: .releasing)
    while control.order == .proceed { Thread.sleep(forTimeInterval: 0.001) }
    return control.order == .stop ? .stopped : .suspended(.init(checkpoint: [9], steps: 0))
  }
}

/// The lines that a worker reports.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  func append(_ line: String) { lines.withLock { $0.append(line) } }

  var all: [String] { lines.withLock(\.self) }
}

/// A coordinator of a search of one-epoch trials with a real socket, which keeps everything in memory.
struct MemoryCoordinator {
  static let text = """
    dataset: digits
    model: { hidden: [8] }
    train: { epochs: 1, lr: { uniform: [0.1, 0.2] } }
    search: { trials: 4 }
    """

  let socket: RouterSocket
  let join: JoinFile
  var coordinator: Coordinator
  private(set) var decisions: [Decision] = []
  private let start = ContinuousClock.now

  init(admits: Bool = true) throws {
    let (keys, workerKeys) = (CurveKeyPair.generate(), CurveKeyPair.generate())
    socket = try RouterSocket(
      RouterConfiguration(endpoint: Endpoint("tcp://127.0.0.1:0"), keys: keys) { key in
        admits && key == workerKeys.publicKey
      }, waker: Waker())
    join = JoinFile(endpoint: socket.endpoint, coordinatorKey: keys.publicKey, workerKeys: workerKeys)
    coordinator = Coordinator(
      file: try SearchFile.parse(Self.text, file: "search.yaml"), text: Self.text,
      intervals: .init(heartbeat: .milliseconds(200), lease: .seconds(30)),
      from: Snapshot(
        search: SearchID(7), generation: 1, lastAttempt: AttemptID(0), results: [], openAttempts: []),
      at: .zero)
  }

  /// Handles messages until a condition holds. Returns false if it does not within a minute.
  mutating func serve(until isReached: (MemoryCoordinator) -> Bool) throws -> Bool {
    let begin = ContinuousClock.now
    var ticked = begin
    while !isReached(self) {
      guard ContinuousClock.now - begin < .seconds(60) else { return false }
      _ = try socket.wait(timeout: .milliseconds(50))
      while let incoming = socket.receive() {
        let message = try WireToCoordinator(serializedBytes: incoming.bytes)
        let sender = Coordinator.Sender(
          address: ReturnAddress(incoming.route.number), key: incoming.key.z85)
        try perform(coordinator.handle(.received(message, from: sender), at: ContinuousClock.now - start))
      }
      guard ContinuousClock.now - ticked > .milliseconds(100) else { continue }
      ticked = .now
      try perform(coordinator.handle(.ticked, at: ContinuousClock.now - start))
    }
    return true
  }

  private mutating func perform(_ effects: [Coordinator.Effect]) throws {
    for effect in effects {
      switch effect {
      case .persist(let decision): decisions.append(decision)
      case .send(let message, let address):
        _ = socket.send(try message.serializedBytes(), to: Route(number: address.number))
      case .store(_, let stored, let isLast):
        guard isLast else { continue }
        try perform(
          coordinator.handle(
            .checkpointArrived(stored.attempt, isWhole: true), at: ContinuousClock.now - start))
      default: break
      }
    }
  }
}
