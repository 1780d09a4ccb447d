/// A trained network as a value.
package struct Model: Sendable, Equatable {
  package let architecture: Architecture
  /// The dataset it was trained on.
  package let dataset: String
  /// From the image to the classes.
  package let layers: [LayerParameters]

  /// The parameters of a dense layer.
  package struct LayerParameters: Sendable, Equatable {
    /// Output by output: the weight of input i for output o is at o · inputs + i, as in PyTorch.
    package let weights: [Float]
    /// One for each output.
    package let bias: [Float]
  }

  init(architecture: Architecture, dataset: String, layers: [LayerParameters]) {
    self.architecture = architecture
    self.dataset = dataset
    self.layers = layers
  }

  init(_ network: Network, dataset: String) {
    architecture = network.architecture
    self.dataset = dataset
    layers = network.layers.map { layer in
      LayerParameters(
        weights: network.weights(layer).transposed(), bias: Array(network.bias(layer).row(0)))
    }
  }

  /// Evaluates on the test images of a dataset, on the calling thread. Throws if the images have another
  /// size or the labels another number of classes than the network was trained for.
  package func test(on dataset: Dataset) throws(ModelError) -> TestReport {
    guard dataset.test.pixels == architecture.inputs else {
      throw ModelError(
        dataset.name,
        .doesNotFit("images of \(dataset.test.pixels) pixels, the model takes \(architecture.inputs)"))
    }
    guard dataset.classes == architecture.classes else {
      throw ModelError(
        dataset.name,
        .doesNotFit("\(dataset.classes) classes, the model knows \(architecture.classes)"))
    }
    let network = Network(architecture)
    network.load(self)
    return Evaluator(network).report(dataset.test, classes: architecture.classes)
  }
}

extension Network {
  /// Takes over the parameters of a model of the same architecture.
  func load(_ model: Model) {
    precondition(
      model.architecture == architecture, "\(model.architecture) is not \(architecture)")
    for (layer, parameters) in zip(layers, model.layers) {
      weights(layer).setTransposed(parameters.weights)
      _ = bias(layer).row(0).update(fromContentsOf: parameters.bias)
    }
  }
}

extension Matrix {
  /// The numbers column by column.
  fileprivate func transposed() -> [Float] {
    var result = [Float](repeating: 0, count: rows * columns)
    for index in 0..<rows {
      let row = row(index)
      for column in 0..<columns { result[column * rows + index] = row[column] }
    }
    return result
  }

  /// Sets the numbers from ones that are given column by column.
  fileprivate func setTransposed(_ values: [Float]) {
    precondition(values.count == rows * columns, "\(values.count) numbers for \(rows)x\(columns)")
    for index in 0..<rows {
      let row = row(index)
      for column in 0..<columns { row[column] = values[column * rows + index] }
    }
  }
}
