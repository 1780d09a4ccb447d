import Foundation
import Testing

/// Invalid input is reported in one line that names it, and creates no files.
@Suite
struct BadInputTests {
  /// A search file with one error, and the texts that the message must contain.
  struct BadFile: CustomTestStringConvertible {
    let change: (String, String)
    let words: [String]

    init(_ old: String, _ new: String, _ words: String...) {
      change = (old, new)
      self.words = words
    }

    var testDescription: String { change.1 }
  }

  static let badFiles = [
    BadFile("epochs: 2", "epochs: 2, learning_rate: 1", "search.yaml:4", "train.learning_rate"),
    BadFile("[0.05, 0.5]", "[0.5, 0.05]", "search.yaml:4", "train.lr", "low < high"),
    BadFile("[0.05, 0.5]", "[0.5, 0.5]", "search.yaml:4", "train.lr", "low < high"),
    BadFile("epochs: 2", "epochs: many", "search.yaml:4", "train.epochs", "many"),
    BadFile("epochs: 2", "epochs: 2.5", "search.yaml:4", "train.epochs", "2.5"),
    BadFile("[0.05, 0.5]", "[low, 0.5]", "search.yaml:4", "train.lr"),
    BadFile("trials: 4", "trials: 0", "search.yaml:5", "search.trials", "0"),
    BadFile("trials: 4", "trials: -3", "search.yaml:5", "search.trials", "-3"),
    BadFile("trials: 4", "trials: 4, trials: 5", "search.yaml:5", "trials"),
    BadFile("name: digits", "name: no-such-set", "search.yaml:2: dataset.name: no-such-set", "digits"),
    BadFile("name: digits", "name: ../digits", "../digits"),
    BadFile("name: digits", "idx: nowhere", "search.yaml:2: dataset.idx: ./nowhere"),
    BadFile(
      "subset: 0.25", "subset: 0.002, validation: 3, stratified: true", "search.yaml:2: dataset.validation",
      "class"),
    BadFile("subset: 0.25", "validation: test", "search.yaml:2: dataset.validation", "train.lr"),
    BadFile("hidden: [16]", "hidden: [16", "search.yaml:"),
    BadFile("hidden: [16]", "hidden: [0]", "search.yaml:3", "model.hidden", "0"),
    BadFile("lease: 2", "lease: 0.6", "search.yaml:5", "search.lease"),
    BadFile("seed: 1", "- seed", "search.yaml"),
  ]

  /// Search files that do not fit their data, some only in some trials.
  static let untrainable = [
    BadFile("epochs: 2", "epochs: 2, batch: 2001", "search.yaml:4: train.batch", "the 2000 images"),
    BadFile(
      "epochs: 2", "epochs: 2, batch: { log_int: [2, 4000] }", "search.yaml:4: train.batch", "4000"),
    BadFile("subset: 0.25", "subset: 0.25, validation: 2500", "search.yaml:2: dataset.validation", "2500"),
    BadFile("subset: 0.25", "subset: 0.0001", "search.yaml:2: dataset.subset"),
    BadFile(
      "hidden: [16]", "hidden: [16], layers: cnn, convolutions: { channels: 2, kernel: 29 }",
      "search.yaml:3: model.convolutions.kernel", "28x28"),
    BadFile(
      "hidden: [16]",
      "hidden: [16], layers: cnn, convolutions: { channels: 2, kernel: { choice: [3, 5] }, pool: 25 }",
      "search.yaml:3: model.convolutions.pool", "24x24"),
    BadFile(
      "hidden: [16]", "hidden: [16], layers: cnn, convolutions: { channels: [2, 2], kernel: 5, pool: 6 }",
      "search.yaml:3: model.convolutions.kernel", "4x4"),
    BadFile("hidden: [16]", "hidden: [65536, 65536]", "search.yaml:3: model.hidden", "weights"),
    BadFile(
      "epochs: 2",
      "epochs: 2, schedule: { milestones: { at: [{ int: [1, 3] }, { int: [3, 5] }], gamma: 0.5 } }",
      "search.yaml:4: train.schedule.milestones.at", "ascending"),
  ]

