import Foundation
import Testing

/// The whole text of the most common errors, in a golden file. With TRAWL_REWRITE_GOLDEN=1 the file is written.
@Suite struct CommonErrorsTests {
  private static let golden = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Golden/errors.txt")

  private static var cache: String {
    ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? "\(NSHomeDirectory())/.cache"
  }

  /// The changed line of the search file `search.yaml` of each command, if any, and the command.
  private static let cases: [(old: String, new: String, command: String)] = [
    ("epochs: 2", "epochs: 2, bacth: 64", "trawl search search.yaml"),
    ("{ uniform: [0.05, 0.5] }", "{ loguniform: [0.05, 0.5] }", "trawl search search.yaml"),
    ("{ uniform: [0.05, 0.5] }", "[0.05, 0.5]", "trawl search search.yaml"),
    ("epochs: 2", "epochs: many, momentum: 0.9, schedule: linear", "trawl search search.yaml"),
    ("epochs: 2", "epochs: 2, momentum: 0.9", "trawl search search.yaml"),
    ("epochs: 2", "epochs:2", "trawl search search.yaml"),
    ("model:", "  model:", "trawl search search.yaml"),
    ("name: digits", "name: fashion_mnist", "trawl search search.yaml"),
    ("trials: 4, ", "", "trawl search search.yaml"),
    ("trials: 4", "trials: 4, halving: { min_epochs: 5 }", "trawl search search.yaml"),
    ("trials: 4", "trials: 4, sampler: grid", "trawl search search.yaml"),
    ("", "", "trawl search search.yaml --set lr=0.1"),
    ("", "", "trawl search missing.yaml"),
    ("", "", "trawl serach search.yaml"),
    ("", "", "trawl search search.yaml --output other"),
    ("", "", "trawl search search.yaml --output empty --resume"),
    ("", "", "trawl search search.yaml --listen 5555"),
    ("", "", "trawl train search.yaml"),
    ("", "", "trawl worker --join other"),
    ("", "", "trawl worker --join open/join.json"),
    ("", "", "trawl results empty"),
    ("", "", "trawl test search.yaml"),
    ("", "", "trawl plot empty"),
  ]

  @Test func errorsAreThoseOfTheGoldenFile() async throws {
    try await Prepared.digits.value
    let scratch = try Scratch()
    try scratch.write("other/notes.txt", "mine")
    try scratch.write("empty/.keep", "")
    try scratch.write("open/join.json", "{}")
    var transcript = ""
    for (old, new, command) in Self.cases {
      try #require(old.isEmpty || SearchText.brief().contains(old))
      try scratch.write(
        "search.yaml", old.isEmpty ? SearchText.brief() : SearchText.brief().replacing(old, with: new))
      let ending = try await scratch.start(command.split(separator: " ").map(String.init)).ending()
      transcript += (new.isEmpty ? "" : "# \(new)\n") + "$ \(command)\n\(ending.output)\(ending.errors)"
      transcript += "# \(ending.end)\n\n"
    }
    transcript = transcript.replacing(Self.cache, with: "CACHE")
    if ProcessInfo.processInfo.environment["TRAWL_REWRITE_GOLDEN"] != nil {
      try transcript.write(to: Self.golden, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOf: Self.golden, encoding: .utf8)
    for (found, wanted) in zip(transcript.split(separator: "\n\n"), expected.split(separator: "\n\n")) {
      #expect(found == wanted)
    }
    #expect(transcript.count == expected.count)
  }
}
