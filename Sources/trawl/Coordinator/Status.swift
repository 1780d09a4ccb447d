import Coordination
import Foundation

/// The status of a search: `status.json` in its run directory, written several times a second.
struct Status: Codable {
  struct Best: Codable {
    var trial: Int
    var valAccuracy: Double?
    var valLoss: Double?
  }

  struct WorkerLine: Codable {
    var host: String
    var pid: Int32
    var slots: Int
    var running: Int
    var secondsSinceHeard: Double
  }

  var name: String
  var isRunning: Bool
  var host: String
  var pid: Int32
  /// The command that resumes the search.
  var resume: String
  /// Seconds since 1970.
  var updated: Double
  /// Nil while the search is open-ended.
  var trials: Int?
  /// Trials that have started; nil in files of earlier versions.
  var begun: Int?
  var done: Int
  var running: Int
  /// Trials whose promotion is pending; nil in files of earlier versions.
  var undecided: Int?
  /// Whether the next configuration depends on running trials (sampler tpe).
  var waitsForResults: Bool?
  /// The numbers of finished replicates (re-evaluations with new seeds) and of all; nil without re-evaluation.
  var replicatesDone: Int?
  var replicates: Int?
  var failed: Int
  /// Nil in files of earlier versions.
  var attempts: UInt64?
  /// Trials and replicates per hour since this coordinator started; nil before the first has ended.
  var trialsPerHour: Double?
  var best: Best?
  var workers: [WorkerLine]

  init(_ coordinator: Coordinator, isRunning: Bool, resume: String, trialsPerHour: Double?) {
    name = coordinator.file.name
    self.isRunning = isRunning
    host = System.hostName
    pid = getpid()
    self.resume = resume
    updated = Date().timeIntervalSince1970
    trials = coordinator.trials
    begun = coordinator.begunCount
    done = coordinator.results.count
    running = isRunning ? coordinator.runningCount : 0
    undecided = coordinator.parkedCount
    waitsForResults = coordinator.waitsForResults
    (replicatesDone, replicates) = (coordinator.reevaluations?.done, coordinator.reevaluations?.of)
    failed = coordinator.failedCount
    attempts = coordinator.attemptCount
    self.trialsPerHour = trialsPerHour
    best = coordinator.best.map { Best(trial: $0.trial, valAccuracy: $0.valAccuracy, valLoss: $0.valLoss) }
    let now = monotonicNow()
    // Skip workers that only deliver spooled results.
    let workers = coordinator.workers.filter { $0.description.slots > 0 || $0.running > 0 }
    self.workers = (isRunning ? workers : []).map { worker in
      WorkerLine(
        host: worker.description.host, pid: worker.description.pid,
        slots: worker.description.slots, running: worker.running,
        secondsSinceHeard: (now - worker.lastHeard).seconds)
    }
  }

  func write(to path: String) throws {
    try AtomicFile.write(JSON.data(self), to: path)
  }

  static func read(_ path: String) throws -> Status {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw UserError("\(path): no such file; is this the run directory of a search?")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(Status.self, from: data) } catch {
      throw UserError("\(path) is damaged")
    }
  }
}