  private let scratch: Scratch

  init() async throws {
    try await Prepared.digits.value
    scratch = try Scratch()
    try scratch.write("search.yaml", SearchText.brief())
  }

  @Test(arguments: badFiles)
  func badSearchFileIsNamed(_ bad: BadFile) async throws {
    let text = SearchText.brief()
    try #require(text.contains(bad.change.0))
    try scratch.write("search.yaml", text.replacing(bad.change.0, with: bad.change.1))
    try await expectError(bad.words, "search", "search.yaml", "--workers", "1")
    try await expectError(
      bad.words, "search", "search.yaml", "--output", "run", "--resume", "--workers", "1")
  }

  @Test(arguments: untrainable)
  func searchFileThatDoesNotFitItsDataIsNamedBeforeTheStart(_ bad: BadFile) async throws {
    let text = SearchText.brief()
    try #require(text.contains(bad.change.0))
    try scratch.write("search.yaml", text.replacing(bad.change.0, with: bad.change.1))
    try await expectError(bad.words, "search", "search.yaml", "--workers", "1")
    try await expectError(bad.words, "search", "search.yaml", "--workers", "0")
    guard !bad.change.1.contains("{ choice"), !bad.change.1.contains("int: ") else { return }
    try await expectError(bad.words, "train", "search.yaml", "--set", "train.lr=0.1")
  }

  @Test func imagesTooSmallForTheNetworkAreNamed() async throws {
    try IDXSet(images: 20).write(to: "images", in: scratch)
    try scratch.write(
      "recipe.yaml",
      "dataset: { idx: images }\nmodel: { layers: lenet5 }\ntrain: { epochs: 1, batch: 4, lr: 1 }")
    try await expectError(["recipe.yaml:2: model.convolutions.kernel", "2x2"], "train", "recipe.yaml")
    try await expectError(
      ["--set train.batch", "the 16 images"], "train", "recipe.yaml", "--set", "train.batch=17")
  }

  @Test(
    arguments: [
      (["search"], ["file"]),
      (["search", "nowhere.yaml"], ["nowhere.yaml", "no such file"]),
      (["search", "/"], ["/"]),
      (["search", "search.yaml", "--workers", "-1"], ["--workers"]),
      (["search", "search.yaml", "--workers", "x"], ["--workers", "x"]),
      (["search", "search.yaml", "--workers"], ["--workers"]),
      (["search", "search.yaml", "--colour"], ["--colour"]),
      (["search", "search.yaml", "more"], ["more"]),
      (["search", "search.yaml", "--listen", "5555"], ["5555"]),
      (["search", "search.yaml", "--listen", "tcp://127.0.0.1:99999"], ["99999"]),
      (["search", "search.yaml", "--keys", "nowhere"], ["nowhere", "trawl keys new"]),
      (["search", "search.yaml", "--set", "train.lr"], ["--set train.lr"]),
      (["search", "search.yaml", "--set", "train.lr=0"], ["--set train.lr"]),
      (["search", "search.yaml", "--set", "train.batch=2001"], ["--set train.batch"]),
      (["search", "search.yaml", "--quiet", "--verbose"], ["--quiet", "--verbose"]),
      (["worker"], ["--join"]),
      (["worker", "--join", "search.yaml"], ["search.yaml"]),
      (["worker", "--join", "search.yaml", "--slots", "0"], ["--slots"]),
      (["results"], ["run"]),
      (["results", "nowhere"], ["nowhere"]),
      (["results", "nowhere", "--format", "xml"], ["xml"]),
      (["results", "nowhere", "--top", "0"], ["--top"]),
      (["status", "nowhere"], ["nowhere"]),
      (["train", "nowhere.yaml"], ["nowhere.yaml", "no such file"]),
      (["train", "search.yaml"], ["search.yaml:4: train.lr", "trawl search", "--set train.lr="]),
      (["train", "search.yaml", "--set", "train.lr"], ["--set train.lr"]),
      (["train", "search.yaml", "--set", "train.lr=high"], ["train.lr", "high"]),
      (["train", "search.yaml", "--set", "train.speed=1"], ["train.speed"]),
      (["test", "nowhere.safetensors"], ["nowhere.safetensors"]),
      (["test", "search.yaml"], ["search.yaml"]),
      (["keys", "new", "keys"], ["--endpoint"]),
      (["keys", "new", "node7", "--in", "nowhere"], ["nowhere", "trawl keys new"]),
      (["keys", "revoke", "node7", "--in", "nowhere"], ["nowhere", "trawl keys new"]),
      (["keys", "new", "keys", "--endpoint", "tcp://*:5555"], ["tcp://*:5555"]),
      (["keys", "show", "nowhere"], ["nowhere"]),
      (["fly"], ["fly"]),
    ])
  func badCommandIsNamed(_ command: [String], _ words: [String]) async throws {
    try await expectError(words, command)
  }

