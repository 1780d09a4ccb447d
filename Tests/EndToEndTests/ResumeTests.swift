import Foundation
import Testing

/// `trawl search --resume RUN`, and the commands that show run directories.
@Suite struct ResumeTests {
  private let scratch: Scratch

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
  }

  private func sh(_ command: String) async throws -> Program.Ending {
    try await scratch.start(["sh", "-c", command]).ending()
  }

  @Test func runDirectoryIsEnoughFromAnyFolder() async throws {
    // The search gets its name from the file, and its dataset from the working directory.
    try IDXSet(images: 200).write(to: "images", in: scratch)
    try scratch.write(
      "tiny.yaml",
      """
      dataset: { idx: ./images }
      model: { hidden: [4] }
      train: { epochs: 2, batch: 8, lr: { uniform: [0.1, 1] } }
      search: { trials: 3 }
      """)
    let ending = try await scratch.run(
      "search", "tiny.yaml", "--output", "run", "--workers", "1", "--listen", "tcp://127.0.0.1:0")
    #expect(ending.end == .exited(0), "\(ending.errors)")
    let join = try scratch.object("run/join.json")["endpoint"]
    let results = try scratch.text("run/results.csv")
    try scratch.write("elsewhere/notes", "")
    let resumed = try await sh("cd elsewhere && trawl search --resume ../run --trials 5")
    #expect(resumed.end == .exited(0), "\(resumed.errors)")
    #expect(try scratch.text("run/results.csv").split(separator: "\n").count == 6)
    for row in results.split(separator: "\n").dropFirst() {
      let trial = row.drop { $0 != "," }.dropFirst()
      #expect(try scratch.text("run/results.csv").contains(",\(trial)\n"))
    }
    #expect(try scratch.object("run/join.json")["endpoint"] == join, "the endpoint of the first start")
    let status = try #require(scratch.object("run/status.json")["resume"]?.text)
    #expect(status.hasPrefix("trawl search --resume /") && status.hasSuffix("/run"))

    // The stored search file is restored from the database.
    try FileManager.default.removeItem(atPath: "\(scratch.path)/run/search.yaml")
    #expect(try await sh("cd elsewhere && trawl search --resume ../run --quiet").end == .exited(0))
    #expect(try scratch.text("run/search.yaml").contains("idx: "))

    // So is a damaged one; without the database, that is named.
    try scratch.write("run/search.yaml", "")
    #expect(try await sh("cd elsewhere && trawl search --resume ../run --quiet").end == .exited(0))
    #expect(try scratch.text("run/search.yaml").contains("idx: "))
    let missing = try await sh(
      "cp -r run lost && rm lost/study.db && : >lost/search.yaml && trawl search --resume lost")
    #expect(
      missing.end == .exited(2) && missing.errors.contains("lost/study.db is missing"), "\(missing.errors)")

    // A damaged record of the options is not ignored without a word.
    try scratch.write("run/launch.json", "{")
    let damaged = try await sh("cd elsewhere && trawl search --resume ../run --quiet")
    #expect(
      damaged.errors.contains("warning: ") && damaged.errors.contains("/run/launch.json cannot be read"))
  }

  @Test func mistakesOfResumingAreNamed() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    #expect(try await scratch.run("search", "search.yaml", "--output", "runs/a").end == .exited(0))
    func message(_ words: String...) async throws -> String {
      let ending = try await scratch.start(["trawl"] + words).ending()
      #expect(ending.end == .exited(2))
      return ending.errors
    }
    #expect(try await message("search", "runs/a").contains("add --resume"))
    #expect(try await message("search", "--resume", "runs/a", "--output", "b").contains("--output"))
    #expect(try await message("search", "--resume", "runs").contains("contains the run directories"))
    #expect(try await message("results", "runs").contains("runs/a"))
    #expect(try await message("status", "none").contains("none: no such directory"))
    #expect(try await message("search", "search.yaml", "--output", "runs/a").contains("--resume runs/a"))
    #expect(try await message("search", "search.yaml", "--output", "search.yaml").contains("is a file"))
    try scratch.write("search.yaml", SearchText.brief(lr: "0.3").replacing("epochs: 2", with: "epochs: 3"))
    let text = try await message("search", "search.yaml", "--output", "runs/a", "--resume")
    #expect(text.contains("train.epochs is 2, not 3"), "\(text)")
    #expect(text.contains("train.lr is 0.05 to 0.5, not 0.3"), "\(text)")
  }

  @Test func runDirectoriesAreListedAndCompared() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    for (name, seed) in [("a", "1"), ("b", "2")] {
      let ending = try await scratch.run(
        "search", "search.yaml", "--output", "runs/\(name)", "--set", "seed=\(seed)", "--quiet")
      #expect(ending.end == .exited(0))
    }
    let list = try await scratch.run("list").output.split(separator: "\n").map(String.init)
    #expect(list.count == 3 && list[1].hasPrefix("runs/b  finished") && list[1].contains("4/4"))
    let table = try await scratch.run("compare", "runs/a", "runs/b").output
    #expect(table.contains("best lr") && table.contains("epochs trained"))
    #expect(table.split(separator: "\n").contains { $0.split(separator: " ") == ["seed", "1", "2"] })
    #expect(try await scratch.run("list", "runs/a").end == .exited(2))
    // The file of the results is as good as its folder.
    let results = try await scratch.run("results", "runs/a/results.csv").output
    #expect(try await results == scratch.run("results", "runs/a").output)
    #expect(results.contains("seconds"))
    try scratch.write("runs/b/status.json", "")
    #expect(try await scratch.run("list").output.contains("unreadable"))
    let damaged = try await scratch.run("status", "runs/b")
    #expect(
      damaged.end == .exited(2)
        && damaged.errorLines == ["trawl: runs/b/status.json is damaged; resuming the search writes it again"]
    )
  }

  /// What shows a search needs neither its database nor its keys.
  @Test func copiesOfRunDirectoriesAreShown() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    #expect(try await scratch.run("search", "search.yaml", "--output", "run", "--quiet").end == .exited(0))
    let names = ["search.yaml", "results.csv", "history.csv", "attempts.csv", "status.json"]
    for name in names { try scratch.write("copy/\(name)", scratch.data("run/\(name)")) }
    for words in [
      ["status"], ["status", "--json"], ["results"], ["results", "--format", "json"], ["plot"], ["report"],
    ] {
      let original = try await scratch.start(["trawl", words[0], "run"] + words.dropFirst()).ending()
      let copy = try await scratch.start(["trawl", words[0], "copy"] + words.dropFirst()).ending()
      #expect(copy.end == .exited(0) && original.end == .exited(0), "\(words): \(copy.errors)")
      #expect(copy.output.replacing("copy/", with: "run/") == original.output)
      #expect(copy.errors.replacing("copy/", with: "run/") == original.errors)
    }
    #expect(try await scratch.run("compare", "run", "copy").end == .exited(0))
  }

  @Test func dryRunPrintsThePlanAndWritesNothing() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    let before = scratch.content
    let ending = try await scratch.run("search", "search.yaml", "--dry-run")
    #expect(ending.end == .exited(0))
    #expect(ending.output.contains("4 trials") && ending.output.contains("8 epochs"))
    #expect(
      try await scratch.run("search", "search.yaml", "--dry-run", "--json").output.contains("\"epochs\" : 8"))
    #expect(scratch.content == before)
    let bad = try await scratch.run("search", "search.yaml", "--dry-run", "--set", "dataset.name=none")
    #expect(bad.end == .exited(2))
  }

  @Test func watchedResultsEndWithTheSearch() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "1")
    try await Run(scratch: scratch).waitForResults(1, of: search)
    let watch = try scratch.trawl("results", "run", "--watch", "--top", "2")
    #expect(try await search.ending().end == .exited(0))
    let ending = try await watch.ending()
    #expect(ending.end == .exited(0))
    #expect(
      ending.output.components(separatedBy: "rank").count > 2, "printed while the search ran, and at its end")
    #expect(ending.output.contains("(2 of 14 trials)"))
  }

  @Test func startingFileRuns() async throws {
    for network in ["mlp", "cnn"] {
      #expect(try await scratch.run("init", network, "--output", "\(network).yaml").end == .exited(0))
      let small = [
        "dataset.name=digits", "dataset.subset=0.05", "train.epochs=1", "search.trials=2",
        "search.halving=null",
        "search.confirm=null", "train.batch=32", "model.hidden=8",
      ]
      let ending = try await scratch.start(
        ["trawl", "search", "\(network).yaml", "--output", network] + small.flatMap { ["--set", $0] }
      ).ending()
      #expect(ending.end == .exited(0), "\(ending.errors)")
    }
    #expect(try await scratch.run("init", "--output", "mlp.yaml").end == .exited(2), "it exists")
  }
}
