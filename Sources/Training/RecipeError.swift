/// A recipe that cannot be trained: the field and its allowed values.
package struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// The field name in search files, such as "train.batch".
  package let field: String
  /// The error in its value and the allowed values.
  package let problem: String

  /// One line: "train.batch: 0 is outside 1...65536".
  package var description: String { "\(field): \(problem)" }
}

extension Recipe {
  /// Throws for the first field with a value that cannot be trained.
  package func validate() throws(RecipeError) {
    try dataset.validate()
    try augmentation?.validate()
    try model.validate()
    try training.validate()
    let layers = model.convolutions.count + model.hidden.count + 1
    guard training.l2.count == 1 || training.l2.count == layers else {
      throw RecipeError(
        field: "train.l2", problem: "\(training.l2.count) numbers for \(layers) layers")
    }
  }
}

extension Precision {
  /// Throws if this process cannot train with this precision.
  package func check() throws(RecipeError) {
    guard self == .bf16, !RoundedProducts.areSupported else { return }
    throw RecipeError(
      field: "train.precision",
      problem: "bf16 needs a processor with AVX-512 BF16 or AMX; this process uses "
        + NumericsFingerprint.current.instructionSet)
  }
}

extension DatasetSelection {
  /// Throws for the first field whose value is invalid for every dataset.
  func validate() throws(RecipeError) {
    guard subset > 0, subset <= 1 else {
      throw RecipeError(field: "dataset.subset", problem: "\(subset) is not above 0 and at most 1")
    }
    switch validation {
    case .fraction(let fraction):
      guard fraction > 0, fraction <= 1 else {
        throw RecipeError(
          field: "dataset.validation", problem: "\(fraction) is not a share between 0 and 1")
      }
    case .count(let count):
      guard count > 0 else {
        throw RecipeError(field: "dataset.validation", problem: "\(count) images are too few")
      }
    case .test: break
    }
  }
}

extension Augmentation {
  fileprivate func validate() throws(RecipeError) {
    let fields = [
      ("rotate", rotation, 180), ("shift", shift, 0.5), ("scale", scale, 0.5),
      ("probability", probability, 1),
    ]
    for (name, value, most) in fields where !(0...most).contains(value) {
      throw RecipeError(field: "augment.\(name)", problem: "\(value) is outside 0...\(most)")
    }
  }
}

extension ModelRecipe {
  fileprivate func validate() throws(RecipeError) {
    guard convolutions.count <= 16 else {
      throw RecipeError(
        field: "model.convolutions", problem: "\(convolutions.count) convolutions; at most 16")
    }
    for convolution in convolutions {
      let field = "model.convolutions"
      try require(convolution.channels, in: 1...4096, field: "\(field).channels")
      try require(convolution.kernel, in: 1...255, field: "\(field).kernel")
      try require(convolution.stride, in: 1...255, field: "\(field).stride")
      try require(convolution.padding, in: 0...convolution.kernel - 1, field: "\(field).padding")
      try require(convolution.pool, in: 1...255, field: "\(field).pool")
    }
    guard hidden.count <= 64 else {
      throw RecipeError(field: "model.hidden", problem: "\(hidden.count) layers; at most 64")
    }
    for width in hidden {
      try require(width, in: 1...65536, field: "model.hidden")
    }
    guard dropout >= 0, dropout <= 0.99 else {
      throw RecipeError(field: "model.dropout", problem: "\(dropout) is outside 0...0.99")
    }
    if case .normal(let deviation) = initialization {
      guard deviation > 0, deviation.isFinite else {
        throw RecipeError(
          field: "model.init", problem: "the deviation \(deviation) is not a positive number")
      }
    }
  }
}

extension TrainingRecipe {
  fileprivate func validate() throws(RecipeError) {
    try require(epochs, in: 1...1_000_000, field: "train.epochs")
    try require(batch, in: 1...65536, field: "train.batch")
    guard learningRate > 0, learningRate.isFinite else {
      throw RecipeError(field: "train.lr", problem: "\(learningRate) is not a positive number")
    }
    for strength in l2 {
      guard strength >= 0, strength.isFinite else {
        throw RecipeError(field: "train.l2", problem: "\(strength) is not 0 or a positive number")
      }
    }
    if case .momentum(let momentum) = optimizer { try validate(momentum: momentum) }
    if case .nesterov(let momentum) = optimizer { try validate(momentum: momentum) }
    try schedule.validate()
    if let patience { try require(patience, in: 1...1_000_000, field: "train.patience") }
    guard patience == nil || finetune == .none else {
      throw RecipeError(
        field: "train.finetune",
        problem: "least_squares comes after the last epoch, which may not be reached with patience")
    }
  }

  private func validate(momentum: Double) throws(RecipeError) {
    guard momentum >= 0, momentum <= 1 else {
      throw RecipeError(field: "train.momentum", problem: "\(momentum) is outside 0...1")
    }
  }
}

extension Schedule {
  fileprivate func validate() throws(RecipeError) {
    switch self {
    case .constant: return
    case .step(let every, let gamma):
      try require(every, in: 1...1_000_000, field: "train.schedule.step.every")
      try requireFactor(gamma, field: "train.schedule.step.gamma")
    case .milestones(let epochs, let gamma):
      for epoch in epochs {
        try require(epoch, in: 1...1_000_000, field: "train.schedule.milestones.at")
      }
      guard zip(epochs, epochs.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw RecipeError(
          field: "train.schedule.milestones.at", problem: "\(epochs) are not in ascending order")
      }
      try requireFactor(gamma, field: "train.schedule.milestones.gamma")
    case .exponential(let gamma): try requireFactor(gamma, field: "train.schedule.exponential")
    case .cosine(let warmup):
      guard warmup >= 0, warmup <= 1_000_000 else {
        throw RecipeError(
          field: "train.schedule.cosine.warmup", problem: "\(warmup) is outside 0...1000000")
      }
    }
  }

  private func requireFactor(_ gamma: Double, field: String) throws(RecipeError) {
    guard gamma > 0, gamma <= 1 else {
      throw RecipeError(field: field, problem: "\(gamma) is not above 0 and at most 1")
    }
  }
}

private func require(
  _ value: Int, in range: ClosedRange<Int>, field: String
) throws(RecipeError) {
  guard range.contains(value) else {
    throw RecipeError(field: field, problem: "\(value) is outside \(range)")
  }
}
