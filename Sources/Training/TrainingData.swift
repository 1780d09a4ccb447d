/// The images of a dataset that a recipe trains on and those it is validated on.
package struct TrainingData: Sendable {
  package let dataset: Dataset
  /// Indices into `dataset.train`, ascending.
  package let train: [Int32]
  /// Indices into `dataset.train`, ascending, none of them in `train`.
  package let validation: [Int32]

  /// Shuffles the training images by the selection's own seed, keeps the first `subset` of them, and of
  /// these the first `validation` for validation. Counts are rounded to the nearest.
  package init(_ dataset: Dataset, _ selection: DatasetSelection) throws(RecipeError) {
    try selection.validate()
    var indices = (0..<Int32(dataset.train.count)).map { $0 }
    var generator = RandomStream.split.generator(seed: selection.split)
    generator.shuffle(&indices)
    let selected = Int((selection.subset * Double(indices.count)).rounded())
    let kept =
      switch selection.validation {
      case .fraction(let fraction): Int((fraction * Double(selected)).rounded())
      case .count(let count): count
      }
    guard kept > 0, kept < selected else {
      throw RecipeError(
        field: "dataset.validation",
        problem: "\(kept) of \(selected) images; at least one must be left on either side")
    }
    self.dataset = dataset
    validation = indices[..<kept].sorted()
    train = indices[kept..<selected].sorted()
  }
}
