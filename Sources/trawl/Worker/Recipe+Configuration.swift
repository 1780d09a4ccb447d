import Search
import Training

extension Recipe {
  /// The training run that a configuration describes.
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
      default: .fraction(configuration.real("dataset.validation"))
      }
    self.init(
      source: source, subset: configuration.real("dataset.subset"), validation: validation,
      isStratified: configuration.word("dataset.stratified") == "true",
      split: UInt64(configuration.integer("dataset.split")))
  }
}

extension DatasetSelection.Source {
  /// IDX files in a folder; its path has a slash, so that a model's note of its dataset is not taken for a name.
  fileprivate static func idx(folder: String) -> Self {
    .idx(path: folder.contains("/") ? folder : "./\(folder)")
  }
}

extension Augmentation {
  /// Nil if the configuration asks for no change.
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
    self.init(
      hidden: configuration.integers("model.hidden"),
      activation: Activation(word: configuration.word("model.activation")),
      initialization: initialization)
  }
}

extension Activation {
  /// The activation that the search file calls so.
  init(word: String) {
    guard let activation = Activation(rawValue: word) else {
      preconditionFailure("no activation is called \(word)")
    }
    self = activation
  }
}

extension TrainingRecipe {
  init(_ configuration: Configuration) {
    self.init(
      epochs: configuration.integer("train.epochs"), batch: configuration.integer("train.batch"),
      learningRate: configuration.real("train.lr"), l2: configuration.real("train.l2"))
  }
}
