import Foundation
import Search
import Testing

@testable import Trials

/// The parts of a program's attempt that need no process.
@Suite struct ProgramPartsTests {
  private static let reports: [(line: String, epoch: Int?, metrics: [String: Double])] = [
    (#"{"epoch": 3, "auc": 0.5, "note": "x", "ok": true, "list": [1]}"#, 3, ["auc": 0.5]),
    (#"{"auc": 1e-3, "loss": 2}"#, nil, ["auc": 0.001, "loss": 2]),
    (#"{"auc": Infinity, "loss": -Infinity}"#, nil, ["auc": .infinity, "loss": -.infinity]),
    ("{}", nil, [:]),
  ]

  @Test(arguments: reports)
  func reportsAreRead(line: String, epoch: Int?, metrics: [String: Double]) throws {
    let report = try ReportLine(line)
    #expect(report.epoch == epoch)
    #expect(Dictionary(uniqueKeysWithValues: report.metrics.map { ($0.name, $0.value) }) == metrics)
    #expect(try ReportLine(#"{"auc": NaN}"#).metrics[0].value.isNaN)
  }

  @Test(arguments: [
    "", "x", "[1]", "{\"auc\": 0.5", "{\"epoch\": 0}", "{\"epoch\": 1.5}", "{\"epoch\": \"1\"}",
    "{\"epoch\": NaN}",
    "{\"a\\nb\": 1}", "{\"\": 1}", "{\"epoch\": 1e300}",
  ])
  func otherLinesAreNoReports(line: String) {
    #expect(throws: ReportLine.Problem.self) { try ReportLine(line) }
  }

  @Test func reportsInOutputMayFollowAProgressBar() {
    #expect(ReportLine.text(inOutput: "\r 50%|### trawl: {\"a\": 1}") == "{\"a\": 1}")
    #expect(ReportLine.text(inOutput: "trawl: {\"a\": 1}\r") == "{\"a\": 1}\r")
    #expect(ReportLine.text(inOutput: "trawl: no") == nil)
  }

  @Test func linesAreSplitAtAnyPlaceAndCut() {
    let bytes = Array("one\ntwo\n\nlast".utf8)
    for size in 1...bytes.count {
      var splitter = LineSplitter()
      var lines: [String] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        lines += splitter.append(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(lines == ["one", "two", ""] && splitter.end() == "last" && splitter.end() == nil)
    }
    var splitter = LineSplitter()
    let long = [UInt8](repeating: 120, count: LineSplitter.mostBytes)
    #expect(splitter.append(long + long + [10]).map(\.utf8.count) == [LineSplitter.mostBytes])
  }

  @Test func lastLineIsThatWithText() {
    var tail = OutputTail()
    #expect(tail.lastLine == nil)
    tail.append(Array("Traceback\nValueError: x\r\n  \n".utf8))
    #expect(tail.lastLine == "ValueError: x")
    for _ in 0..<40 { tail.append([UInt8](repeating: 46, count: 1 << 15) + [13]) }
    tail.append(Array("100%".utf8))
    #expect(tail.lastLine == "100%")
  }

  @Test func placeholdersAreReplaced() {
    let template = CommandTemplate(words: [
      "run", "${args}", "-w${width}x${none}", "$${width}", "${width", "$width",
    ])
    #expect(
      template.arguments(["--a", "--b"], ["width": "3 4"])
        == ["run", "--a", "--b", "-w3 4x", "${width}", "${width", "$width"])
    #expect(template.words.flatMap(CommandTemplate.placeholders) == ["args", "width", "none"])
  }

  // MARK: Archives

  private func folder() throws -> String {
    let path = NSTemporaryDirectory() + "trawl-archive-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test func folderIsUnpackedAsItWasPacked() throws {
    let (from, to) = (try folder(), try folder())
    defer { for path in [from, to] { removeFolder(path) } }
    try FileManager.default.createDirectory(atPath: from + "/a/b", withIntermediateDirectories: true)
    try Data(0...255).write(to: URL(filePath: from + "/a/b/data"))
    try Data().write(to: URL(filePath: from + "/empty"))
    chmod(from + "/empty", 0o755)
    symlink("/etc/passwd", from + "/link")
    mkfifo(from + "/pipe", 0o600)
    let archive = try FolderArchive.pack(from, of: "7 1")
    #expect(try FolderArchive.pack(from, of: "8 1") != archive)
    #expect(FolderArchive.unpack(archive, into: to))
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: to).sorted() == ["a", "a/b", "a/b/data", "empty"])
    #expect(FileManager.default.contents(atPath: to + "/a/b/data") == Data(0...255))
    #expect(access(to + "/empty", X_OK) == 0)
    #expect(!FolderArchive.unpack(archive, into: to), "files are not overwritten")
  }

  /// Damaged and hostile archives write nothing outside the folder.
  @Test func otherArchivesAreRejected() throws {
    func archive(_ path: String, size: UInt64 = 1) -> [UInt8] {
      let name = Array(path.utf8)
      return Array("trawl folder 1 x\n".utf8) + [UInt8(name.count), 0, 0, 0] + name + [0]
        + withUnsafeBytes(of: size.littleEndian) { Array($0) } + [65]
    }
    let parent = try folder()
    defer { removeFolder(parent) }
    let inside = parent + "/in"
    mkdir(inside, 0o700)
    for path in ["../x", "/tmp/x", "a/../../x", "", ".", "a//b", "a/", "x\u{0}y"] {
      #expect(!FolderArchive.unpack(archive(path), into: inside), "\(path)")
    }
    for size in [2, UInt64.max, 1 << 63] {
      #expect(!FolderArchive.unpack(archive("x", size: size), into: inside))
    }
    for bytes in [[], Array("other".utf8), Array("trawl folder 1 x".utf8)] {
      #expect(!FolderArchive.unpack(bytes, into: inside))
    }
    let whole = archive("x")
    for count in 18..<whole.count { #expect(!FolderArchive.unpack(Array(whole[..<count]), into: inside)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["in"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: inside).isEmpty)
    #expect(FolderArchive.unpack(whole, into: inside))
  }

  // MARK: Search files

  @Test func parametersKeepTheirTypes() throws {
    let text = """
      program: { command: [x, "${args}"] }
      params:
        model: { width: 3, name: "1.0", rate: 1.0, tiny: 1e-7 }
        flags: [true, "true", 0.5]
        left_out: null
        optimizer: { choice: [{ sgd: { lr: { choice: [0.5] } } }] }
      search: { objective: { maximize: auc }, trials: 1 }
      """
    let file = try SearchFile.parse(text, file: "search.yaml", inertKeys: .rejected)
    let configuration = try #require(file.configuration(values: file.values(trial: 0)))
    let parameters = ProgramParameters(configuration)
    #expect(
      parameters.json == """
        {"flags": [true, "true", 0.5], "model": {"name": "1.0", "rate": 1.0, "tiny": 1e-07, "width": 3}, \
        "optimizer": "sgd", "optimizer.lr": 0.5}

        """)
    // The recipe has the same parameters.
    let recipe = file.recipe(of: configuration, seed: 0)
    let again = try SearchFile.parse(recipe, file: "recipe.yaml", inertKeys: .rejected)
    let same = try #require(again.configuration(values: again.values(trial: 0)))
    #expect(ProgramParameters(same).json == parameters.json, "\(recipe)")
  }

  @Test(arguments: [
    (
      "params: { lr: { min: 0.1, max: 1 } }",
      "params.lr: needs a number, true, false, a text, or a list of them, or a distribution: write { uniform: [0.1, 1] }"
    ),
    ("params: { 1a: 3 }", "params.1a: needs a name of letters, digits, _ and -"),
    ("params: { x: { uniform: [1, 0] } }", "params.x: 'uniform' needs two numbers, low < high"),
    (
      "dataset: digits\nparams: {}", "dataset: unknown key; allowed here: name, seed, program, search, params"
    ),
    ("search: { halving: { min_epochs: 1 } }", "search.halving"),
  ])
  func mistakesAreNamed(lines: String, message: String) {
    let rest = lines.hasPrefix("search:") ? "" : "search: { objective: { maximize: auc }, trials: 3 }"
    let error = #expect(throws: SearchFileError.self) {
      try SearchFile.parse("program: { command: [x, \"${args}\"] }\n\(lines)\n\(rest)\n", file: "a.yaml")
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains(message), "\(text)")
  }
}
