import Foundation
import Testing

/// Own datasets, written by the Python scripts of the article on datasets.
@Suite
struct DatasetTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// The Python blocks of the article.
  private static var scripts: [String] {
    get throws {
      let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
      let article = try String(
        contentsOf: root.appending(path: "Sources/trawl/trawl.docc/Datasets.md"), encoding: .utf8)
      return article.components(separatedBy: "```python\n").dropFirst().map {
        $0.components(separatedBy: "```")[0]
      }
    }
  }

  /// Runs a script; false, with a message, if there is no Python with the modules it needs.
  private func run(_ script: String, needs modules: String...) async throws -> Bool {
    let python = ProcessInfo.processInfo.environment["TRAWL_TEST_PYTHON"] ?? "python3"
    let imports = modules.map { "import \($0)\n" }.joined()
    guard try await scratch.start([python, "-c", imports]).ending().end == .exited(0) else {
      print("DatasetTests: skipped, \(python) is missing or lacks one of: \(modules.joined(separator: ", "))")
      return false
    }
    let ending = try await scratch.start([python, "-c", script]).ending()
    #expect(ending.end == .exited(0), "\(ending.errors)")
    return true
  }

  /// A recipe that holds out a number of images.
  private func writeRecipe(holdingOut count: Int, lr: String = "0.1") throws {
    try scratch.write(
      "recipe.yaml",
      """
      dataset: { idx: ./halves, validation: \(count) }
      model: { hidden: [8] }
      train: { epochs: 3, batch: 16, lr: \(lr) }
      search: { trials: 2 }
      """)
  }

  private let labelNote = "note: labels 1 to 2 are classes 0 to 1"

  @Test func labelsFromOneAreShownFromTheFilesToTheTest() async throws {
    guard try await run(Self.scripts[0]) else { return }
    let inspected = try await scratch.run("data", "inspect", "./halves")
    #expect(inspected.output.contains("images: 4 x 6 pixels, 2 classes\n"), "\(inspected.errors)")
    #expect(inspected.output.contains("\(labelNote)\n"))
    try writeRecipe(holdingOut: 12)
    let training = try await scratch.run("train", "recipe.yaml", "--output", "model")
    #expect(training.end == .exited(0), "\(training.errors)")
    let notes = training.errorLines.filter { $0.hasPrefix("note: ") }
    #expect(notes == [labelNote, "note: validation accuracy is measured on 12 images; one image is 8.3 %"])
    let test = try await scratch.run("test", "model")
    let lines = test.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.suffix(3).first?.prefix(3) == ["label", "images", "accuracy"])
    #expect(lines.suffix(2).map { $0.first } == ["1", "2"])
    let json = try parsedObject(await scratch.run("test", "model", "--json").output)
    #expect(json["labels"]?.list == [.number(1), .number(2)])
    #expect(try #require(json["test_accuracy"]?.number) > 0.9)
    #expect(try scratch.text("model/confusion.svg").contains(">2<"))
  }

  @Test func searchReportsItsDataOnce() async throws {
    guard try await run(Self.scripts[0]) else { return }
    try writeRecipe(holdingOut: 50, lr: "{ uniform: [0.05, 0.2] }")
    let search = try await scratch.run("search", "recipe.yaml", "--output", "run", "--workers", "1")
    #expect(search.end == .exited(0), "\(search.errors)")
    let notes = search.errorLines.filter { $0.hasPrefix("note: labels") || $0.hasPrefix("note: validation") }
    #expect(notes == [labelNote, "note: validation accuracy is measured on 50 images; one image is 2.0 %"])
  }

  @Test func remoteWorkerReportsItsData() async throws {
    guard try await run(Self.scripts[0]) else { return }
    try writeRecipe(holdingOut: 200, lr: "{ uniform: [0.05, 0.2] }")
    let search = try scratch.trawl(
      "search", "recipe.yaml", "--output", "run", "--workers", "0", "--listen", "tcp://127.0.0.1:0")
    let worker = try await scratch.run("worker", "--join", "run/join.json", "--slots", "2")
    #expect(worker.end == .exited(0), "\(worker.errors)")
    #expect(worker.errorLines.filter { $0.hasPrefix("note: ") } == [labelNote])
    let ending = try await search.ending()
    #expect(ending.end == .exited(0) && !ending.errors.contains("labels"), "\(ending.errors)")
  }

  @Test func testOfASearchNamesWhatToTest() async throws {
    guard try await run(Self.scripts[0]) else { return }
    try writeRecipe(holdingOut: 200, lr: "{ uniform: [0.05, 0.2] }")
    let search = try await scratch.run("search", "recipe.yaml", "--output", "run", "--workers", "1")
    #expect(search.end == .exited(0), "\(search.errors)")
    let run = try await scratch.run("test", "run")
    #expect(run.errors == "trawl: run is a search; name the folder of its best trial, run/best\n")
    let best = try await scratch.run("test", "run/best")
    #expect(
      best.end == .exited(2)
        && best.errors.contains("'trawl train run/best/recipe.yaml --output NAME' trains one"))
  }

  @Test func labelsOfFashionMNISTHaveNames() async throws {
    try IDXSet(images: 40).write(to: "data/fashion-mnist", in: scratch)
    try scratch.write(
      "recipe.yaml", "dataset: fashion-mnist\nmodel: { hidden: [2] }\ntrain: { epochs: 1, batch: 8, lr: 0.1 }"
    )
    let data = ["TRAWL_DATA_PATH": "\(scratch.path)/data"]
    let training = try await scratch.run("train", "recipe.yaml", "--output", "model", environment: data)
    #expect(training.end == .exited(0), "\(training.errors)")
    let test = try await scratch.run("test", "model", environment: data)
    #expect(test.output.contains("0 T-shirt/top") && test.output.contains("9 ankle boot"), "\(test.errors)")
  }

  @Test func homeFolderIsExpanded() async throws {
    guard try await run(Self.scripts[0]) else { return }
    try writeRecipe(holdingOut: 200)
    let words = ["trawl", "train", "recipe.yaml", "--set", "dataset.idx=~/halves", "--output", "model"]
    let home = ["HOME": scratch.path]
    #expect(try await scratch.start(words, environment: home).ending().end == .exited(0))
    #expect(try await scratch.run("test", "model/model.safetensors", environment: home).end == .exited(0))
  }

  @Test func splitWithoutTrainingImagesIsAnError() async throws {
    guard try await run(Self.scripts[0]) else { return }
    try writeRecipe(holdingOut: 1000)
    for command in ["train", "search"] {
      let ending = try await scratch.run(command, "recipe.yaml")
      #expect(ending.end == .exited(2))
      #expect(ending.errorLines.count == 1)
      #expect(
        ending.errors.contains(
          "recipe.yaml:1: dataset.validation: holds out 1000 of 1000 images and leaves none for training"))
    }
  }

  @Test func arraysAndPicturesBecomeDatasets() async throws {
    let (arrays, pictures) = try (Self.scripts[1], Self.scripts[2])
    guard try await run(arrays, needs: "numpy") else { return }
    let levels = try await scratch.run("data", "inspect", "./levels")
    #expect(levels.output.contains("images: 8 x 5 pixels, 3 classes\ntrain: 800 images"), "\(levels.errors)")
    let paint = """
      import os
      from PIL import Image
      for name, grey in [("cat", 10), ("dog", 200)]:
          os.makedirs(f"pictures/{name}")
          for index in range(10): Image.new("RGB", (40, 30), (grey, grey, grey)).save(f"pictures/{name}/{index}.png")

      """
    let rest = try #require(arrays.range(of: "def write_idx"))
    let script = paint + pictures + "import os\n" + arrays[rest.lowerBound...]
    guard try await run(script, needs: "numpy", "PIL") else { return }
    let painted = try await scratch.run("data", "inspect", "./levels")
    #expect(
      painted.output.contains("images: 28 x 28 pixels, 2 classes\ntrain: 16 images"), "\(painted.errors)")
  }
}
