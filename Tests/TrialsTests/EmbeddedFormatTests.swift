import Search
import Testing
import Training

@testable import Trials

@Suite struct EmbeddedFormatTests {
  /// A file in which each key acts, with another value for each key.
  private static let base = """
    dataset: { name: digits, subset: 0.5 }
    augment: { rotate: 10, shift: 0.1, scale: 0.1 }
    model: { hidden: [8] }
    train: { epochs: 4, lr: 0.1, l2: 0.1 }
    """

  /// A value other than that of `base` for each key of a recipe, with the keys that it needs or excludes.
  private static let changes: [String: [String]] = [
    "dataset.name": ["dataset.name=mnist"],
    "dataset.idx": ["dataset={ idx: folder, subset: 0.5 }"],
    "dataset.subset": ["dataset.subset=0.25"],
    "dataset.validation": ["dataset.validation=0.1"],
    "dataset.split": ["dataset.split=7"],
    "dataset.stratified": ["dataset.stratified=true"],
    "augment.rotate": ["augment.rotate=20"],
    "augment.shift": ["augment.shift=0.2"],
    "augment.scale": ["augment.scale=0.2"],
    "augment.probability": ["augment.probability=0.1"],
    "augment.mode": ["augment.mode=online"],
    "model.layers": ["model.layers=lenet5"],
    "model.convolutions.channels": ["model.layers=cnn", "model.convolutions={ channels: 3, kernel: 3 }"],
    "model.convolutions.kernel": ["model.layers=cnn", "model.convolutions={ channels: 2, kernel: 5 }"],
    "model.convolutions.stride": [
      "model.layers=cnn", "model.convolutions={ channels: 2, kernel: 3, stride: 2 }",
    ],
    "model.convolutions.padding": [
      "model.layers=cnn", "model.convolutions={ channels: 2, kernel: 3, padding: 1 }",
    ],
    "model.convolutions.pool": [
      "model.layers=cnn", "model.convolutions={ channels: 2, kernel: 3, pool: 2 }",
    ],
    "model.hidden": ["model.hidden=[9]"],
    "model.activation": ["model.activation=leaky_relu"],
    "model.dropout": ["model.dropout=0.5"],
    "model.init": ["model.init=xavier"],
    "model.init.normal": ["model.init={ normal: 0.1 }"],
    "train.epochs": ["train.epochs=5"],
    "train.batch": ["train.batch=64"],
    "train.optimizer": ["train.optimizer=adamw", "train.decay=coupled"],
    "train.momentum": ["train.optimizer=momentum", "train.momentum=0.5"],
    "train.lr": ["train.lr=0.2"],
    "train.l2": ["train.l2=0.2"],
    "train.decay": ["train.decay=norm"],
    "train.schedule": ["train.schedule=cosine"],
    "train.schedule.step.every": ["train.schedule={ step: { every: 2, gamma: 0.5 } }"],
    "train.schedule.step.gamma": ["train.schedule={ step: { every: 1, gamma: 0.25 } }"],
    "train.schedule.milestones.at": ["train.schedule={ milestones: { at: [2], gamma: 0.5 } }"],
    "train.schedule.milestones.gamma": ["train.schedule={ milestones: { at: [1], gamma: 0.25 } }"],
    "train.schedule.exponential": ["train.schedule={ exponential: 0.5 }"],
    "train.schedule.cosine.warmup": ["train.schedule={ cosine: { warmup: 1 } }"],
    "train.patience": ["train.patience=1", "train.keep=last"],
    "train.keep": ["train.keep=best"],
    "train.finetune": ["train.finetune=least_squares"],
    "train.precision": ["train.precision=bf16"],
  ]

  private func recipe(_ changes: [String]) throws -> Recipe {
    let overrides = changes.map { change in
      let parts = change.split(separator: "=", maxSplits: 1).map(String.init)
      return SearchFile.Override(key: parts[0], value: parts[1])
    }
    let file = try SearchFile.parse(Self.base, file: "base.yaml", overrides: overrides, inertKeys: .rejected)
    return Recipe(try #require(file.configuration(values: [])), seed: 1)
  }

  /// A new key without a line in `Recipe+Configuration.swift` fails here.
  @Test func eachKeyChangesTheRecipe() throws {
    let general = ["name", "seed", "numerics"]
    var recipes: [String: Recipe] = ["base": try recipe([])]
    for field in EmbeddedFormat.shared.keys.fields {
      let section = field.path.split(separator: ".").first.map(String.init) ?? ""
      if general.contains(field.path) || ["search", "final"].contains(section) { continue }
      let changes = try #require(Self.changes[field.path], "add a value for \(field.path) to the test")
      let changed = try recipe(changes)
      for (other, recipe) in recipes {
        #expect(changed != recipe, "\(field.path) has no effect on the recipe, or the same as \(other)")
      }
      recipes[field.path] = changed
    }
  }

  /// Names of search files lead to the rules of these names.
  @Test(arguments: OptimizerRule.Name.allCases)
  func optimizerHasItsName(name: OptimizerRule.Name) throws {
    #expect(try recipe(["train.optimizer=\(name.rawValue)"]).training.optimizer == name.rule(momentum: 0.9))
  }

  @Test(arguments: Activation.allCases)
  func defaultInitializationIsThatOfTheActivation(activation: Activation) throws {
    let recipe = try recipe(["model.activation=\(activation.rawValue)"])
    #expect(recipe.model.activation == activation)
    #expect(recipe.model.initialization == activation.defaultInitialization)
  }

  /// The core reports the metrics of its schema, no others.
  @Test func metricsOfAnEpochAreThoseOfTheSchema() {
    let epoch = EpochMetrics(
      epoch: 3, train: Evaluation(loss: 1, accuracy: 0.25), validation: Evaluation(loss: 2, accuracy: 0.5))
    let measurement = TrialMeasurement(epoch)
    #expect(measurement.step == 3)
    #expect(measurement.metrics.all.map(\.name) == MetricSchema.embedded.metrics.map(\.name))
    #expect(MetricSchema.embedded.problem(of: measurement.metrics, isPartial: false) == nil)
  }
}
