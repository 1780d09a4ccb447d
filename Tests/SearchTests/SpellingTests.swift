import Testing
import Trials

@testable import Search

/// Files as people write them: spellings of other tools, other editors, and more of YAML.
@Suite struct SpellingTests {
  /// Values of `train` in the notation of other tools, and their equivalent.
  static let equivalents = [
    ("lr: { loguniform: [0.001, 0.1] }", "write { log_uniform: [0.001, 0.1] }"),
    ("lr: { log-uniform: [1e-3, 0.1] }", "write { log_uniform: [1e-3, 0.1] }"),
    ("lr: { min: 0.001, max: 0.1 }", "write { uniform: [0.001, 0.1] }"),
    (
      "lr: { distribution: log_uniform_values, min: 0.001, max: 0.1 }",
      "write { log_uniform: [0.001, 0.1] }"
    ),
    ("lr: { low: 0.001, high: 0.1, log: true }", "write { log_uniform: [0.001, 0.1] }"),
    ("lr: { values: [0.1, 0.2, 0.3] }", "write { choice: [0.1, 0.2, 0.3] }"),
    ("lr: { value: 0.1 }", "write 0.1"),
    ("lr: [0.001, 0.1]", "write { choice: [0.001, 0.1] } or { uniform: [0.001, 0.1] }"),
    ("lr: 1, batch: { randint: [16, 64] }", "write { int: [16, 64] }"),
    ("lr: 1, batch: [16, 32, 64]", "write { choice: [16, 32, 64] }"),
    ("lr: 1, optimizer: { categorical: [sgd, adamw] }", "write { choice: [sgd, adamw] }"),
    ("lr: 1, optimizer: [sgd, adamw]", "write { choice: [sgd, adamw] }"),
  ]

  @Test(arguments: equivalents)
  func distributionOfAnotherToolGetsItsEquivalent(train: String, equivalent: String) throws {
    #expect(rejection(file(train: train)).hasSuffix(equivalent))
    // The equivalent is valid.
    let key = train.contains("batch") ? "batch" : train.contains("optimizer") ? "optimizer" : "lr"
    let value = equivalent.dropFirst(6).split(separator: " or ")[0]
    _ = try parse(file(train: key == "lr" ? "lr: \(value)" : "lr: 1, \(key): \(value)"))
  }

  static let mistakes = [
    (
      file().replacing("dataset: digits", with: "dataset: ./digits"),
      "search.yaml:1: dataset.name: needs a name; for a folder, write dataset: { idx: ./digits }"
    ),
    (
      "train:\n  epochs:2\n  lr: 1",
      "search.yaml:2: not valid YAML; write a space after each colon, as in 'epochs: 2'"
    ),
    (
      file(train: "batch:2, lr: 1"), "search.yaml:3: train.batch:2: needs a space after the colon: 'batch: 2'"
    ),
    (
      "train:\n  lr: 1\n epochs: 2",
      "search.yaml:3: not valid YAML; keys of the same section need the same indentation, and each key a colon"
    ),
    ("seed: 1\nmodel: {}\nseed: 2", "search.yaml:3: duplicate key 'seed'"),
    (
      "train:\n  lr: 1\n  batch: 2\n  lr: 3\n", "search.yaml:4: duplicate key 'lr'"
    ),
    (
      "seed:\u{a0}1", "search.yaml:1: has a no-break or other special space; replace it with a plain space"
    ),
  ]

  @Test(arguments: mistakes)
  func mistakeOfNotationIsExplained(text: String, message: String) {
    #expect(rejection(text).split(separator: "\n").first == message[...])
  }

  @Test func overrideWithoutItsSectionIsCompleted() {
    let override = SearchFile.Override(key: "lr", value: "0.1")
    #expect(rejection(file(), overrides: [override]) == "--set lr: unknown key; did you mean 'train.lr'?")
  }

