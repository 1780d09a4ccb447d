import Search
import Training

extension Recipe {
  /// The recipe for a configuration.
  init(_ configuration: Configuration, seed: UInt64) {
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
      mode: configuration.word("augment.mode") == "online" ? .online : .append)
  }
}

extension ModelRecipe {
  init(_ configuration: Configuration) {
    let initialization: Initialization =
      configuration.has("model.init.normal")
      ? .normal(configuration.real("model.init.normal"))
      : configuration.word("model.init") == "he" ? .he : .xavier
    let isLeNet = configuration.word("model.layers") == "lenet5"
    self.init(
      convolutions: isLeNet ? Convolution.leNet5 : Convolution.all(configuration),
      hidden: isLeNet && !configuration.has("model.hidden")
        ? [128, 64] : configuration.integers("model.hidden"),
      activation: Activation(word: configuration.word("model.activation")),
      dropout: configuration.real("model.dropout"), initialization: initialization)
  }
}

extension Convolution {
  /// The convolutions of a network with `layers: cnn`, else none. A list of one number applies to all of them.
  fileprivate static func all(_ configuration: Configuration) -> [Convolution] {
    guard configuration.word("model.layers") == "cnn" else { return [] }
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

extension Activation {
  /// The activation with this name in search files.
  init(word: String) {
    guard let activation = Activation(rawValue: word) else {
      preconditionFailure("no activation is called \(word)")
    }
    self = activation
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
      decay: Decay(rawValue: configuration.word("train.decay")), patience: patience,
      keep: Keep(configuration), finetune: Finetune(configuration),
      precision: Precision(word: configuration.word("train.precision")))
  }
}

extension Precision {
  /// The precision with this name in search files.
  init(word: String) {
    guard let precision = Precision(rawValue: word) else {
      preconditionFailure("no precision is called \(word)")
    }
    self = precision
  }
}

extension TrainingRecipe.Keep {
  /// The default is `best` with early stopping, which trains past the best epoch, else `last`.
  fileprivate init(_ configuration: Configuration) {
    let isBest =
      configuration.has("train.keep")
      ? configuration.word("train.keep") == "best" : configuration.has("train.patience")
    self = isBest ? .best : .last
  }
}

extension TrainingRecipe.Finetune {
  fileprivate init(_ configuration: Configuration) {
    self = configuration.word("train.finetune") == "least_squares" ? .leastSquares : .none
  }
}

extension OptimizerRule {
  init(_ configuration: Configuration) {
    let momentum = configuration.real("train.momentum")
    self =
      switch configuration.word("train.optimizer") {
      case "momentum": .momentum(momentum)
      case "nesterov": .nesterov(momentum)
      case "adamw": .adamW
      default: .sgd
      }
  }
}

extension Schedule {
  init(_ configuration: Configuration) {
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
      } else if configuration[form] == .word("cosine") {
        .cosine(warmup: 0)
      } else {
        .constant
      }
  }
}
