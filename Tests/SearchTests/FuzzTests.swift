import Fuzzing
import Randomness
import Testing
import Trials

@testable import Search

/// Invalid input gives an error and never traps.
@Suite struct FuzzTests {
  private static let fragments = [
    "{", "}", "[", "]", ":", "- ", "\n", "\t", "  ", "'", "\"", "#", "&a ", "*a", "!!str ", "|",
    ">",
    "? ", "%", "@", "choice: ", "uniform: ", "int: ", "steps: ", "0", "-1", "1e308", "null", "~",
    "train:", "model:", "hidden: ", "[200, 299]", "\u{0}", "\u{202e}", "\u{feff}", "---\n", "<<: ",
    "require: ", "<= ", " or ", "(", "+ ", "momentum", "{ sgd: { l2: 1 } }",
  ]

  @Test func mutatedFilesAreParsedOrGiveOneLineErrors() {
    var accepted = 0
    let corpus = [
      twoLayer, file(model: "init: { normal: 1 }"),
      file(train: "lr: { uniform: [1, 2], steps: 3 }", search: "sampler: random-grid"),
      file(train: "lr: { uniform: [1, 2] }", search: "sampler: tpe, trials: 9, lag: 2"),
      file(
        train: """
          lr: { log_uniform: [0.01, 1], steps: 3 },
            optimizer: { choice: [sgd, { momentum: { momentum: { choice: [0.1, 0.9] }, l2: 1 } }] }
          """, search: "sampler: grid, require: [momentum < lr * 2, optimizer != sgd or lr > 0.1]"),
    ].map { Array($0.utf8) }
    let words = Self.fragments.map { Array($0.utf8) }
    Fuzzing("search files", corpus: corpus, words: words).run(1500) { bytes, _ in
      do {
        let file = try SearchFile.parse(bytes, file: "fuzz.yaml")
        accepted += 1
        var suggestions = Suggestions(of: file)
        let values = suggestions.values(trial: file.sampler.learns ? 0 : file.trials - 1)
        #expect(values.flatMap { file.configuration(values: $0) } != nil)
      } catch {
        for line in "\(error)".split(separator: "\n", omittingEmptySubsequences: false) {
          #expect(line.hasPrefix("fuzz.yaml"))
          #expect(!line.contains(where: \.isNewline) && line.count < 600, "\(line)")
        }
      }
    }
    #expect(accepted > 100)
  }

  @Test func deepNestingIsRejected() {
    for opening in ["[", "{ a: ", "- ", "? ", "{ ? "] {
      let text = String(repeating: opening, count: 32_000 / opening.utf8.count)
      #expect(rejection(text) == "search.yaml:1: sections are nested too deeply", "\(opening)")
    }
  }

  @Test func aliasBombsAreRejected() {
    var text = "a0: &a0 [x, x]\n"
    for level in 1..<60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    text += "? *a59\n: 1\n"
    #expect(rejection(text).contains("aliases"))
  }

  @Test func untrustedValuesNeverTrap() throws {
    let file = try parse(
      file(
        model: "activation: { choice: [relu, tanh] }, init: { normal: { uniform: [1, 2] } }",
        train: "lr: { log_uniform: [1, 2], steps: 5 }, batch: { log_int: [1, 9] }"))
    var generator = Philox(seed: 12, stream: 1)
    func value() -> Value {
      switch generator.below(5) {
      case 0: .integer(Int(bitPattern: UInt(generator.next())))
      case 1: .real(Double(bitPattern: generator.next()))
      case 2: .word("relu")
      case 3: .integers([1])
      default: .integer(3)
      }
    }
    for _ in 0..<2000 {
      let values = (0..<Int(generator.below(6))).map { _ in value() }
      #expect((file.configuration(values: values) != nil) == file.space.contains(values))
    }
  }
}
