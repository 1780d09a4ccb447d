import Coordination
import Foundation

/// How a search stands: `status.json` in its run directory, written several times a second.
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
  /// The command that goes on with the search.
  var resume: String
  /// Seconds since 1970.
  var updated: Double
  /// Nil while ever new ones begin.
  var trials: Int?
  /// Trials that have begun; nil in files of earlier versions.
  var begun: Int?
  var done: Int
  var running: Int
  /// Trials that wait until it is certain whether they train on; nil in files of earlier versions.
  var undecided: Int?
  /// Whether the configuration of the next trial follows from those that run (sampler tpe).
  var waitsForResults: Bool?
  /// Trainings under fresh seeds that have ended, and how many there will be; nil where nothing is confirmed.
  var replicatesDone: Int?
  var replicates: Int?
  var failed: Int
  /// Nil in files of earlier versions.
  var attempts: UInt64?
  /// Trials and replicates that ended in an hour, since this coordinator started; nil before one has.
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
    // Who has neither slots nor trials has only handed something in.
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
