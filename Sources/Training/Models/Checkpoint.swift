/// The state of a training run between two steps: the network, the optimizer state, the recipe and the progress. It
/// holds no generator state, because every random stream is read from its start.
package struct Checkpoint: Sendable, Equatable {
  package let model: Model
  package let progress: TrainingProgress
  /// The recipe fields that determine the weights after a number of steps.
  private let recipe: [String: String]
  /// The value of `Optimizer.state`; not validated.
  let optimizerState: [[Float]]
  /// The network after the best epoch, if the recipe keeps it.
  let best: Model?

  init(
    model: Model, recipe: Recipe, progress: TrainingProgress, optimizerState: [[Float]],
    best: Model? = nil
  ) {
    self.best = best
    self.model = model
    self.recipe = recipe.identity
    self.progress = progress
    self.optimizerState = optimizerState
  }

  /// Throws for the first field in which the recipe differs from the checkpoint's recipe.
  func check(_ other: Recipe) throws(RecipeError) {
    for (field, value) in other.identity.sorted(by: { $0.key < $1.key }) where recipe[field] != value {
      throw RecipeError(
        field: field,
        problem: "\(value) differs from the checkpoint's \(recipe[field] ?? "missing value")")
    }
  }

  /// The checkpoint as a safetensors file: the model, with the remaining state in the metadata.
  package func encoded() -> [UInt8] {
    var file = model.safetensors()
    for (field, value) in recipe { file.metadata["recipe.\(field)"] = value }
    file.metadata.merge(progress.metadata) { $1 }
    file.tensors += optimizerState.enumerated().map { index, values in
      Safetensors.Tensor(name: "optimizer.\(index)", shape: [values.count], values: values)
    }
    if let best {
      file.tensors += best.safetensors().tensors.map {
        Safetensors.Tensor(name: Self.bestPrefix + $0.name, shape: $0.shape, values: $0.values)
      }
    }
    return file.encoded()
  }

  private static let bestPrefix = "best."

  /// Reads the output of `encoded`. The name is used only in errors.
  package init(decoding bytes: [UInt8], name: String) throws(ModelError) {
    try self.init(Safetensors(decoding: bytes, name: name), name: name)
  }

  /// Writes the checkpoint to a file atomically.
  package func write(to path: String) throws(ModelError) {
    try ModelError.from(try replaceFile(at: path, with: encoded()))
  }

  /// Reads a checkpoint file.
  package init(contentsOf path: String) throws(ModelError) {
    try self.init(Safetensors(contentsOf: path), name: path)
  }

  private init(_ file: Safetensors, name: String) throws(ModelError) {
    guard let progress = TrainingProgress(file.metadata) else {
      throw ModelError(name, .notTrawl("it is not a checkpoint"))
    }
    model = try Model(file, name: name)
    self.progress = progress
    optimizerState = file.vectors("optimizer")
    let tensors = file.tensors.filter { $0.name.hasPrefix(Self.bestPrefix) }.map {
      Safetensors.Tensor(
        name: String($0.name.dropFirst(Self.bestPrefix.count)), shape: $0.shape, values: $0.values)
    }
    best =
      tensors.isEmpty
      ? nil : try Model(Safetensors(metadata: file.metadata, tensors: tensors), name: name)
    let prefix = "recipe."
    recipe = Dictionary(
      uniqueKeysWithValues: file.metadata.filter { $0.key.hasPrefix(prefix) }
        .map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }
}

extension Recipe {
  /// Every field that determines the weights after a number of steps, as text by field name.
  fileprivate var identity: [String: String] {
    let validation =
      switch dataset.validation {
      case .fraction(let fraction): "fraction \(fraction)"
      case .count(let count): "count \(count)"
      case .test: "test"
      }
    let initialization =
      switch model.initialization {
      case .he: "he"
      case .xavier: "xavier"
      case .normal(let deviation): "normal \(deviation)"
      }
    let augment =
      augmentation.map {
        "rotate \($0.rotation) shift \($0.shift) scale \($0.scale) probability \($0.probability) \($0.mode)"
      } ?? "none"
    return [
      "augment": augment, "dataset": dataset.source.name, "dataset.subset": "\(dataset.subset)",
      "dataset.validation": validation, "dataset.stratified": "\(dataset.isStratified)",
      "dataset.split": "\(dataset.split)", "model.hidden": "\(model.hidden)",
      "model.dropout": "\(model.dropout)",
      "model.convolutions": "\(model.convolutions)", "model.activation": model.activation.rawValue,
      "model.init": initialization, "train.batch": "\(training.batch)",
      "train.lr": "\(training.learningRate)", "train.l2": "\(training.l2)", "seed": "\(seed)",
      "train.optimizer": "\(training.optimizer)", "train.decay": training.decay.rawValue,
      "train.keep": training.keep.rawValue, "train.precision": training.precision.rawValue,
      "train.finetune": training.finetune == .none
        ? "none" : "\(training.finetune.rawValue) after \(training.epochs) epochs",
      "train.schedule": training.schedule.identity(epochs: training.epochs),
    ]
  }
}

extension Schedule {
  /// A cosine schedule depends on the length of the whole run, so that length is included.
  fileprivate func identity(epochs: Int) -> String {
    if case .cosine = self { "\(self) over \(epochs) epochs" } else { "\(self)" }
  }
}

extension TrainingProgress {
  /// As text by name. Each number is the shortest text that parses to the same value.
  fileprivate var metadata: [String: String] {
    let epochs = history.map {
      "\($0.trainLoss),\($0.trainAccuracy),\($0.validationLoss),\($0.validationAccuracy)"
    }
    return [
      "history": epochs.joined(separator: ";"), "step_in_epoch": "\(stepInEpoch)",
      "loss_sum": "\(score.loss)", "correct": "\(score.correct)", "examples": "\(score.examples)",
    ]
  }

  /// Nil if the text is not a valid output of `metadata`.
  fileprivate init?(_ metadata: [String: String]) {
    guard
      let epochs = metadata["history"]?.split(separator: ";"),
      let stepInEpoch = metadata["step_in_epoch"].flatMap({ Int($0) }), stepInEpoch >= 0,
      let loss = metadata["loss_sum"].flatMap({ Double($0) }), loss.isFinite,
      let correct = metadata["correct"].flatMap({ Int($0) }),
      let examples = metadata["examples"].flatMap({ Int($0) })
    else { return nil }
    var history: [EpochMetrics] = []
    for epoch in epochs {
      let values = epoch.split(separator: ",").compactMap { Double($0) }
      guard values.count == 4, values.allSatisfy(\.isFinite) else { return nil }
      history.append(
        EpochMetrics(
          epoch: history.count + 1, train: Evaluation(loss: values[0], accuracy: values[1]),
          validation: Evaluation(loss: values[2], accuracy: values[3])))
    }
    self.init(
      history: history, stepInEpoch: stepInEpoch,
      score: BatchScore(loss: loss, correct: correct, examples: examples))
  }
}
