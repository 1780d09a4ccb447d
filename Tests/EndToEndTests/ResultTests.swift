import Foundation
import Testing

/// The outputs of a search and of training.
@Suite(.serialized)
struct ResultTests {
  private let scratch: Scratch
  private let run: Run

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    run = Run(scratch: scratch)
  }

  @Test func resultsAreTheFileInEveryFormat() async throws {
    try await search(SearchText.brief())
    let file = try scratch.text("run/results.csv")
    #expect(try await scratch.run("results", "run", "--format", "csv").output == file)
    let top = try await scratch.run("results", "run", "--format", "csv", "--top", "2").output
    #expect(top == file.split(separator: "\n").prefix(3).map { $0 + "\n" }.joined())

    let table = try await scratch.run("results", "run").output.split(separator: "\n")
    #expect(table.count == 5)
    #expect(table[0].split(separator: " ").starts(with: ["rank", "trial", "lr", "val_accuracy"]))
    #expect(try await scratch.run("results", "run", "--top", "1").output.split(separator: "\n").count == 3)
  }

  @Test func resultsAsJSONHoldTheSameNumbers() async throws {
    try await search(SearchText.brief())
    let rows = try run.results()
    let json = try parsedObject(await scratch.run("results", "run", "--format", "json").output)
    let objects = try #require(json["results"]?.list)
    try #require(objects.count == rows.count)
    for (object, row) in zip(objects, rows) {
      for name in ["rank", "trial", "lr", "val_accuracy", "val_loss", "epochs"] {
        #expect(object[name]?.number == row[name].flatMap { Double($0) }, "\(name)")
      }
      #expect(object["status"]?.text == "done")
    }
  }

  @Test func retryRunsOnlyFailedTrials() async throws {
    // Long epochs, so that a trial can be killed in its first.
    try scratch.write(
      "search.yaml",
      SearchText.brief(lr: "{ uniform: [0.001, 0.01] }", trials: 3)
        .replacing("subset: 0.25", with: "subset: 0.5").replacing(
          "hidden: [16]", with: "hidden: [1024, 1024]"
        )
        .replacing("epochs: 2, ", with: "epochs: 1, batch: 1, ")
        .replacing("heartbeat: 0.5", with: "heartbeat: 0.1"))
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "3")
    var seen: [pid_t: ContinuousClock.Instant] = [:]
    try await eventually("a trial is quarantined; it said: \(search.errors)") {
      if search.hasEnded { throw Failure("the search ended: \(search.errors)") }
      // Wait until it has reported its trial.
      for (worker, start) in seen where ContinuousClock.now - start > .seconds(2) {
        if search.children.contains(worker) { kill(worker, SIGXCPU) }
      }
      for worker in run.status(of: search)?.workers ?? [] where worker.running > 0 && seen[worker.pid] == nil
      {
        seen[worker.pid] = .now
      }
      return run.status(of: search)?.failed ?? 0 > 0
    }
    #expect(try await search.ending().end == .exited(3))
    let failed = try run.results().filter { $0["status"] == "quarantined" }.compactMap { $0["trial"] }
    #expect(!failed.isEmpty)
    let table = try await scratch.run("results", "run", "--failed").output
    #expect(
      table.split(separator: "\n").count == 1 + failed.count
        && table.contains("its worker process crashed after epoch"))
    let before = try run.attempts()

    let again = try await scratch.run(
      "search", "search.yaml", "--output", "run", "--resume", "--retry", "failed")
    #expect(again.end == .exited(0), "\(again.errors)")
    #expect(try run.attempts().dropFirst(before.count).map(\.trial).sorted() == failed.sorted())
    #expect(try await scratch.run("results", "run", "--failed").output == "no trial has failed\n")
    var viewer = Viewer(run)
    try viewer.look()
    #expect(viewer.reopened.map(String.init) == failed.sorted())
    try viewer.expectTables(of: run)
    #expect(
      try await scratch.run("search", "search.yaml", "--output", "undisturbed", "--workers", "1").end
        == .exited(0))
    #expect(try run.outcome() == Run(scratch: scratch, name: "undisturbed").outcome())
  }

  @Test func statusShowsRunningAndStoppedSearches() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "2")
    try await run.waitForResults(2, of: search)
    let during = try parsedObject(await scratch.run("status", "run", "--json").output)
    #expect(during["is_running"] == .flag(true))
    #expect(during["pid"] == .number(Double(search.pid)))
    #expect(during["trials"] == .number(Double(SearchText.trials)))
    #expect(during["workers"]?.list?.count == 2)
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(130))
    let words = try await scratch.run("status", "run").output
    #expect(words.contains("stopped"))
    #expect(words.contains("of \(SearchText.trials) done"))
  }

  @Test func bestRecipeReproducesTheBestTrialBitForBit() async throws {
    try await search(SearchText.brief())
    let best = try #require(try run.results().first)
    let training = try await scratch.run("train", "run/best/recipe.yaml", "--output", "model")
    #expect(training.end == .exited(0), "\(training.errors)")
    let report = try scratch.object("model/report.json")
    #expect(report["val_accuracy"]?.number == best["val_accuracy"].flatMap { Double($0) })
    #expect(report["val_loss"]?.number == best["val_loss"].flatMap { Double($0) })

    let test = try await scratch.run("test", "model/model.safetensors", "--json")
    #expect(test.end == .exited(0), "\(test.errors)")
    let object = try parsedObject(test.output)
    #expect(object["images"] == .number(2000))
    let accuracy = try #require(object["test_accuracy"]?.number)
    #expect(accuracy > 0 && accuracy <= 1)
  }

  @Test func bestRecipeOfADirectoryWithIDXFilesWorksElsewhere() async throws {
    try IDXSet(images: 40).write(to: "data", in: scratch)
    try await search(
      SearchText.brief().replacing("name: digits", with: "idx: data")
        .replacing("epochs: 2", with: "epochs: 2, batch: 4"))
    let training = try await scratch.run("train", "run/best/recipe.yaml", "--output", "model")
    #expect(training.end == .exited(0), "\(training.errors)")
    #expect(try await scratch.run("test", "model/model.safetensors").end == .exited(0))
  }

  @Test func valuesOfTheCommandLineArePartOfTheSearch() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    let command = ["trawl", "search", "search.yaml", "--output", "run"]
    let values = ["--set", "train.lr={ choice: [0.1, 0.2] }", "--set", "search.sampler=grid"]
    let ending = try await scratch.start(command + values).ending()
    #expect(ending.end == .exited(0), "\(ending.errors)")
    #expect(try Set(run.results().map { $0["lr"] }) == ["0.1", "0.2"])
    #expect(try scratch.text("run/search.yaml").contains("grid"))
    #expect(try await scratch.start(command + values + ["--resume"]).ending().end == .exited(0))
    let other = try await scratch.start(command + ["--resume"]).ending()
    #expect(other.end == .exited(2))
    #expect(other.errors.contains("train.lr"))
  }

  @Test func networkTrainedOnAllImagesIsMeasuredOnTheTestImages() async throws {
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 1))
    let training = try await scratch.run(
      "train", "recipe.yaml", "--set", "dataset.validation=test", "--output", "model")
    #expect(training.end == .exited(0), "\(training.errors)")
    let report = try scratch.object("model/report.json")
    #expect(report["val_accuracy"] == nil)
    let history = try scratch.text("model/history.csv")
    #expect(history.hasPrefix("epoch,train_loss,train_accuracy,test_loss,test_accuracy\n"))
    let test = try await scratch.run("test", "model/model.safetensors", "--json")
    #expect(try parsedObject(test.output)["test_accuracy"]?.number == report["test_accuracy"]?.number)
    #expect(try await scratch.run("train", "model/recipe.yaml", "--output", "again").end == .exited(0))
    #expect(try scratch.data("again/model.safetensors") == scratch.data("model/model.safetensors"))
  }

  @Test func interruptedTrainingResumesToTheSameModel() async throws {
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 40))
    let training = try scratch.trawl("train", "recipe.yaml", "--output", "cut")
    try await eventually("an epoch is done") { training.errors.contains("epoch 2/40") }
    training.send(SIGINT)
    let ending = try await training.ending()
    #expect(ending.end == .exited(130))
    #expect(ending.errorLines.last?.contains("--resume") == true)
    let refused = try await scratch.run("train", "recipe.yaml", "--output", "cut")
    #expect(refused.end == .exited(2))
    #expect(try await scratch.run("train", "recipe.yaml", "--output", "cut", "--resume").end == .exited(0))
    #expect(try await scratch.run("train", "recipe.yaml", "--output", "whole").end == .exited(0))
    #expect(try scratch.data("cut/model.safetensors") == scratch.data("whole/model.safetensors"))
    #expect(try scratch.text("cut/history.csv") == scratch.text("whole/history.csv"))
  }

  @Test func killedTrainingResumesToTheSameModel() async throws {
    try scratch.write("recipe.yaml", SearchText.recipe(epochs: 24))
    let training = try scratch.trawl("train", "recipe.yaml", "--output", "cut")
    try await eventually("some epochs are done") { training.errors.contains("epoch 3/24") }
    training.send(SIGKILL)
    #expect(try await training.ending().end == .signalled(SIGKILL))
    #expect(try await scratch.run("train", "recipe.yaml", "--output", "cut", "--resume").end == .exited(0))
    #expect(try await scratch.run("train", "recipe.yaml", "--output", "whole").end == .exited(0))
    let model = try scratch.data("cut/model.safetensors")
    #expect(try model == scratch.data("whole/model.safetensors"))

    try scratch.write("short.safetensors", model.dropLast(100))
    let test = try await scratch.run("test", "short.safetensors")
    #expect(test.end == .exited(2))
    #expect(test.errorLines.count == 1)
  }

  @Test func numbersMayHaveDifferentNotations() async throws {
    let grid = SearchText.brief(lr: "{ choice: [1e-7, 0.1, .5, 1e99] }, l2: { uniform: [0, .5], steps: 2 }")
      .replacing("trials: 4", with: "sampler: grid")
    try await search(grid)
    let rows = try run.results()
    #expect(rows.count == 8)
    #expect(Set(rows.compactMap { $0["lr"].flatMap { Double($0) } }) == [1e-7, 0.1, 0.5, 1e99])
    #expect(Set(rows.compactMap { $0["l2"].flatMap { Double($0) } }) == [0, 0.5])
    let json = try parsedObject(await scratch.run("results", "run", "--format", "json").output)
    let objects = try #require(json["results"]?.list)
    #expect(Set(objects.compactMap { $0["lr"]?.number }) == [1e-7, 0.1, 0.5, 1e99])
  }

  @Test func divergedTrialsAreRankedLastAndAreNoFailure() async throws {
    try await search(SearchText.brief(lr: "{ choice: [0.1, 1e20] }", trials: 8))
    let rows = try run.results()
    let diverged = rows.drop { $0["status"] == "done" }
    #expect(!diverged.isEmpty && diverged.count < rows.count)
    for row in diverged {
      #expect(row["status"] == "diverged")
      #expect(row["lr"].flatMap { Double($0) } == 1e20)
      #expect(row["val_accuracy"] == "")
    }
  }

  @Test func resultsIncludeParameterImportanceAndDiagnostics() async throws {
    try scratch.write(
      "search.yaml",
      SearchText.brief(lr: "{ log_uniform: [1e-6, 0.1], steps: 6 }, l2: { uniform: [0, 1e-6] }", trials: 24)
        .replacing("trials: 24", with: "trials: 24, halving: { min_epochs: 1, factor: 2 }"))
    let search = try await scratch.run("search", "search.yaml", "--output", "run")
    #expect(search.end == .exited(0))
    let file = try scratch.data("run/results.csv")

    let table = try await scratch.run("results", "run", "--top", "1")
    #expect(table.output.split(separator: "\n").count == 3)
    let lines = table.errorLines
    #expect(lines.contains { $0.hasPrefix("parameter importance after 1 epoch: lr ") })
    #expect(
      lines.contains(
        "lr: the best value 0.1 is at the upper edge of 1e-6...0.1; try a wider range"))
    #expect(
      lines.contains {
        $0.hasPrefix("rung 1 epoch -> 2 epochs: rank correlation tau ") && $0.contains(" over 12 trials")
      })
    #expect(lines.allSatisfy(search.errorLines.contains))

    let json = try parsedObject(await scratch.run("results", "run", "--format", "json").output)
    let insight = try #require(json["insight"])
    #expect(insight["edges"]?.list?.contains { $0["parameter"] == .text("lr") } == true)
    #expect(insight["rungs"]?.list?.first?["trials"] == .number(12))
    #expect(try await scratch.run("results", "run", "--format", "csv").errors.isEmpty)
    #expect(try scratch.data("run/results.csv") == file)

    let quiet = try await scratch.run("search", "search.yaml", "--output", "run", "--resume", "--quiet")
    #expect(quiet.end == .exited(0) && quiet.errors.isEmpty)
  }

  /// Runs a search; requires that it succeeds.
  private func search(_ text: String) async throws {
    try scratch.write("search.yaml", text)
    let ending = try await scratch.run("search", "search.yaml", "--output", "run", "--workers", "2")
    try #require(ending.end == .exited(0), "\(ending.errors)")
  }
}
