import Testing
import Trials

@testable import Search

@Suite struct RecipeTests {
  @Test func recipeRoundTrips() throws {
    let texts = [
      twoLayer,
      file(model: "init: { normal: { log_uniform: [0.01, 1] } }"),
      file().replacing("digits", with: "{ idx: 'a \"b\" \\c: #d', validation: 12, split: 5 }"),
      file().replacing("hidden: [32]", with: "hidden: { choice: [[], [128, 64]] }"),
      file() + "\naugment: { rotate: 10, shift: { choice: [0, 0.1] }, mode: online }",
      file(model: "activation: { choice: [relu, tanh] }").replacing("digits", with: "'null'"),
    ]
    for text in texts {
      let file = try parse(text)
      for trial in 0..<file.trials {
        let configuration = try #require(file.configuration(values: file.values(trial: trial)))
        let seed = file.seed(of: Replicate(number: trial))
        let recipe = configuration.recipe(seed: seed)
        let again = try SearchFile.parse(recipe, file: "recipe.yaml")
        #expect(again.space.isEmpty)
        #expect(again.seed == seed)
        var expected = configuration.values
        expected["seed"] = .integer(Int(seed))
        #expect(again.configuration(values: [])?.values == expected)
      }
    }
  }

  @Test func recipeListsFieldsInTheOrderOfTheTable() throws {
    let configuration = try #require(try parse(file()).configuration(values: []))
    #expect(
      configuration.recipe(seed: 9) == """
        name: "search"
        seed: 9
        numerics: "native"
        dataset:
          name: "digits"
          subset: 1
          validation: 0.2
          split: 0
          stratified: "false"
        augment:
          rotate: 0
          shift: 0
          scale: 0
        model:
          layers: "mlp"
          hidden: [32]
          activation: "relu"
          dropout: 0
          init: "he"
        train:
          epochs: 3
          batch: 128
          optimizer: "sgd"
          lr: 0.1
          l2: 0
          finetune: "none"
          precision: "f32"

        """)
  }
}

@Suite struct DifferencesTests {
  @Test func ignoresCommentsFormattingAndExplicitDefaults() throws {
    let plain = try parse(twoLayer)
    let text = "# mine\n" + twoLayer.replacing("batch: 128", with: "batch:   1.28e2")
    #expect(try plain.differences(from: parse(text)) == [])
    #expect(try plain.differences(from: parse(text.replacing("  decay: coupled", with: ""))) == [])
  }

  @Test func namesTheFieldsThatDiffer() throws {
    let plain = try parse(twoLayer)
    let changed = try parse(
      twoLayer.replacing("[200, 299]", with: "[200, 300]").replacing(
        "trials: 50", with: "trials: 60"
      )
      .replacing("epochs: 50", with: "epochs: 49"))
    #expect(plain.differences(from: changed) == ["model.hidden", "train.epochs", "search.trials"])
    let seed = try parse(twoLayer.replacing("2023", with: "2024"))
    #expect(plain.differences(from: seed) == ["seed", "dataset.split"])
  }

  @Test func detectsTheOrderOfSearchedParameters() throws {
    let one = try parse(file(train: "lr: { uniform: [1, 2] }, l2: { uniform: [1, 2] }"))
    let other = try parse(file(train: "l2: { uniform: [1, 2] }, lr: { uniform: [1, 2] }"))
    #expect(one.differences(from: other) == ["train.lr", "train.l2"])
    #expect(one.values(trial: 3) == other.values(trial: 3).reversed())
  }
}