  @Test func shareAndCountOfValidationImagesDiffer() throws {
    func validation(_ text: String) -> String {
      file().replacing("dataset: digits", with: "dataset: { name: digits, validation: \(text) }")
    }
    #expect(try parse(validation("1")).configuration(values: [])?["dataset.validation"] == .integer(1))
    #expect(rejection(validation("1.0")).contains("not '1.0'"))
    #expect(rejection(validation("2.5")).contains("not '2.5'"))
    #expect(try parse(validation("1e3")).configuration(values: [])?["dataset.validation"] == .integer(1000))
  }

  @Test func byteOrderMarkIsSkipped() throws {
    let plain = try parse(file())
    let marked = try SearchFile.parse([0xef, 0xbb, 0xbf] + Array(file().utf8), file: "search.yaml")
    #expect(marked.settings == plain.settings && marked.text == plain.text)
    #expect(throws: SearchFileError.self) {
      try SearchFile.parse([0xff, 0xfe, 0x61, 0], file: "search.yaml")
    }
  }

  @Test func anchorsAliasesAndMergeKeysAreExpanded() throws {
    let text = """
      dataset: digits
      model: { hidden: &width [32], activation: &word tanh }
      train:
        <<: &base { epochs: 3, batch: 7, lr: { uniform: &ends [1, 2] } }
        batch: 9
      search: { trials: 5 }
      """
    let expanded = try parse(
      """
      dataset: digits
      model: { hidden: [32], activation: tanh }
      train: { epochs: 3, batch: 9, lr: { uniform: [1, 2] } }
      search: { trials: 5 }
      """)
    #expect(try parse(text).differences(from: expanded).isEmpty)
    let aliased = text.replacing(
      "search: { trials: 5 }", with: "search: { trials: 5 }\naugment: { shift: &s 0.1, scale: *s }")
    #expect(try parse(aliased).configuration(values: [.real(1)])?["augment.scale"] == .real(0.1))
    let list = "x: &x { epochs: 3 }\n"
    #expect(rejection(list + file()).hasPrefix("search.yaml:1: x: unknown key"))
    #expect(
      try parse(
        file(train: "lr: 1").replacing(
          "train: { epochs: 3,", with: "train: { <<: [{ epochs: 3 }, { epochs: 4 }],")
      )
      .configuration(values: [])?["train.epochs"] == .integer(3))
    #expect(rejection(file(train: "lr: 1, <<: 5")).contains("merge key"))
  }

  @Test func nullInAChoiceLeavesTheKeyOut() throws {
    let file = try parse(
      file(train: "lr: 1, patience: { choice: [null, 1] }", search: "sampler: grid"))
    #expect(file.trials == 2)
    #expect(file.configuration(values: file.values(trial: 0))?.has("train.patience") == false)
    #expect(file.configuration(values: file.values(trial: 1))?["train.patience"] == .integer(1))
    #expect(rejection(Self.train("lr: { choice: [null, 1] }")).contains("not 'null'"))
    // In a choice it is the default, too.
    let momentum = try parse(
      Self.train("lr: 1, optimizer: nesterov, momentum: { choice: [null, 0.5] }"))
    #expect(momentum.configuration(values: [.omitted])?["train.momentum"] == .real(0.9))
    // Null alone is the default.
    #expect(
      try parse(Self.train("lr: 1, momentum: null")).configuration(values: [])?["train.momentum"]
        == .real(0.9))
  }

  private static func train(_ keys: String) -> String { SearchTests.file(train: keys) }

  @Test func fewerConfigurationsThanTrialsAreNoticed() throws {
    let text = file(train: "lr: { choice: [1, 2] }, batch: { int: [1, 3] }", search: "trials: 7")
    #expect(
      try parse(text).notices == [
        "search.trials: the space has only 6 configurations, so some repeat; 'sampler: random-grid' runs each once"
      ])
    #expect(try parse(text.replacing("trials: 7", with: "trials: 6")).notices.isEmpty)
  }
}
