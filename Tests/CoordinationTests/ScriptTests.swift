import Foundation
import Testing

/// Scenarios of the protocol: each script in `Scripts` gives its traces. With TRAWL_REWRITE_GOLDEN=1 the traces are
/// written.
@Suite struct ScriptTests {
  private static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts")
  }

  /// The names of the scripts; empty if the folder cannot be read, which `scriptsUseAllDirectives` detects.
  private static let names: [String] = {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (files?.compactMap { ($0 as? URL)?.lastPathComponent } ?? []).filter { $0.hasSuffix(".txt") }
      .sorted()
  }()

  private static func text(of name: String) throws -> String {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
  }

  private static func location(_ name: String, _ line: Int) -> SourceLocation {
    SourceLocation(
      fileID: "CoordinationTests/\(name)", filePath: folder.appending(path: name).path, line: line, column: 1)
  }

  @Test(arguments: names) func tracesAreThoseOfTheScript(name: String) throws {
    let text = try Self.text(of: name)
    do {
      let script = try Script(text)
      let traces = try script.run()
      guard ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] == nil else {
        return try Data(script.text(with: traces).utf8).write(to: Self.folder.appending(path: name))
      }
      // After the first differences others follow.
      let different = zip(script.steps, traces).first { $0.expected != $1 }
      guard let (step, trace) = different else { return }
      Issue.record(
        "\(name):\(step.line): '\(step.directive)' has another trace:\n\(differences(step.expected, trace))",
        sourceLocation: Self.location(name, step.line))
    } catch let error as ScriptError {
      Issue.record("\(name):\(error.line): \(error.detail)", sourceLocation: Self.location(name, error.line))
    }
  }

  /// The removed and added lines, with three lines before the first.
  private func differences(_ expected: [String], _ actual: [String]) -> String {
    let change = actual.difference(from: expected)
    let same = zip(expected, actual).prefix { $0 == $1 }.map(\.0)
    let lines = (change.removals + change.insertions).map {
      switch $0 {
      case .remove(_, let line, _): "-\(line)"
      case .insert(_, let line, _): "+\(line)"
      }
    }
    return (same.suffix(3).map { " \($0)" } + lines).joined(separator: "\n")
  }

  @Test func scriptsUseAllDirectives() throws {
    var words: Set<Substring> = []
    for name in Self.names {
      for step in try Script(try Self.text(of: name)).steps {
        words.formUnion(step.directive.split(separator: " ").prefix(1))
      }
    }
    #expect(words == Set(Directive.allCases.map { Substring($0.rawValue) }))
  }

  @Test func tracesShowAllKindsOfMessages() throws {
    let traces = try Self.names.flatMap { try Script(try Self.text(of: $0)).steps.flatMap(\.expected) }
    let missing = ScriptNetwork.kinds.filter { kind in
      !traces.contains { $0.contains("-> \(kind)") || $0.contains("<- \(kind)") }
    }
    #expect(missing == [])
  }

  private static let file =
    "{ dataset: digits, model: { hidden: [8] }, train: { epochs: 1, lr: 0.1 }, search: { trials: 1 } }"
  private static let beginning = "search\n  \(file)\n----\n\njoin w1\n----\n\n"

  @Test(
    arguments: [
      ("", 1, "the last line does not end"),
      ("# nothing\n", 1, "no directive"),
      ("search", 1, "the last line does not end"),
      ("# a comment\n\nsearch\n  dataset: digits\n", 3, "no '----' follows 'search'"),
      ("----\n", 1, "'----' without a directive"),
      ("search\n  \(file)\n----\nadvance 5\n----\n", 5, "no empty line between a trace"),
      ("join w1\n----\n", 1, "'search' is the first directive"),
      ("search\n  datasets: digits\n----\n", 1, "datasets"),
      (beginning + "trian w1 1\n----\n", 8, "unknown directive 'trian'; known are search, join"),
      (beginning + "advance\n----\n", 8, "no seconds"),
      (beginning + "advance x\n----\n", 8, "seconds are a positive multiple of 0.5, not 'x'"),
      (beginning + "advance 0.3\n----\n", 8, "seconds are a positive multiple of 0.5, not '0.3'"),
      (beginning + "advance 1 2\n----\n", 8, "unexpected '2'"),
      (beginning + "join w2 slot=2\n----\n", 8, "unexpected 'slot'"),
      (beginning + "kill w2\n----\n", 8, "no worker 'w2'"),
      (beginning + "drop Reprot from w1\n----\n", 8, "no message is a 'Reprot'"),
      (beginning + "print\n  more\n----\n", 8, "'print' takes no further lines"),
      (beginning + "drop Finish to w1\n----\n\nprint\n----\n", 8, "1 Finish to the worker did not occur"),
      (beginning + "restore-database\n----\n", 8, "a coordinator runs"),
    ])
  func invalidScriptsAreRejectedWithTheirLine(text: String, line: Int, detail: String) {
    let error = #expect(throws: ScriptError.self) { try Script(text).run() }
    #expect(error?.line == line)
    #expect(error?.detail.contains(detail) == true, "\(error?.detail ?? "")")
  }

  @Test func onlyTracesAreRewritten() throws {
    let text = "# one\n\nsearch\n  dataset: digits\n----\nold\nolder\n\n# two\nprint\n----\nold\n\n# end\n"
    let script = try Script(text)
    #expect(
      script.text(with: [["new"], []])
        == "# one\n\nsearch\n  dataset: digits\n----\nnew\n\n# two\nprint\n----\n\n# end\n")
    #expect(script.text(with: script.steps.map(\.expected)) == text)
  }
}
