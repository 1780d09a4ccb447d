import Foundation
import Search

/// The status of a search: `status.json` in its run directory, written several times a second.
package struct SearchStatus: Codable, Sendable {
  /// Rank 1 of results.csv.
  package struct Best: Codable, Sendable {
    package var trial: Int
    /// The metrics in results.csv by name; nil in files of earlier versions.
    package var metrics: [String: Double]?
    /// The searched values that have an effect, by column; nil in files of earlier versions.
    package var parameters: [String: Setting]?
    /// The metric whose mean over new seeds is shown; nil in files of earlier versions.
    package var metric: String?
    /// The re-evaluation with new seeds: their number, the mean of the metric and half the width of its 95 % interval.
    package var seeds: Int?
    package var mean: Double?
    package var ci95: Double?

    package init(_ result: TrialResult, of file: SearchFile) {
      trial = result.trial
      let measured = file.metrics.ranked.compactMap { name in result.metrics?[name].map { (name, $0) } }
      metrics = Dictionary(measured.filter(\.1.isFinite)) { first, _ in first }
      metric = file.metrics.estimated
      let searched = SearchEvent.Parameter.all(result.values, of: file.space)
      parameters = Dictionary(searched.map { ($0.column, $0.value) }) { first, _ in first }
      let estimate = result.reevaluated?.shown
      (seeds, mean, ci95) = (estimate?.count, estimate?.mean, estimate?.interval95)
    }

    /// The mean over new seeds, or else the value of the metric.
    package var shownScore: Double? { mean ?? metric.flatMap { metrics?[$0] } }
  }

  /// A searched value: a number, or a text.
  package enum Setting: Codable, Hashable, Sendable {
    case number(Double)
    case text(String)

    package init(_ value: Value) {
      switch value {
      case .integer(let number): self = .number(Double(number))
      case .real(let number): self = .number(number)
      case .word, .integers, .reals, .flag, .list: self = .text("\(value)")
      }
    }

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      self =
        if let number = try? container.decode(Double.self) {
          .number(number)
        } else {
          .text(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  /// A connected worker.
  package struct WorkerLine: Codable, Sendable {
    package var host: String
    package var pid: Int32
    package var slots: Int
    package var running: Int
    package var secondsSinceHeard: Double

    package init(host: String, pid: Int32, slots: Int, running: Int, secondsSinceHeard: Double) {
      (self.host, self.pid, self.slots) = (host, pid, slots)
      (self.running, self.secondsSinceHeard) = (running, secondsSinceHeard)
    }
  }

  package var name: String
  package var isRunning: Bool
  package var host: String
  package var pid: Int32
  /// The command that resumes the search.
  package var resume: String
  /// Seconds since 1970.
  package var updated: Double
  /// Nil while the search is open-ended.
  package var trials: Int?
  /// Trials that have started; nil in files of earlier versions.
  package var begun: Int?
  package var done: Int
  package var running: Int
  /// Trials whose promotion is pending; nil in files of earlier versions.
  package var undecided: Int?
  /// Whether the next configuration depends on running trials (sampler tpe).
  package var waitsForResults: Bool?
  /// The numbers of finished replicates (re-evaluations with new seeds) and of all; nil without re-evaluation.
  package var replicatesDone: Int?
  package var replicates: Int?
  package var failed: Int
  /// Nil in files of earlier versions.
  package var diverged: Int?
  /// Nil in files of earlier versions.
  package var attempts: UInt64?
  /// Ended trials per hour since this coordinator started, without replicates; nil before the first has ended, and
  /// after the end of the search.
  package var trialsPerHour: Double?
  /// How long coordinators have run the search, in seconds; nil in files of earlier versions.
  package var seconds: Double?
  package var best: Best?
  package var workers: [WorkerLine]

  /// The status of a stopped search without trials, to be filled in.
  ///
  /// - Parameter resume: the command that resumes it.
  package init(name: String, resume: String) {
    (self.name, self.resume) = (name, resume)
    (isRunning, host, pid, updated) = (false, "", 0, 0)
    (done, running, failed, workers) = (0, 0, 0, [])
  }

  /// The bytes of the file.
  package var bytes: Data {
    get throws { try JSON.data(self) }
  }

  /// Reads the file.
  package init(contentsOf path: String) throws(RunFileError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunFileError("\(path): no such file; is this the run directory of a search?")
    }
    let data = try RegularFile.contents(of: path)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { self = try decoder.decode(SearchStatus.self, from: data) } catch {
      throw RunFileError("\(path) is damaged; resuming the search writes it again")
    }
  }
}
