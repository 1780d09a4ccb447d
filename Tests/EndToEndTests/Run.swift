import Foundation

/// Reads the run directory of a search.
struct Run {
  /// An execution of a trial, from `attempts.csv`.
  struct Attempt {
    let number: String
    let trial: String
    let pid: pid_t
    let epochs: Int
    let ending: String

    /// Whether a worker started the attempt. The last assignments of a killed coordinator may not reach a worker.
    var wasBegun: Bool { ending != "interrupted" || epochs > 0 }
  }

  /// `status.json`.
  struct Status: Decodable {
    struct Worker: Decodable {
      let pid: pid_t
      let running: Int
    }

    let isRunning: Bool
    let pid: pid_t
    let trials: Int?
    let done: Int
    let running: Int
    let failed: Int
    let workers: [Worker]
  }

  /// The outputs that depend only on the search file and its seed.
  struct Outcome: Equatable {
    let results: String
    let history: String
  }

  let scratch: Scratch
  var name = "run"

  func outcome() throws -> Outcome {
    Outcome(
      results: try scratch.text("\(name)/results.csv"), history: try scratch.text("\(name)/history.csv"))
  }

  func results() throws -> [[String: String]] { try rows("results.csv") }

  func history() throws -> [[String: String]] { try rows("history.csv") }

  func attempts() throws -> [Attempt] {
    try rows("attempts.csv").map { row in
      Attempt(
        number: row["attempt"] ?? "", trial: row["trial"] ?? "", pid: pid_t(row["pid"] ?? "") ?? 0,
        epochs: Int(row["epochs"] ?? "") ?? 0, ending: row["ending"] ?? "")
    }
  }

  /// The attempts of each trial, in order.
  func attemptsByTrial() throws -> [String: [Attempt]] {
    Dictionary(grouping: try attempts(), by: \.trial)
  }

  /// The status written by this coordinator; nil before it has written one.
  func status(of coordinator: Program) -> Status? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let data = try? scratch.data("\(name)/status.json"),
      let status = try? decoder.decode(Status.self, from: data), status.pid == coordinator.pid
    else { return nil }
    return status
  }

  /// Whether the coordinator's log has a line that a worker process joined.
  func hasJoined(_ pid: pid_t, slots: Int = 1) -> Bool {
    (try? scratch.text("\(name)/trawl.log"))?.contains("(pid \(pid), \(slots) slots) joined") ?? false
  }

  func waitForResults(_ count: Int, of coordinator: Program) async throws {
    try await eventually("\(count) trials are done; it said: \(coordinator.errors)") {
      if coordinator.hasEnded { throw Failure("the search ended before: \(coordinator.errors)") }
      return (status(of: coordinator)?.done ?? 0) >= count
    }
  }

  /// The rows of a CSV file by column. The cells that tests read contain no comma and no quote.
  func rows(_ file: String) throws -> [[String: String]] {
    let lines = try scratch.text("\(name)/\(file)").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard let columns = lines.first else { throw Failure("\(file) is empty") }
    return lines.dropFirst().map { Dictionary(zip(columns, $0)) { first, _ in first } }
  }
}
