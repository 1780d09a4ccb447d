import Charts
import Training

/// The pictures of a trained model.
package struct ModelPictures {
  package var model: Model
  /// What it was trained by; gives the weights at initialisation.
  package var recipe: Recipe?
  package var history: RunHistory?
  package var test: TestEvaluation?

  package init(
    _ model: Model, recipe: Recipe? = nil, history: RunHistory? = nil, test: TestEvaluation? = nil
  ) {
    (self.model, self.recipe, self.history, self.test) = (model, recipe, history, test)
  }

  /// The kinds of pictures: names of files, or their beginnings where there is one for each layer.
  package static let kinds = [
    "loss", "accuracy", "weights", "initial-weights", "first-layer", "kernels", "distributions", "confusion",
    "worst",
  ]

  /// What was drawn, and a sentence for each kind of picture that could not be.
  package struct Result: Sendable {
    package internal(set) var pictures: [NamedPicture] = []
    package var omissions: [String] = []

    /// Adds pictures, or why there are none.
    mutating func add(_ pictures: [NamedPicture], orReason reason: @autoclosure () -> String) {
      self.pictures += pictures
      if pictures.isEmpty { omissions.append(reason()) }
    }
  }

  /// Draws all that the parts allow. Where there is a picture for each layer, its name ends with the layer's number,
  /// counted from 1: weights-1.
  ///
  /// - Parameter showsInitialWeights: whether the weights at initialisation are drawn for themselves too.
  package func draw(showsInitialWeights: Bool = false) -> Result {
    var result = Result()
    result.add(
      RunHistory.pictures(of: history.map { [$0] } ?? []),
      orReason: "loss and accuracy are not drawn: there is no history of a completed epoch")
    let layers = NamedLayer.all(of: model)
    result.pictures += layers.map { $0.weightPicture() }
    if showsInitialWeights, let initial {
      result.pictures += NamedLayer.all(of: initial).map { $0.weightPicture("at initialisation") }
    }
    if let first = layers.first, first.kernel == nil {
      result.add(
        first.tilePicture(imageShape).map { [$0] } ?? [],
        orReason: "first-layer is not drawn: it is not known which rows and columns its "
          + "\(model.architecture.inputs) pixels have")
    }
    result.pictures += layers.compactMap(\.kernelPicture)
    result.pictures.append(distributions(of: layers, &result))
    result.add(
      test.map { [confusion($0)] } ?? [],
      orReason: "confusion and worst are not drawn: the test images are missing")
    if let test {
      result.add(
        worst(test).map { [$0] } ?? [], orReason: "worst is not drawn: no test image is classified wrong")
    }
    return result
  }

  /// The sides of an image, as far as they are known: from the dataset, or because only a square is likely.
  private var imageShape: (rows: Int, columns: Int)? {
    let pixels = model.architecture.inputs
    let root = Int(Double(pixels).squareRoot().rounded())
    let known = [
      test.map { ($0.rows, $0.columns) },
      (recipe?.dataset.source.knownShape).map { ($0.rows, $0.columns) }, (root, root),
    ]
    return known.compactMap(\.self).first { $0.0 * $0.1 == pixels }.map { (rows: $0.0, columns: $0.1) }
  }

  /// The model before its first step; nil if there is no recipe, or one of another network.
  private var initial: Model? { recipe.flatMap { model.initial($0) } }

  private func distributions(of layers: [NamedLayer], _ result: inout Result) -> NamedPicture {
    let initial = initial
    if initial == nil {
      let reason = recipe == nil ? "there is no recipe" : "the recipe describes another network"
      result.omissions.append("distributions does not show the weights at initialisation: \(reason)")
    }
    let groups = layers.enumerated().map { index, layer in
      let before = initial.map { [Density($0.layers[index].weights)] } ?? []
      return ViolinChart.Group(layer.name, before + [Density(layer.weights)])
    }
    let chart = ViolinChart(
      Heading("Distribution of the weights of each layer"), value: "weight", groups: groups,
      halves: initial == nil ? ["after training"] : ["at initialisation", "after training"])
    return NamedPicture("distributions", chart.picture())
  }

  private func confusion(_ test: TestEvaluation) -> NamedPicture {
    let counts = test.report.confusion
    let total = counts.joined().reduce(0, +)
    let accuracy = (test.report.overall.accuracy * 100).label()
    let chart = ConfusionMatrix(
      Heading("Confusion of the classes", notes: ["\(total) test images, accuracy \(accuracy) %"]),
      counts: counts, names: counts.indices.map { "\($0)" })
    return NamedPicture("confusion", chart.picture())
  }

  private func worst(_ test: TestEvaluation) -> NamedPicture? {
    guard !test.mistakes.isEmpty else { return nil }
    let tiles = zip(test.mistakes, test.images).map { mistake, pixels in
      ImageGrid.Tile(
        Cells(pixels.map { Float($0) }, rows: test.rows, columns: test.columns), caption: mistake.caption)
    }
    let counts = test.report.confusion
    let wrong = counts.joined().reduce(0, +) - counts.indices.reduce(0) { $0 + counts[$1][$1] }
    let grid = ImageGrid(
      Heading(
        "Worst classified test images",
        notes: [
          "\(tiles.count) of \(wrong) wrongly classified, by the highest loss. p: the probability of the label."
        ]), tiles: tiles, scale: .grey(0, 255))
    return NamedPicture("worst", grid.picture(), raster: grid.raster)
  }
}

extension Mistake {
  /// Such as "7 taken for 1", "loss 8.2, p 0.0003".
  var caption: [String] {
    let probability =
      labelProbability < 1e-4 || labelProbability.isNaN
      ? labelProbability.label(digits: 1) : "\((labelProbability * 10_000).rounded() / 10_000)"
    return ["\(label) taken for \(answer)", "loss \(loss.label(digits: 2)), p \(probability)"]
  }
}