  @Test(
    arguments: [
      (nil, "train-images-idx3-ubyte"),
      (Data("these are no images".utf8), "train-images-idx3-ubyte"),
      (Data(IDXSet(images: 20).images.dropLast(5)), "truncated"),
      (Data(IDXSet(images: 20).images + [0]), "longer"),
      (IDXSet(images: 19).images, "20 labels for 19 images"),
      (Data(), "train-images-idx3-ubyte"),
    ])
  func badDatasetFileIsNamed(_ images: Data?, _ words: String) async throws {
    try IDXSet(images: 20).write(to: "images", in: scratch)
    if let images {
      try scratch.write("images/train-images-idx3-ubyte", images)
    } else {
      try FileManager.default.removeItem(atPath: "\(scratch.path)/images/train-images-idx3-ubyte")
    }
    try scratch.write("search.yaml", SearchText.brief().replacing("name: digits", with: "idx: images"))
    try await expectError(["images", words], "search", "search.yaml", "--output", "run")
  }

  @Test(
    arguments: [
      Data(), Data("no model".utf8), Data([UInt8](repeating: 0xff, count: 64)),
      Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)),
    ])
  func fileThatIsNoModelIsNamed(_ content: Data) async throws {
    try scratch.write("model.safetensors", content)
    try await expectError(["model.safetensors"], "test", "model.safetensors")
  }

  @Test func directoryWithOtherFilesIsNotTouched() async throws {
    try scratch.write("run/thesis.tex", "precious")
    try await expectError(["run", "--output"], "search", "search.yaml", "--output", "run")
    try await expectError(["run", "--output"], "search", "search.yaml", "--output", "run", "--resume")
    try await expectError(["search.yaml"], "search", "search.yaml", "--output", "search.yaml")
  }

  @Test func directoryWithASearchIsNotTouched() async throws {
    #expect(try await scratch.run("search", "search.yaml", "--output", "run").end == .exited(0))
    try await expectError(["run", "--resume"], "search", "search.yaml", "--output", "run")
    let changed = SearchText.brief(seed: 2).replacing("0.5]", with: "0.6]")
    try scratch.write("search.yaml", changed)
    try await expectError(["run", "--resume"], "search", "search.yaml", "--output", "run")
    try await expectError(
      ["run", "seed is 1, not 2", "train.lr is 0.05 to 0.5, not"], "search", "search.yaml", "--output", "run",
      "--resume")
  }

  @Test func usedPortIsNamed() async throws {
    let port = try HeldPort()
    let endpoint = "tcp://127.0.0.1:\(port.number)"
    try await expectError(
      ["\(port.number)", "in use"], "search", "search.yaml", "--output", "run", "--listen", endpoint)
    try await scratch.makeKeys("keys", port: port.number)
    try await expectError(
      ["\(port.number)", "in use"], "search", "search.yaml", "--output", "run", "--keys", "keys")
  }

  @Test func secretsOpenToOthersAreRefused() async throws {
    try await scratch.makeKeys("keys", port: HeldPort.free())
    try scratch.setMode("keys/join.json", 0o640)
    try await expectError(["keys/join.json", "chmod"], "worker", "--join", "keys/join.json")
    try scratch.setMode("keys/coordinator.json", 0o644)
    try await expectError(
      ["keys/coordinator.json", "chmod"], "search", "search.yaml", "--keys", "keys", "--output", "run")
    try scratch.setMode("keys/coordinator.json", 0o600)
    try scratch.setMode("keys", 0o777)
    try await expectError(
      ["keys", "changed by others"], "search", "search.yaml", "--keys", "keys", "--output", "run")
  }

  @Test func forgottenKeysOfAClusterAreNamed() async throws {
    try scratch.write("search.yaml", SearchText.brief())
    try await scratch.makeKeys("keys", port: HeldPort.free())
    let search = ["search", "search.yaml", "--output", "run", "--workers", "1"]
    #expect(try await scratch.start(["trawl"] + search + ["--keys", "keys"]).ending().end == .exited(0))
    let ending = try await scratch.start(["trawl"] + search + ["--resume"]).ending()
    expectOneLine(ending, ["run was started with the keys of a cluster", "--keys"])
    let moved = try await scratch.run("keys", "move", "tcp://localhost:5555", "--in", "run/keys")
    expectOneLine(moved, ["run/keys"])
  }

  @Test func keysAreNotOverwritten() async throws {
    try await scratch.makeKeys("keys", port: 5555)
    try await expectError(
      ["keys", "exists"], "keys", "new", "keys", "--endpoint", "tcp://127.0.0.1:5556")
  }

  @Test func runningSearchIsNotResumed() async throws {
    try scratch.write("search.yaml", SearchText.lasting())
    let run = Run(scratch: scratch)
    let search = try scratch.trawl("search", "search.yaml", "--output", "run", "--workers", "1")
    try await run.waitForResults(1, of: search)
    let join = try scratch.data("run/join.json")
    let second = try await scratch.run(
      "search", "search.yaml", "--output", "run", "--workers", "1", "--resume")
    expectOneLine(second, ["run is in use"])
    let port = try #require(scratch.object("run/join.json")["endpoint"]?.text)
    let third = try await scratch.run(
      "search", "search.yaml", "--output", "run", "--workers", "1", "--resume", "--listen", port)
    expectOneLine(third, ["run is in use"])
    #expect(try scratch.data("run/join.json") == join)
    try await run.waitForResults(3, of: search)
    search.send(SIGINT)
    #expect(try await search.ending().end == .exited(130))
  }

  private func expectError(
    _ words: [String], _ command: String..., at location: SourceLocation = #_sourceLocation
  ) async throws {
    try await expectError(words, command, at: location)
  }

  /// Runs a command that must print one line with these texts and change no file.
  private func expectError(
    _ words: [String], _ command: [String], at location: SourceLocation = #_sourceLocation
  ) async throws {
    let before = scratch.content
    let ending = try await scratch.start(["trawl"] + command).ending()
    expectOneLine(ending, words, at: location)
    let after = scratch.content
    let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    #expect(changed.isEmpty, sourceLocation: location)
  }

  private func expectOneLine(
    _ ending: Program.Ending, _ words: [String], at location: SourceLocation = #_sourceLocation
  ) {
    #expect(ending.end == .exited(2), sourceLocation: location)
    #expect(ending.output.isEmpty, sourceLocation: location)
    #expect(ending.errorLines.count == 1, sourceLocation: location)
    for word in words { #expect(ending.errors.contains(word), sourceLocation: location) }
  }
}

/// A dataset of tiny images in IDX files.
struct IDXSet {
  let images: Data
  let labels: Data

  init(images count: Int) {
    let size = UInt8(count)
    images = Data(
      [0, 0, 8, 3, 0, 0, 0, size, 0, 0, 0, 2, 0, 0, 0, 2] + (0..<4 * count).map { UInt8($0 % 256) })
    labels = Data([0, 0, 8, 1, 0, 0, 0, size] + (0..<count).map { UInt8($0 % 2) })
  }

  func write(to folder: String, in scratch: Scratch) throws {
    for name in ["train", "t10k"] {
      try scratch.write("\(folder)/\(name)-images-idx3-ubyte", images)
      try scratch.write("\(folder)/\(name)-labels-idx1-ubyte", labels)
    }
  }
}
