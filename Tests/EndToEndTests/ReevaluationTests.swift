import Foundation
import Testing

/// Re-evaluation with new seeds, extension of finished searches, and the final model.
@Suite(.serialized)
struct ReevaluationTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
    try scratch.write("search.yaml", text(trials: 8))
  }

  private func text(trials: Int, lr: String = "0.5", final: String = "null") -> String {
    """
    name: confirmed
    seed: 3
    dataset: { name: digits, subset: 0.5 }
    model: { hidden: [{ int: [16, 64] }] }
    train: { epochs: 3, batch: 64, lr: { log_uniform: [0.01, \(lr)] } }
    search: { trials: \(trials), heartbeat: 0.3, lease: 3, confirm: { top: 3, seeds: 3 } }
    final: \(final)
    """
  }

  private func search(_ more: String..., workers: Int = 2) throws -> Program {
    try scratch.start(
      ["trawl", "search", "search.yaml", "--output", "run", "--workers", "\(workers)"] + more)
  }

  /// `status` and status.json name rank 1 of results.csv, with its mean over the new seeds.
  private func expectOneBest(_ first: [String: String]) async throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let best = try decoder.decode(StatusFile.self, from: scratch.data("run/status.json")).best
    #expect(first["trial"] == "\(best.trial)" && first["val_accuracy_mean"] == "\(best.mean)")
    #expect(first["lr"].flatMap(Double.init) == best.parameters["lr"])
    let status = try await scratch.run("status", "run").output
    #expect(status.contains("best: trial \(best.trial), ") && status.contains("over 3 new seeds: "))
  }

  private struct StatusFile: Decodable {
    struct Best: Decodable {
      let trial: Int
      let mean: Double
      let parameters: [String: Double]
    }

    let best: Best
  }

  @Test func reevaluationRanksTheSameDespiteKills() async throws {
    #expect(try await search(workers: 1).ending().end == .exited(0))
    let outcome = try run.outcome()
    let results = try run.results()
    #expect(results.map { $0["seeds"] } == ["3", "3", "3"] + Array(repeating: "1", count: 5))
    let means = results.prefix(3).compactMap { $0["val_accuracy_mean"].flatMap(Double.init) }
    #expect(means.count == 3 && means == means.sorted(by: >))
    #expect(results[0]["tie"] == "1" && results[3]["tie"] == "" && results[3]["val_accuracy_ci95"] == "")
    let replicates = try run.history().filter { $0["replicate"] != "0" }
    #expect(Set(replicates.map { $0["trial"] }) == Set(results.prefix(3).map { $0["trial"] }))
    #expect(replicates.count == 3 * 3 * 3)

    try await expectOneBest(results[0])
    let other = Run(scratch: scratch, name: "killed")
    var generator = SeededGenerator(seed: 5)
    for done in [2, 6, 8, 8] {
      let search = try search("--output", "killed", "--resume")
      // While replicates run, the search may end before the kill.
      guard (try? await other.waitForResults(done, of: search)) != nil else { break }
      if let victim = search.children.randomElement(using: &generator) { kill(victim, SIGKILL) }
      try await generator.pause(upTo: 300)
      search.send(SIGKILL)
      _ = try await search.ending()
    }
    #expect(try await search("--output", "killed", "--resume").ending().end == .exited(0))
    #expect(try other.outcome() == outcome)
  }

  @Test func finishedSearchIsExtended() async throws {
    #expect(try await search().ending().end == .exited(0))
    let before = try run.results().sorted { $0["trial"]! < $1["trial"]! }
    #expect(try await search("--resume", "--trials", "14").ending().end == .exited(0))
    let grown = try run.outcome()
    let after = try run.results().filter { Int($0["trial"]!)! < 8 }.sorted { $0["trial"]! < $1["trial"]! }
    #expect(before.map { $0["val_accuracy"] } == after.map { $0["val_accuracy"] })
    // It keeps its size and equals a search that was started with that size.
    #expect(try await search("--resume").ending().end == .exited(0))
    #expect(try run.outcome() == grown)
    #expect(
      try await search("--output", "whole", "--set", "search.trials=14").ending().end == .exited(0))
    #expect(try Run(scratch: scratch, name: "whole").outcome() == grown)
    let fewer = try await search("--resume", "--trials", "9").ending()
    #expect(fewer.end == .exited(2))
    #expect(fewer.errors.contains("has 14 trials; a search can be extended, but not shortened to 9"))
    try scratch.write("search.yaml", text(trials: 14, lr: "0.6"))
    let changed = try await search("--resume").ending()
    #expect(changed.end == .exited(2))
    #expect(changed.errors.contains("train.lr is 0.01 to 0.5, logarithmic, not"))
  }

  /// Samples of a learning sampler, comparisons at rungs and re-evaluations depend on results only.
  @Test func tpeInBracketsIsTheSameForAnyNumberOfWorkers() async throws {
    let learning = [
      "--set", "search.sampler=tpe", "--set", "search.lag=4", "--set", "search.trials=18",
      "--set", "search.halving={ min_epochs: 1, factor: 3, bracket: 9 }",
    ]
    func search(_ name: String, workers: Int, _ more: String...) async throws -> Run.Outcome {
      let ending = try await scratch.start(
        ["trawl", "search", "search.yaml", "--output", name, "--workers", "\(workers)"] + learning + more
      ).ending()
      #expect(ending.end == .exited(0), "\(ending.errors)")
      return try Run(scratch: scratch, name: name).outcome()
    }
    let one = try await search("one", workers: 1)
    #expect(try await search("four", workers: 4) == one)
    for command in ["search", "first-epoch"] {
      let replay = try await scratch.run("bench", command, "one")
      #expect(
        replay.end == .exited(2) && replay.errors.contains("one: needs a search whose sampler does not learn")
      )
    }
    let grown = try await search("four", workers: 2, "--resume", "--trials", "27")
    #expect(try await search("more", workers: 3, "--set", "search.trials=27") == grown)
  }

  @Test(arguments: ["all", "train"])
  func rankOneBecomesAModelThatIsTested(images: String) async throws {
    try scratch.write("search.yaml", text(trials: 3, final: "{ train_on: \(images) }"))
    let ending = try await search().ending()
    #expect(ending.end == .exited(0))
    let report = try scratch.object("run/best/report.json")
    let accuracy = try #require(report["test_accuracy"]?.number)
    #expect(ending.output.contains("test accuracy: \(accuracy)"))
    #expect((report["val_accuracy"]?.number == nil) == (images == "all"))
    let test = try await scratch.run("test", "run/best/model.safetensors", "--json")
    let tested = try JSONDecoder().decode(JSONValue.self, from: Data(test.output.utf8))
    #expect(tested["test_accuracy"]?.number == accuracy)
    let again = try await search("--resume").ending()
    #expect(again.end == .exited(0) && again.output.contains("test accuracy: \(accuracy)"))
  }
}
