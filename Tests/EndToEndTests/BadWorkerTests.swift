import Coordination
import Foundation
import Messaging
import Search
import Testing

/// A worker that reports wrong values or fails every trial, with honest ones: it is named and gets no more work, and
/// the ranking is that of the honest workers.
@Suite(.serialized)
struct BadWorkerTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", SearchText.lasting())
    try await scratch.makeKeys("keys", port: HeldPort.free())
  }

  @Test(arguments: BadWorker.Defect.allCases)
  func searchEndsAsWithoutIt(defect: BadWorker.Defect) async throws {
    let search = try scratch.coordinator("--keys", "keys")
    let worker = try BadWorker(defect, JoinFile.load(from: "\(scratch.path)/keys/join.json"))
    let attack = Attack(worker.serve)
    // It joins first, before the honest workers.
    try await eventually("it has failed a trial; the search said: \(search.errors)") {
      search.errors.contains("on broken (pid 4711)")
    }
    let honest = try (0..<3).map { _ in try scratch.worker("keys/join.json") }
    #expect(try await search.ending().end == .exited(0), "\(search.errors)")
    try await attack.stop()
    #expect(try run.outcome() == (await Prepared.outcome.value))
    #expect(search.errors.contains("worker broken (pid 4711, key "), "\(search.errors)")
    #expect(search.errors.contains("gets no more work from this search"), "\(search.errors)")
    for program in honest { #expect(try await program.ending().end == .exited(0), "\(program.errors)") }
  }
}

/// A worker with a valid key that follows the protocol but does not train.
final class BadWorker: @unchecked Sendable {  // each object is used by one thread
  enum Defect: CaseIterable, Sendable {
    case reportsNonsense, failsEveryTrial
  }

  private let defect: Defect
  private let dealer: DealerSocket
  private var machine: Worker

  init(_ defect: Defect, _ join: JoinFile) throws {
    self.defect = defect
    var configuration = DealerConfiguration(join)
    configuration.tryQuickly()
    dealer = try DealerSocket(configuration, waker: Waker())
    let name = WorkerID((0..<WorkerID.length).map { _ in UInt8.random(in: 0...255) })!
    machine = Worker(
      identity: .init(
        id: name, slots: 2, host: "broken", pid: 4711, isLocal: false, numerics: "none",
        waitsForNextSearch: false))
  }

  private func now() -> Duration { .seconds(ProcessInfo.processInfo.systemUptime) }

  func serve(_ round: Int) throws {
    _ = try dealer.wait(timeout: .milliseconds(50))
    _ = dealer.events()
    while let bytes = dealer.receive() {
      guard let message = try? WireToWorker(serializedBytes: bytes) else { continue }
      try perform(machine.handle(.received(message), at: now()))
    }
    try perform(machine.handle(.ticked([]), at: now()))
  }

  private func perform(_ effects: [Worker.Effect]) throws {
    for effect in effects {
      switch effect {
      case .send(let message): _ = dealer.send(try message.serializedBytes())
      case .start(let assign, _): try fail(AttemptID(assign.attempt))
      default: break
      }
    }
  }

  private func fail(_ attempt: AttemptID) throws {
    switch defect {
    case .reportsNonsense:
      let epoch = TrialMeasurement(
        step: 1, ["train_loss": 0, "train_accuracy": 0, "val_loss": .nan, "val_accuracy": 0])
      try perform(machine.handle(.epochEnded(attempt, epoch, seconds: 0), at: now()))
    case .failsEveryTrial:
      try perform(machine.handle(.ended(attempt, .failed, detail: "no space left on device"), at: now()))
    }
  }
}
