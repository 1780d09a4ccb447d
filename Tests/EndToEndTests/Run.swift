import Foundation

/// The run directory of a search, as a test reads it.
struct Run {
  /// An execution of a trial, from `attempts.csv`.
  struct Attempt {
    let number: String
    let trial: String
    let pid: pid_t
    let epochs: Int
    let ending: String

    /// What a coordinator hands out in the instant of its end may never leave it.
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

  /// What the search file and its seed determine, and nothing else does.
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

  /// What the present coordinator has written of itself; nil before it has.
  func status(of coordinator: Program) -> Status? {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let data = try? scratch.data("\(name)/status.json"),
      let status = try? decoder.decode(Status.self, from: data), status.pid == coordinator.pid
    else { return nil }
    return status
  }

  /// Whether the coordinator's log says that a worker process has joined.
  func hasJoined(_ pid: pid_t, slots: Int = 1) -> Bool {
    (try? scratch.text("\(name)/trawl.log"))?.contains("(pid \(pid), \(slots) slots) joined") ?? false
  }

  func waitForResults(_ count: Int, of coordinator: Program) async throws {
    try await eventually("\(count) trials are done; it said: \(coordinator.errors)") {
      if coordinator.hasEnded { throw Failure("the search ended before: \(coordinator.errors)") }
      return (status(of: coordinator)?.done ?? 0) >= count
    }
  }

  /// Rows of one of our tables, by column; no cell that tests look at holds a comma or a quote.
  func rows(_ file: String) throws -> [[String: String]] {
    let lines = try scratch.text("\(name)/\(file)").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard let columns = lines.first else { throw Failure("\(file) is empty") }
    return lines.dropFirst().map { Dictionary(zip(columns, $0)) { first, _ in first } }
  }
}
