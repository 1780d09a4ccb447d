import Testing
import Trials

@testable import Search

/// The positions of mistakes, and several mistakes in one file.
@Suite struct MistakePlaceTests {
  @Test func allMistakesAreReportedByLine() {
    let text = """
      dataset: digits
      model:
        hiden: [3]
        activation: gelu
      train:
        epochs: 0
        lr: { uniform: [2, 1] }
        bacth: 5
      search:
        halving: { factor: 2 }
      """
    #expect(
      rejection(text).split(separator: "\n").map { $0.prefix { $0 != ";" } } == [
        "search.yaml:3: model.hiden: unknown key",
        "search.yaml:4: model.activation: needs relu, leaky_relu, tanh or sigmoid, not 'gelu'",
        "search.yaml:6: train.epochs: needs a whole number from 1 to 100000, not '0'",
        "search.yaml:7: train.lr: 'uniform' needs two numbers, low < high",
        "search.yaml:8: train.bacth: unknown key",
      ])
    let layers = file().replacing("hidden: [32]", with: "hidden: [{ int: 5 }, 8, { randint: [1, 9] }, 0]")
    #expect(rejection(layers).split(separator: "\n").count == 3, "each element of a list")
    #expect(rejection("name: x").split(separator: "\n").count == 4, "all missing keys")
    let overrides = [("train.lrr", "1"), ("train.batch", "0")].map {
      SearchFile.Override(key: $0.0, value: $0.1)
    }
    #expect(rejection(file(), overrides: overrides).split(separator: "\n").count == 2)
  }

  @Test func errorFoundByTheCallerGetsTheLineOfItsField() throws {
    let text =
      "dataset:\n  name: digits\n\nmodel:\n  hidden:\n    - 3\n    - int: [1, 2]\n"
      + "train: { epochs: 1, lr: 1 }"
    let overrides = [SearchFile.Override(key: "train.batch", value: "9")]
    let file = try parse(text + "\nsearch: { trials: 1 }", overrides: overrides)
    let lines = [
      "dataset.name", "dataset.idx", "model.hidden.1", "model.hidden.0", "train.lr", "train.batch",
      "augment.rotate",
    ].map { "\(file.error(at: $0, "is wrong"))" }
    #expect(
      lines == [
        "search.yaml:2: dataset.name: is wrong", "search.yaml:2: dataset.idx: is wrong",
        "search.yaml:7: model.hidden.1: is wrong", "search.yaml:6: model.hidden.0: is wrong",
        "search.yaml:8: train.lr: is wrong", "--set train.batch: is wrong",
        "search.yaml: augment.rotate: is wrong",
      ])
  }

  @Test func invalidUTF8IsRejectedWithItsLine() throws {
    let bytes = Array("name: a\nseed: ".utf8) + [0xff, 0xfe]
    let error = #expect(throws: SearchFileError.self) {
      try SearchFile.parse(bytes, file: "dir/a.yaml")
    }
    #expect(error?.description == "dir/a.yaml:2: is not UTF-8 text")
    let parsed = try SearchFile.parse(Array(twoLayer.utf8), file: "search.yaml")
    #expect(try parsed.settings == parse(twoLayer).settings)
  }

  @Test func errorInABlockListNamesItsOwnLine() {
    let text = """
      dataset: digits
      model:
        hidden:
          - 32
          - int: [1, 2]
            # a comment
            steps: 3
      train:
        epochs: 3
        lr:
          log_uniform:
            - 1
            - -1
      """
    #expect(
      rejection(text).split(separator: "\n").first
        == "search.yaml:5: model.hidden.1: 'steps' is 3, but the range has only 2 whole numbers"
    )
    #expect(
      rejection(text.replacing("steps: 3", with: "steps: 2")).split(separator: "\n").first
        == "search.yaml:13: train.lr: each end of 'log_uniform' needs a number above 0, not '-1'")
  }
}
