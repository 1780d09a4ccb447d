import Foundation
import Testing

/// Open-ended searches, which end by Ctrl-C or a stop condition.
@Suite(.serialized)
struct OpenEndedTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try await Prepared.digits.value
  }

  private static func text(_ search: String) -> String {
    """
    seed: 4
    dataset: { name: digits, subset: 0.25 }
    model: { hidden: [16] }
    train: { epochs: 4, lr: { log_uniform: [1e-3, 1] } }
    search: { trials: until stopped, heartbeat: 0.5, lease: 5, \(search) }
    """
  }

  private func start(_ search: String, workers: Int = 2, _ more: String...) throws -> Program {
    try scratch.write("search.yaml", Self.text(search))
    return try scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "\(workers)"] + more)
  }

  /// The results in the order of their trials. Expects that no trial number is missing.
  private func results() throws -> [[String: String]] {
    let results = try run.results().sorted { Int($0["trial"] ?? "") ?? -1 < Int($1["trial"] ?? "") ?? -1 }
    #expect(results.map { $0["trial"] } == results.indices.map { "\($0)" })
    return results
  }

  @Test func ctrlCEndsASearchWithoutAnEnd() async throws {
    let search = try start("sampler: sobol")
    try await run.waitForResults(3, of: search)
    search.send(SIGTERM)
    #expect(try await search.ending().end == .exited(130))
    let resumed = try start("sampler: sobol", "--resume")
    try await run.waitForResults(run.results().count + 3, of: resumed)
    resumed.send(SIGINT)
    #expect(try await resumed.ending().end == .exited(0))
    #expect(try results().allSatisfy { $0["status"] == "done" && $0["epochs"] == "4" })
    let outcome = try run.outcome()
    let again = try await start("sampler: sobol", "--resume").ending()
    #expect(again.end == .exited(0))
    #expect(try run.outcome() == outcome)
  }

  @Test func epochBudgetEndsASHADespiteKills() async throws {
    let text =
      "asha: { min_epochs: 0.5, factor: 2 }, stop_after: { epochs: 60 }, confirm: { top: 2, seeds: 2 }"
    let search = try start(text, workers: 3)
    try await eventually("trials have started") { run.status(of: search)?.running ?? 0 > 1 }
    search.children.first.map { _ = kill($0, SIGKILL) }
    search.send(SIGKILL)
    _ = try await search.ending()
    #expect(try await start(text, "--resume").ending().end == .exited(0))
    let results = try results()
    let epochs = results.compactMap { Double($0["epochs"] ?? "") }
    // Each trial that ran when the budget was used up may add the epochs of one trial.
    #expect((60...72).contains(epochs.reduce(0, +)))
    #expect(Set(epochs).isSubset(of: [0.5, 1, 2, 4]))
    #expect(results.allSatisfy { ($0["epochs"] == "4") == ($0["status"] == "done") })
    #expect(results.count { $0["seeds"] == "2" } == 2)
  }

  @Test func trialsStoppedAtARungAreReportedWhileASHARuns() async throws {
    let search = try start("asha: { min_epochs: 0.5, factor: 2 }")
    try await eventually("results are reported") {
      (try? run.results())?.contains { $0["status"] == "paused" } == true
    }
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(0))
    #expect(try results().allSatisfy { ["done", "stopped"].contains($0["status"]) })
    #expect(try scratch.text("run/best/recipe.yaml").contains("epochs: 4"))
    let more = try await start(
      "asha: { min_epochs: 0.5, factor: 2 }, stop_after: { epochs: 1000 }", "--resume"
    ).ending()
    #expect(more.end == .exited(2) && more.errors.contains("cannot extend it"))
  }

  @Test func ctrlCBeforeTheFirstTrialStopsASearchThatCanBeResumed() async throws {
    let search = try start("sampler: sobol", workers: 0)
    try await eventually("it runs") { run.status(of: search) != nil }
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(130))
    let resumed = try start("sampler: sobol, stop_after: { epochs: 4 }", "--resume")
    #expect(try await resumed.ending().end == .exited(0))
    #expect(try results().count == 1)
  }

  @Test func timeEndsASearch() async throws {
    let search = try start("median_rule: { after: 2 }, stop_after: { hours: 0.001 }")
    #expect(try await search.ending().end == .exited(0))
    let results = try results()
    #expect(results.count { $0["status"] == "done" } >= 2)
    #expect(results.contains { $0["status"] == "stopped" })
  }
}
