/// A recipe that cannot be trained: which field, and what is allowed there.
package struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// The field as the search file names it, such as "train.batch".
  package let field: String
  /// What is wrong with its value and what is allowed.
  package let problem: String

  /// One line: "train.batch: 0 is outside 1...65536".
  package var description: String { "\(field): \(problem)" }
}

extension Recipe {
  /// Throws for the first field whose value cannot be trained.
  package func validate() throws(RecipeError) {
    try dataset.validate()
    try augmentation?.validate()
    try model.validate()
    try training.validate()
  }
}

extension DatasetSelection {
  /// Throws for the first field whose value is impossible whatever the dataset.
  func validate() throws(RecipeError) {
    guard subset > 0, subset <= 1 else {
      throw RecipeError(field: "dataset.subset", problem: "\(subset) is not above 0 and at most 1")
    }
    switch validation {
    case .fraction(let fraction):
      guard fraction > 0, fraction < 1 else {
        throw RecipeError(
          field: "dataset.validation", problem: "\(fraction) is not between 0 and 1")
      }
    case .count(let count):
      guard count > 0 else {
        throw RecipeError(field: "dataset.validation", problem: "\(count) images are too few")
      }
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
    guard hidden.count <= 64 else {
      throw RecipeError(field: "model.hidden", problem: "\(hidden.count) layers; at most 64")
    }
    for width in hidden {
      try require(width, in: 1...65536, field: "model.hidden")
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
    guard l2 >= 0, l2.isFinite else {
      throw RecipeError(field: "train.l2", problem: "\(l2) is not 0 or a positive number")
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
