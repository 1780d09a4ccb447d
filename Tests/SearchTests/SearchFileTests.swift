import Testing
import Trials

@testable import Search

@Suite struct SearchFileTests {
  @Test func readsTheSearchOfReferenceSystemA() throws {
    let file = try parse(twoLayer)
    #expect(file.name == "mnist-two-layer")
    #expect(file.seed == 2023)
    #expect(file.sampler == .random)
    #expect(file.trials == 50)
    #expect(file.goal == .valAccuracy)
    #expect(file.notices.isEmpty)
    #expect(file.space.parameters.map(\.path) == ["model.hidden.0", "train.lr", "train.l2"])
    #expect(file.space.parameters.map(\.column) == ["hidden", "lr", "l2"])
    #expect(
      file.space.parameters.map(\.distribution.shape) == [
        .int(low: 200, high: 299), .uniform(low: 0.15, high: 0.25),
        .logUniform(low: 1e-7, high: 1e-4),
      ])
  }

  @Test func omittedFieldsHaveTheirDefaults() throws {
    let text = "dataset: digits\nmodel: { hidden: 64 }\ntrain: { epochs: 2, lr: 1e-1 }"
    let file = try SearchFile.parse(text, file: "runs/my first.search.yaml")
    #expect(file.name == "my-first.search")
    #expect(file.seed == 0)
    #expect(file.numerics == .native)
    #expect(file.heartbeatSeconds == 5)
    #expect(file.leaseSeconds == 30)
    #expect(file.space.isEmpty)
    #expect(file.trials == 1)
    let configuration = try #require(file.configuration(values: []))
    #expect(configuration.word("dataset.name") == "digits")
    #expect(configuration.real("dataset.subset") == 1)
    #expect(configuration["dataset.validation"] == .real(0.2))
    #expect(configuration.integer("dataset.split") == 0)
    #expect(configuration.integers("model.hidden") == [64])
    #expect(configuration.word("model.init") == "he")
    #expect(configuration.integer("train.batch") == 128)
    #expect(configuration.real("train.lr") == 0.1)
    #expect(configuration.real("train.l2") == 0)
    #expect(!configuration.has("search.trials"))
  }

  @Test func splitDefaultsToTheSeed() throws {
    let text = file()
    let followed = try #require(try parse("seed: 7\n" + text).configuration(values: []))
    #expect(followed.integer("dataset.split") == 7)
    let given = text.replacing("digits", with: "{ idx: 'some/folder', split: 3, validation: 500 }")
    let own = try #require(try parse("seed: 7\n" + given).configuration(values: []))
    #expect(own.integer("dataset.split") == 3)
    #expect(own["dataset.validation"] == .integer(500))
    #expect(own.word("dataset.idx") == "some/folder")
    #expect(!own.has("dataset.name"))
  }

  @Test(arguments: [
    ("relu", "he"), ("leaky_relu", "he"), ("tanh", "xavier"), ("sigmoid", "xavier"),
  ])
  func weightInitialisationDefaultsByActivation(activation: String, expected: String) throws {
    let searched = try parse(
      file(model: "activation: { choice: [relu, leaky_relu, tanh, sigmoid] }"))
    let sampled = try #require(searched.configuration(values: [.word(activation)]))
    #expect(sampled.word("model.init") == expected)
    let fixed = try parse(file(model: "activation: \(activation), init: { normal: 0.1 }"))
    let own = try #require(fixed.configuration(values: []))
    #expect(!own.has("model.init"))
    #expect(own.real("model.init.normal") == 0.1)
  }

  @Test func distributionsAreAllowedInListsAndAsLists() throws {
    func file(_ hidden: String) throws -> SearchFile {
      try parse(
        "dataset: digits\nmodel: { hidden: \(hidden) }\ntrain: { epochs: 2, lr: 1 }\nsearch: { trials: 9 }"
      )
    }
    let inside = try file("[64, { int: [2, 9] }, { choice: [5, 7] }]")
    #expect(inside.space.parameters.map(\.path) == ["model.hidden.1", "model.hidden.2"])
    #expect(
      inside.configuration(values: [.integer(4), .integer(7)])?.integers("model.hidden")
        == [64, 4, 7])
    let alone = try file("{ choice: [5, 7] }")
    #expect(alone.space.parameters.map(\.path) == ["model.hidden.0"])
    #expect(alone.configuration(values: [.integer(5)])?.integers("model.hidden") == [5])
    let whole = try file("{ choice: [[128], [128, 64], 32, []] }")
    #expect(whole.space.parameters.map(\.column) == ["hidden"])
    #expect(
      whole.configuration(values: [.integers([128, 64])])?.integers("model.hidden") == [128, 64])
    #expect(whole.configuration(values: [.integers([])])?.integers("model.hidden") == [])
    #expect(try file("[]").configuration(values: [])?.integers("model.hidden") == [])
  }

  @Test func valuesOutsideTheSpaceGiveNoConfiguration() throws {
    let file = try parse(twoLayer)
    let good: [Value] = [.integer(250), .real(0.2), .real(1e-5)]
    #expect(file.configuration(values: good) != nil)
    let bad: [[Value]] = [
      [], Array(good.dropLast()), good + [.integer(1)],
      [.integer(300), .real(0.2), .real(1e-5)], [.real(250), .real(0.2), .real(1e-5)],
      [.integer(250), .integer(0), .real(1e-5)], [.integer(250), .real(.nan), .real(1e-5)],
      [.integer(250), .real(0.2), .real(.infinity)], [.word("250"), .real(0.2), .real(1e-5)],
      [.integers([250]), .real(0.2), .real(1e-5)],
    ]
    for values in bad { #expect(file.configuration(values: values) == nil, "\(values)") }
  }

  @Test func excessTrialsAreRemovedWithANotice() throws {
    let grid = try parse(
      file(train: "lr: { choice: [0.1, 1] }", search: "sampler: grid, trials: 9"))
    #expect(grid.trials == 2)
    #expect(
      grid.notices == ["search.trials: 9 requested, but the grid has 2 points; 2 trials run"])
    let fewer = try parse(
      file(train: "lr: { choice: [0.1, 1] }", search: "sampler: random-grid, trials: 1"))
    #expect(fewer.trials == 1 && fewer.notices.isEmpty)
    let whole = try parse(
      file(train: "lr: { uniform: [0, 1], steps: 7 }", search: "sampler: grid")
        .replacing("[0,", with: "[0.1,"))
    #expect(whole.trials == 7 && whole.notices.isEmpty)
    let nothing = try parse(file(search: "trials: 50"))
    #expect(nothing.trials == 1)
    #expect(
      nothing.notices
        == ["search.trials: 50 requested, but no parameter is searched; 1 trial runs"])
  }

  @Test func everyFieldIsDocumented() {
    for field in EmbeddedFormat.shared.keys.fields {
      #expect(EmbeddedFormat.shared.keys.documentation.contains("- **`\(field.path)`**: "))
      #expect(field.meaning.hasSuffix("."))
    }
    #expect(
      EmbeddedFormat.shared.keys.documentation.contains(
        "- **`train.lr`**: The learning rate. Value: a number above 0. Required.\n"))
  }

  @Test func augmentationIsSearchableAndOptional() throws {
    let space = try parse(file() + "\naugment: { rotate: { uniform: [0, 20] }, mode: online }").space
    #expect(space.parameters.map(\.path) == ["augment.rotate"])
    for nothing in ["null", "~", "", "{}"] {
      let file = try parse(file() + "\naugment: \(nothing)")
      #expect(file.configuration(values: [])?.real("augment.rotate") == 0)
    }
    #expect(
      rejection(file() + "\naugment: none").hasPrefix("search.yaml:5: augment: needs a section with rotate"))
    #expect(
      rejection(file() + "\naugment: { shift: 1 }")
        == "search.yaml:5: augment.shift: needs a number of at least 0 and at most 0.5, not '1'")
  }

  @Test func optionalKeysMayBeNullOrTheirDefault() throws {
    let file = try SearchFile.parse(
      """
      dataset: digits
      augment: null
      model: { hidden: [8], dropout: 0 }
      train: { epochs: 1, lr: 1, schedule: constant, patience: ~, finetune: none, precision: f32 }
      search: { halving: null, confirm: null }
      """, file: "search.yaml")
    #expect(file.trials == 1)
  }

  @Test func halvingHasBudgets() throws {
    #expect(try parse(file()).halving == nil)
    let halving = try SearchFile.parse(
      """
      dataset: digits
      model: { hidden: [8] }
      train: { epochs: 10, lr: { uniform: [0.1, 1] } }
      search: { trials: 9, halving: { min_epochs: 2 } }
      """, file: "search.yaml"
    ).halving
    #expect(halving?.budgets == [2, 6, 10])
    #expect(halving?.work == Double(9 * 2 + 3 * 4 + 1 * 4))
  }

  @Test func readsOpenEndedSearches() throws {
    let text =
      "dataset: digits\nmodel: { hidden: [8] }\ntrain: { epochs: 8, lr: { uniform: [0.1, 1] } }\nsearch: "
    let file = try SearchFile.parse(
      text + "{ trials: until stopped, stop_after: { epochs: 1e3 }, asha: { min_epochs: 0.5, factor: 4 } }",
      file: "search.yaml")
    #expect(file.isOpenEnded && file.trials == SearchFile.mostTrials)
    #expect(file.epochLimit == 1000 && file.hourLimit == nil)
    #expect(file.asha != nil && file.halving == nil && file.rungs == [0.5, 2, 8])
    #expect(file.dependsOnArrival && file.comparesTrials)
    let tpe = try SearchFile.parse(text + "{ trials: until stopped, sampler: tpe }", file: "search.yaml")
    #expect(tpe.trials == TPESampler.mostTrials && !tpe.dependsOnArrival)
    let median = try SearchFile.parse(text + "{ trials: 9, median_rule: { after: 2 } }", file: "search.yaml")
    #expect(median.medianRule?.patience == 2 && median.rungs.isEmpty && !median.isOpenEnded)
  }

  @Test(arguments: [
    ("epochs: 10, lr: 1", "{}", "4: search.halving.min_epochs: is missing; needs a number of epochs"),
    (
      "epochs: 10, lr: 1", "{ factor: 2 }",
      "4: search.halving.min_epochs: is missing; needs a number of epochs"
    ),
    (
      "epochs: 10, lr: 1", "{ min_epochs: 10 }",
      "4: search.halving.min_epochs: must be less than train.epochs (10); otherwise no trial is stopped"
    ),
    (
      "epochs: 10, lr: 1", "{ min_epochs: 1, factor: 1 }",
      "4: search.halving.factor: needs a number above 1 and at most 1000, not '1'"
    ),
    (
      "epochs: 10, lr: 1", "{ min_epochs: 0 }",
      "4: search.halving.min_epochs: needs a number of at least 0.001 and at most 100000, not '0'"
    ),
    (
      "epochs: 10, lr: 1", "{ min_epochs: 0.125, factor: 1.01 }",
      "4: search.halving.factor: is too small: more than 100 rungs from 0.125 to 10 epochs"
    ),
    (
      "epochs: 10, lr: 1", "{ min_epochs: 1 }, asha: { min_epochs: 1 }",
      "4: search.asha: cannot be combined with search.halving"
    ),
    (
      "epochs: 10, lr: 1", "{ min_epochs: 1 }, stop_after: { hours: 1 }",
      "4: search.halving: needs a fixed number of trials; with 'until stopped' or search.stop_after, use search.asha"
    ),
    (
      "epochs: 10, lr: 1", "null, median_rule: {}",
      "4: search.median_rule.after: is missing; needs a number of trials"
    ),
    (
      "epochs: { int: [1, 9] }, lr: 1", "null, asha: { min_epochs: 1 }",
      "3: train.epochs: must be fixed with search.asha, which sets the budget of each trial itself"
    ),
    (
      "epochs: { int: [1, 9] }, lr: 1", "{ min_epochs: 1 }",
      "3: train.epochs: must be fixed with search.halving, which sets the budget of each trial itself"
    ),
    (
      "epochs: 9, lr: 1, patience: 2", "{ min_epochs: 1 }",
      "3: train.patience: cannot be combined with search.halving, which stops trials itself"
    ),
  ])
  func invalidEarlyStoppingIsRejected(train: String, halving: String, message: String) {
    let text =
      "dataset: digits\nmodel: { hidden: [8] }\ntrain: { \(train) }\nsearch: { trials: 9, halving: \(halving) }"
    #expect(rejection(text) == "search.yaml:\(message)")
  }

  @Test func schedulesRoundTripThroughRecipes() throws {
    let forms = [
      "constant", "cosine", "{ step: { every: 2, gamma: 0.1 } }", "{ exponential: 0.95 }",
      "{ milestones: { at: [1, 3], gamma: 0.5 } }", "{ cosine: { warmup: 0.5 } }",
    ]
    for form in forms {
      let configuration = try #require(
        parse(file(train: "lr: 1, schedule: \(form)")).configuration(values: []))
      let again = try parse(configuration.recipe(seed: 0)).configuration(values: [])
      #expect(again == configuration, "\(form)")
    }
    let plain = try #require(parse(file()).configuration(values: []))
    #expect(!plain.has("train.schedule"))
  }

  @Test func l2IsOneNumberOrOneForEachLayer() throws {
    let one = try #require(parse(file(train: "lr: 1, l2: 0.5")).configuration(values: []))
    #expect(one.reals("train.l2") == [0.5])
    let each = try parse(file(train: "lr: 1, l2: [{ uniform: [0, 1] }, 0.25]"))
    #expect(each.space.parameters.map(\.path) == ["train.l2.0"])
    let configuration = try #require(each.configuration(values: [.real(0.75)]))
    #expect(configuration.reals("train.l2") == [0.75, 0.25])
    #expect(try parse(configuration.recipe(seed: 0)).configuration(values: []) == configuration)
  }

  @Test func decayDefaultsByOptimizer() throws {
    func decay(_ train: String, _ values: [Value] = []) throws -> String? {
      try parse(file(train: train)).configuration(values: values)?.word("train.decay")
    }
    #expect(try decay("lr: 1") == "coupled")
    #expect(try decay("lr: 1, optimizer: adamw") == "decoupled")
    #expect(try decay("lr: 1, optimizer: adamw, decay: norm") == "norm")
    let searched = "lr: 1, optimizer: { choice: [sgd, adamw] }"
    #expect(try decay(searched, [.word("sgd")]) == "coupled")
    #expect(try decay(searched, [.word("adamw")]) == "decoupled")
  }

  @Test func convolutionsRoundTripThroughRecipes() throws {
    let text = file(
      model: "layers: cnn, convolutions: { channels: [{ int: [2, 8] }, 16], kernel: 5, pool: [2, 1] }")
    let searched = try parse(text)
    #expect(searched.space.parameters.map(\.path) == ["model.convolutions.channels.0"])
    let configuration = try #require(searched.configuration(values: [.integer(6)]))
    #expect(configuration.integers("model.convolutions.channels") == [6, 16])
    #expect(configuration.integers("model.convolutions.kernel") == [5])
    #expect(try parse(configuration.recipe(seed: 0)).configuration(values: []) == configuration)
  }

  @Test func leNetNeedsNoHiddenWidths() throws {
    let file = try parse("dataset: digits\nmodel: { layers: lenet5 }\ntrain: { epochs: 1, lr: 0.1 }")
    #expect(file.configuration(values: [])?.has("model.hidden") == false)
  }
}
