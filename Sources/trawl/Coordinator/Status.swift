import Coordination
import Foundation
import RunFiles
import Search

/// The status of a search: `status.json` in its run directory, written several times a second.
struct Status: Codable {
  /// Rank 1 of results.csv.
  struct Best: Codable {
    var trial: Int
    /// The metrics in results.csv by name; nil in files of earlier versions.
    var metrics: [String: Double]?
    /// The searched values that have an effect, by column; nil in files of earlier versions.
    var parameters: [String: Setting]?
    /// The metric whose mean over new seeds is shown; nil in files of earlier versions.
    var metric: String?
    /// The re-evaluation with new seeds: their number, the mean of the metric and half the width of its 95 % interval.
    var seeds: Int?
    var mean: Double?
    var ci95: Double?

    init(_ result: TrialResult, of file: SearchFile) {
      trial = result.trial
      let measured = file.metrics.ranked.compactMap { name in result.metrics?[name].map { (name, $0) } }
      metrics = Dictionary(measured.filter(\.1.isFinite)) { first, _ in first }
      metric = file.metrics.estimated
      let pairs = zip(file.space.parameters, result.values).map { ($0.column, $1.map(Setting.init)) }
      parameters = Dictionary(pairs.compactMap { pair in pair.1.map { (pair.0, $0) } }) { first, _ in first }
      let estimate = result.reevaluated?.shown
      (seeds, mean, ci95) = (estimate?.count, estimate?.mean, estimate?.interval95)
    }

    /// The mean over new seeds, or else the value of the metric.
    var shownScore: Double? { mean ?? metric.flatMap { metrics?[$0] } }
  }

  /// A searched value: a number, or a text.
  enum Setting: Codable {
    case number(Double)
    case text(String)

    init(_ value: Value) {
      switch value {
      case .integer(let number): self = .number(Double(number))
      case .real(let number): self = .number(number)
      case .word, .integers, .reals: self = .text("\(value)")
      }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      self =
        if let number = try? container.decode(Double.self) {
          .number(number)
        } else {
          .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }

    /// Numbers with five significant digits.
    var shown: String {
      switch self {
      case .number(let number): String(format: "%.5g", number)
      case .text(let text): text.asShownText
      }
    }
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
  var diverged: Int?
  /// Nil in files of earlier versions.
  var attempts: UInt64?
  /// Ended trials per hour since this coordinator started, without replicates; nil before the first has ended, and
  /// after the end of the search.
  var trialsPerHour: Double?
  /// How long coordinators have run the search, in seconds; nil in files of earlier versions.
  var seconds: Double?
  var best: Best?
  var workers: [WorkerLine]

  init(_ coordinator: Coordinator, isRunning: Bool, resume: String) {
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
    undecided = coordinator.pausedCount
    waitsForResults = coordinator.waitsForResults
    (replicatesDone, replicates) = (coordinator.reevaluations?.done, coordinator.reevaluations?.of)
    (failed, diverged) = (coordinator.failedCount, coordinator.divergedCount)
    attempts = coordinator.attemptCount
    best = coordinator.leader.map { Best($0, of: coordinator.file) }
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
    try AtomicFile.write(JSON.data(self), to: path, as: .runFile)
  }

  /// The seconds for which a search has run; 0 if its status cannot be read.
  static func seconds(in path: String) -> Double {
    guard FileManager.default.fileExists(atPath: path), let status = try? read(path) else { return 0 }
    return status.seconds ?? 0
  }

  static func read(_ path: String) throws -> Status {
    guard FileManager.default.fileExists(atPath: path) else {
      throw UserError("\(path): no such file; is this the run directory of a search?")
    }
    let data = try UserError.wrapping { try RegularFile.contents(of: path) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(Status.self, from: data) } catch {
      throw UserError("\(path) is damaged; resuming the search writes it again")
    }
  }
}
