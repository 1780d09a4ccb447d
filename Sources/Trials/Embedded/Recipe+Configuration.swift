import Search
import Training

extension Recipe {
  /// The recipe for a configuration.
  package init(_ configuration: Configuration, seed: UInt64) {
    self.init(
      dataset: DatasetSelection(configuration), augmentation: Augmentation(configuration),
      model: ModelRecipe(configuration), training: TrainingRecipe(configuration), seed: seed)
  }
}

extension DatasetSelection {
  init(_ configuration: Configuration) {
    let source: Source =
      configuration.has("dataset.idx")
      ? .idx(folder: configuration.word("dataset.idx")) : .named(configuration.word("dataset.name"))
    let validation: Validation =
      switch configuration["dataset.validation"] {
      case .integer(let count): .count(count)
      case .word: .test
      default: .fraction(configuration.real("dataset.validation"))
      }
    self.init(
      source: source, subset: configuration.real("dataset.subset"), validation: validation,
      isStratified: configuration.word("dataset.stratified") == "true",
      split: UInt64(configuration.integer("dataset.split")))
  }
}

extension DatasetSelection.Source {
  /// IDX files in a folder. The path gets a slash, so that the dataset stored in a model is not mistaken for a name.
  fileprivate static func idx(folder: String) -> Self {
    .idx(path: folder.contains("/") || folder == "~" ? folder : "./\(folder)")
  }
}

extension Augmentation {
  /// Returns nil if the configuration has no augmentation.
  init?(_ configuration: Configuration) {
    let (rotation, shift, scale) = (
      configuration.real("augment.rotate"), configuration.real("augment.shift"),
      configuration.real("augment.scale")
    )
    guard rotation > 0 || shift > 0 || scale > 0 else { return nil }
    self.init(
      rotation: rotation, shift: shift, scale: scale,
      probability: configuration.real("augment.probability"),
      mode: configuration.choice("augment.mode"))
  }
}

extension ModelRecipe {
  init(_ configuration: Configuration) {
    let initialization: Initialization =
      configuration.has("model.init.normal")
      ? .normal(configuration.real("model.init.normal"))
      : Initialization(configuration.choice("model.init"))
    let kind: NetworkKind = configuration.choice("model.layers")
    self.init(
      convolutions: Convolution.all(kind, configuration),
      hidden: kind == .lenet5 && !configuration.has("model.hidden")
        ? [128, 64] : configuration.integers("model.hidden"),
      activation: configuration.choice("model.activation"),
      dropout: configuration.real("model.dropout"), initialization: initialization)
  }
}

extension Convolution {
  /// The convolutions of a network. A list of one number applies to all of them.
  fileprivate static func all(_ kind: NetworkKind, _ configuration: Configuration) -> [Convolution] {
    switch kind {
    case .mlp: []
    case .lenet5: leNet5
    case .cnn: all(configuration)
    }
  }

  private static func all(_ configuration: Configuration) -> [Convolution] {
    func number(_ key: String, _ index: Int, otherwise fallback: Int) -> Int {
      let path = "model.convolutions.\(key)"
      guard configuration.has(path) else { return fallback }
      let numbers = configuration.integers(path)
      return numbers[numbers.count == 1 ? 0 : index]
    }
    return configuration.integers("model.convolutions.channels").enumerated().map { index, channels in
      Convolution(
        channels: channels, kernel: number("kernel", index, otherwise: 1),
        stride: number("stride", index, otherwise: 1),
        padding: number("padding", index, otherwise: 0), pool: number("pool", index, otherwise: 1))
    }
  }
}

extension Initialization {
  init(_ rule: InitializationRule) {
    switch rule {
    case .he: self = .he
    case .xavier: self = .xavier
    }
  }
}

extension InitializationRule {
  /// The rule of a default initialisation.
  init(_ initialization: Initialization) {
    switch initialization {
    case .he: self = .he
    case .xavier: self = .xavier
    case .normal: preconditionFailure("a normal distribution is no default")
    }
  }
}

extension TrainingRecipe {
  init(_ configuration: Configuration) {
    let patience =
      configuration.has("train.patience") ? configuration.integer("train.patience") : nil
    self.init(
      epochs: configuration.integer("train.epochs"), batch: configuration.integer("train.batch"),
      optimizer: OptimizerRule(configuration), learningRate: configuration.real("train.lr"),
      schedule: Schedule(configuration), l2: configuration.reals("train.l2"),
      decay: configuration.choice("train.decay"), patience: patience,
      keep: Keep(configuration), finetune: configuration.choice("train.finetune"),
      precision: configuration.choice("train.precision"))
  }
}

extension TrainingRecipe.Keep {
  /// The default is `best` with early stopping, which trains past the best epoch, else `last`.
  fileprivate init(_ configuration: Configuration) {
    guard configuration.has("train.keep") else {
      self = configuration.has("train.patience") ? .best : .last
      return
    }
    self = configuration.choice("train.keep")
  }
}

extension OptimizerRule {
  fileprivate init(_ configuration: Configuration) {
    let name: Name = configuration.choice("train.optimizer")
    self = name.rule(momentum: configuration.real("train.momentum"))
  }
}

extension Schedule {
  /// The form whose keys are set, or else the one that is named.
  fileprivate init(_ configuration: Configuration) {
    let form = "train.schedule"
    self =
      if configuration.has("\(form).step.every") {
        .step(
          every: configuration.integer("\(form).step.every"),
          gamma: configuration.real("\(form).step.gamma"))
      } else if configuration.has("\(form).milestones.at") {
        .milestones(
          at: configuration.integers("\(form).milestones.at"),
          gamma: configuration.real("\(form).milestones.gamma"))
      } else if configuration.has("\(form).exponential") {
        .exponential(gamma: configuration.real("\(form).exponential"))
      } else if configuration.has("\(form).cosine.warmup") {
        .cosine(warmup: configuration.real("\(form).cosine.warmup"))
      } else if configuration.has(form) {
        Schedule(configuration.choice(form))
      } else {
        .constant
      }
  }

  private init(_ plain: PlainSchedule) {
    switch plain {
    case .constant: self = .constant
    case .cosine: self = .cosine(warmup: 0)
    }
  }
}
