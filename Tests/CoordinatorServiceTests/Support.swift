import Coordination
import Foundation
import Logging
import Messaging
import Platform
import RunFiles
import Search
import Storage
import Synchronization
import Trials

@testable import CoordinatorService

/// A search of one-epoch trials in a temporary run directory, with a real database and, when it listens, a real socket.
struct SampleSearch {
  static let text = """
    name: sample
    dataset: digits
    model: { hidden: [8] }
    train: { epochs: 1, lr: { uniform: [0.1, 0.2] } }
    search: { trials: 3, heartbeat: 0.2 }
    """

  let folder: TemporaryFolder
  let directory: RunDirectory
  let file: SearchFile
  let worker: WorkerID

  init(_ text: String = Self.text) throws {
    folder = try TemporaryFolder()
    directory = RunDirectory(path: "\(folder.path)/run")
    file = try SearchFile.parse(text, file: "sample.yaml")
    guard let id = WorkerID([UInt8](repeating: 7, count: WorkerID.length)) else {
      preconditionFailure("an ID has \(WorkerID.length) bytes")
    }
    worker = id
    try System.makeFolder(directory.path)
  }

  /// The coordinator of a study that starts.
  func coordinator(of study: StudyDatabase) throws -> Coordinator {
    Coordinator(
      file: file, text: file.text, intervals: .init(heartbeat: .seconds(1), lease: .seconds(30)),
      from: try study.begin(), at: .zero)
  }

  static let metrics: Metrics = [
    "train_loss": 1, "train_accuracy": 0.25, "val_loss": 1, "val_accuracy": 0.5,
  ]

  /// The decisions of a trial that a worker completes.
  func completed(_ trial: Int) -> [Decision] {
    let attempt = AttemptID(UInt64(trial) + 1)
    return [
      .attemptStarted(attempt, trial: trial, worker: worker),
      .epochEnded(attempt, number: 1, Self.metrics, seconds: 2),
      .attemptEnded(attempt, .finished, detail: ""),
      .trialEnded(TrialEnd(trial: trial, status: .done, epochs: 1, metrics: Self.metrics), by: attempt),
    ]
  }

  var joined: Decision {
    .workerJoined(
      worker,
      WorkerDescription(host: "node1", pid: 42, slots: 2, isLocal: false, numerics: "test", key: ""))
  }
}

/// A display that stores lines.
final class RecordedDisplay: SearchDisplay {
  private let state = Mutex<[(text: String, kind: SearchLine)]>([])

  func say(_ line: String, _ kind: SearchLine) { state.withLock { $0.append((line, kind)) } }

  func show(_ coordinator: Coordinator, _ news: SearchNews, at now: Duration) {}

  func clear() {}

  /// The lines of a kind.
  func lines(_ kind: SearchLine) -> [String] { state.withLock { $0.filter { $0.kind == kind }.map(\.text) } }
}
