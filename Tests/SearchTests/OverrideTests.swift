import Testing

@testable import Search

@Suite struct OverrideTests {
  private func set(_ key: String, _ value: String) -> [SearchFile.Override] {
    [SearchFile.Override(key: key, value: value)]
  }

  @Test func replacesValuesOfTheFile() throws {
    let file = try parse(
      twoLayer, overrides: set("train.lr", "0.5") + set("model.hidden", "[9, 8]"))
    #expect(file.space.parameters.map(\.path) == ["train.l2"])
    let configuration = try #require(file.configuration(values: [.real(1e-6)]))
    #expect(configuration.real("train.lr") == 0.5)
    #expect(configuration.integers("model.hidden") == [9, 8])
  }

  @Test func addsValuesMissingInTheFile() throws {
    let text = "dataset: digits\nmodel: { hidden: [3], init: he }\ntrain: { lr: 1 }"
    let overrides =
      set("train.epochs", "7") + set("dataset.subset", "0.5") + set("model.init.normal", "2")
      + set("search.heartbeat", "1")
    let file = try parse(text, overrides: overrides)
    let configuration = try #require(file.configuration(values: []))
    #expect(configuration.integer("train.epochs") == 7)
    #expect(configuration.real("dataset.subset") == 0.5)
    #expect(configuration.word("dataset.name") == "digits")
    #expect(configuration.real("model.init.normal") == 2)
    #expect(file.heartbeatSeconds == 1)
  }

  @Test func textContainsTheOverrides() throws {
    let texts = [
      twoLayer, file(model: "init: { normal: 1 }"),
      file().replacing("digits", with: "{ idx: 'a \"b\" \\c: #d é', subset: 0.5 }") + "\naugment: {}",
      file().replacing("hidden: [32]", with: "hidden: { choice: [[], [128, 64]] }"),
    ]
    for text in texts {
      #expect(try parse(text).text == text)
      let overrides = set("train.lr", "{ uniform: [1, 2] }") + set("seed", "77")
      let changed = try parse(text, overrides: overrides)
      #expect(try parse(changed.text).differences(from: changed) == [])
      #expect(try parse(text).differences(from: changed).contains("seed"))
    }
  }

  @Test func acceptsADistributionAndTheShortForm() throws {
    let overrides = set("train.lr", "{ uniform: [1, 2], steps: 2 }") + set("dataset", "mnist")
    let file = try parse(twoLayer, overrides: overrides)
    #expect(file.space.parameters[1].distribution.count == 2)
    #expect(file.settings["dataset.name"] == .fixed(.word("mnist")))
  }

  @Test(arguments: [
    ("train.lr", "abc", "--set train.lr: needs a number above 0, not 'abc'"),
    ("train.lr", "", "--set train.lr: needs a number above 0, not nothing"),
    ("train.lr", "{ uniform: [2, 1] }", "--set train.lr: 'uniform' needs two numbers, low < high"),
    ("train.lr", "[1", "--set train.lr: not valid YAML; a comma or a closing bracket is missing"),
    ("train.rl", "1", "--set train.rl: unknown key; did you mean 'train.lr'?"),
    ("train.precision", "f16", "--set train.precision: needs f32 or bf16, not 'f16'; did you mean 'bf16'?"),
    (
      "final.train_on", "nothing", "--set final.train_on: needs all or train, not 'nothing'"
    ),
    ("model.hidden.0", "1", "--set model.hidden.0: unknown key; did you mean 'model.hidden'?"),
    ("", "1", "--set needs the path of a key, such as train.lr"),
    ("train..lr", "1", "--set train..lr: needs the path of a key, such as train.lr"),
    ("dataset.idx", "x", "--set dataset: takes name or idx, not both"),
  ])
  func errorNamesTheOption(key: String, value: String, message: String) {
    #expect(rejection(twoLayer, overrides: set(key, value)) == message)
  }
}
