/// The properties of a dataset that determine whether a recipe can be trained on it.
package struct DatasetShape: Sendable, Equatable {
  /// Images for training and validation together.
  package let images: Int
  package let rows: Int
  package let columns: Int
  package let classes: Int

  package init(images: Int, rows: Int, columns: Int, classes: Int) {
    self.images = images
    self.rows = rows
    self.columns = columns
    self.classes = classes
  }
}

extension Dataset {
  package var shape: DatasetShape {
    DatasetShape(images: train.count, rows: train.rows, columns: train.columns, classes: classes)
  }
}

extension DatasetSelection.Source {
  /// The shape of a named dataset; nil for any other, which must be loaded first.
  package var knownShape: DatasetShape? {
    guard case .named(let name) = self else { return nil }
    if name == Digits.name {
      return DatasetShape(
        images: Digits.trainCount, rows: Digits.side, columns: Digits.side, classes: Digits.classes)
    }
    guard KnownDataset.named(name) != nil else { return nil }
    return DatasetShape(images: 60_000, rows: 28, columns: 28, classes: 10)
  }
}

extension Recipe {
  /// Throws for the first field whose value cannot be trained on images of this shape. `TrainingData` validates what
  /// depends on the labels (stratified selection).
  package func validate(on shape: DatasetShape) throws(RecipeError) {
    try validate()
    let images = try SplitCounts(dataset, of: shape.images).training
    _ = try architecture(for: shape, trainingImages: images)
  }

  /// The network for images of this shape; throws for the first field that does not fit them.
  func architecture(
    for shape: DatasetShape, trainingImages: Int
  ) throws(RecipeError) -> Architecture {
    let images = imagesPerEpoch(trainingImages)
    guard training.batch <= images else {
      throw RecipeError(
        field: "train.batch",
        problem: "\(training.batch) is more than the \(images) images of an epoch")
    }
    let stack =
      model.convolutions.isEmpty
      ? nil
      : try ConvolutionStack(rows: shape.rows, columns: shape.columns, model.convolutions)
    let architecture = Architecture(
      inputs: shape.rows * shape.columns, hidden: model.hidden, activation: model.activation,
      classes: shape.classes, stack: stack)
    try checkSize(architecture)
    return architecture
  }

  private func checkSize(_ architecture: Architecture) throws(RecipeError) {
    guard architecture.parameterCount <= Architecture.mostNumbers else {
      throw RecipeError(
        field: "model.hidden",
        problem: "\(architecture.parameterCount) weights; at most \(Architecture.mostNumbers)")
    }
    let rows = max(training.batch, Evaluator.batch)
    guard architecture.activationCount(rows: rows) <= Architecture.mostNumbers else {
      throw RecipeError(
        field: rows > Evaluator.batch ? "train.batch" : "model.hidden",
        problem: "\(rows) images take more than \(Architecture.mostNumbers) numbers")
    }
  }
}
