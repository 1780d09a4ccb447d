import Charts
import Training

/// The pictures of a trained model.
package struct ModelPictures {
  /// A kind of picture. The raw value is its name on the command line and the name of the file. If each layer has a
  /// picture, the name of each file begins with the raw value.
  package enum Kind: String, CaseIterable, Sendable {
    case loss, accuracy, weights
    case initialWeights = "initial-weights"
    case firstLayer = "first-layer"
    case kernels, distributions, confusion, worst

    /// Whether it shows test images.
    package var needsTest: Bool { self == .confusion || self == .worst }
  }

  package var model: Model
  /// The name of the model, with which titles begin.
  package var name: String
  /// The recipe of its training, which gives the weights at initialisation.
  package var recipe: Recipe?
  package var history: TrainingHistory?
  package var test: TestEvaluation?
  /// Why there is no `test`.
  package var testProblem = "the test images were not evaluated"

  package init(_ model: Model, name: String, recipe: Recipe? = nil, history: TrainingHistory? = nil) {
    (self.model, self.name, self.recipe, self.history) = (model, name, recipe, history)
    self.history?.name = name
  }

  /// The pictures of a kind; empty if their data is missing. If there is a picture for each layer, its name ends
  /// with the layer's number, counted from 1: weights-1.
  package func pictures(_ kind: Kind) -> [NamedPicture] {
    switch kind {
    case .loss, .accuracy:
      TrainingHistory.pictures(of: history.map { [$0] } ?? []).filter { $0.name == kind.rawValue }
    case .weights: layers.map { $0.weightPicture() }
    case .initialWeights:
      initial.map { NamedLayer.all(of: $0, named: name).map { $0.weightPicture("at initialisation") } } ?? []
    case .firstLayer: layers.prefix(1).compactMap { $0.tilePicture(imageShape) }
    case .kernels: layers.compactMap(\.kernelPicture)
    case .distributions: [distributions]
    case .confusion: test.map { [confusion($0)] } ?? []
    case .worst: test.flatMap { worst($0) }.map { [$0] } ?? []
    }
  }

  /// The reason why the model has no picture of a kind.
  package func reason(_ kind: Kind) -> String {
    switch kind {
    case .loss, .accuracy: "there is no history of a completed epoch"
    case .weights, .distributions: "the model has no layer"
    case .initialWeights: initialProblem
    case .firstLayer:
      layers.first?.kernel == nil
        ? "it is not known how its \(model.architecture.inputs) pixels are divided into rows and columns"
        : "the first layer is a convolution; its kernels are drawn"
    case .kernels: "the model has no convolution"
    case .confusion: testProblem
    case .worst: test == nil ? testProblem : "no test image is misclassified"
    }
  }

  private var layers: [NamedLayer] { NamedLayer.all(of: model, named: name) }

  /// The model before its first step; nil without a recipe, or with one of another network.
  private var initial: Model? { recipe.flatMap { model.initial($0) } }

  private var initialProblem: String {
    recipe == nil ? "recipe.yaml is missing or has distributions" : "the recipe describes another network"
  }

  /// The sides of an image: those of the dataset, or of a square if the number of pixels is a square; otherwise nil.
  private var imageShape: (rows: Int, columns: Int)? {
    let pixels = model.architecture.inputs
    let root = Int(Double(pixels).squareRoot().rounded())
    let known = [
      test.map { ($0.rows, $0.columns) },
      (recipe?.dataset.source.knownShape).map { ($0.rows, $0.columns) }, (root, root),
    ]
    return known.compactMap(\.self).first { $0.0 * $0.1 == pixels }.map { (rows: $0.0, columns: $0.1) }
  }

  private var distributions: NamedPicture {
    let initial = initial
    let groups = layers.enumerated().map { index, layer in
      let before = initial.map { [Density($0.layers[index].weights)] } ?? []
      return ViolinChart.Group(layer.name, before + [Density(layer.weights)])
    }
    let notes = initial == nil ? ["Without the weights at initialisation: \(initialProblem)."] : []
    let chart = ViolinChart(
      Heading("\(name): distribution of the weights of each layer", notes: notes), value: "weight",
      groups: groups, halves: initial == nil ? ["after training"] : ["at initialisation", "after training"])
    return NamedPicture("distributions", chart.picture())
  }

  private func confusion(_ test: TestEvaluation) -> NamedPicture {
    let counts = test.report.confusion
    let total = counts.joined().reduce(0, +)
    let accuracy = (test.report.overall.accuracy * 100).label()
    let chart = ConfusionMatrix(
      Heading("\(name): confusion matrix", notes: ["\(total) test images, accuracy \(accuracy) %"]),
      counts: counts, names: model.labels.values.map { "\($0)" })
    return NamedPicture("confusion", chart.picture())
  }

  private func worst(_ test: TestEvaluation) -> NamedPicture? {
    guard !test.mistakes.isEmpty else { return nil }
    let tiles = zip(test.mistakes, test.images).map { mistake, pixels in
      ImageGrid.Tile(
        Cells(pixels.map { Float($0) }, rows: test.rows, columns: test.columns),
        caption: mistake.caption(model.labels))
    }
    let counts = test.report.confusion
    let wrong = counts.joined().reduce(0, +) - counts.indices.reduce(0) { $0 + counts[$1][$1] }
    let grid = ImageGrid(
      Heading(
        "\(name): worst classified test images",
        notes: [
          "\(tiles.count) of \(wrong) misclassified images, highest loss first. p: probability of the label."
        ]), tiles: tiles, scale: .grey(0, 255))
    return NamedPicture("worst", grid.picture(), raster: grid.raster)
  }
}

extension Mistake {
  /// Such as "7 taken for 1", "loss 8.2, p 0.0003".
  func caption(_ labels: LabelSet) -> [String] {
    let probability =
      labelProbability < 1e-4 || labelProbability.isNaN
      ? labelProbability.label(digits: 1) : "\((labelProbability * 10_000).rounded() / 10_000)"
    return [
      "\(labels.values[label]) taken for \(labels.values[answer])",
      "loss \(loss.label(digits: 2)), p \(probability)",
    ]
  }
}
