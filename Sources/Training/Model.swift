/// A trained network as a value.
package struct Model: Sendable, Equatable {
  package let architecture: Architecture
  /// The dataset it was trained on.
  package let dataset: String
  /// From the image to the classes: the convolutions, then the dense layers.
  package let layers: [LayerParameters]

  /// The parameters of a layer.
  package struct LayerParameters: Sendable, Equatable {
    /// As in PyTorch. Of a dense layer output by output: the weight of input i for output o is at
    /// o · inputs + i; of a convolution outputs x inputs x kernel x kernel.
    package let weights: [Float]
    /// One for each output or channel.
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
    let kernels = network.kernels.map { layer in
      LayerParameters(
        weights: Array(layer.weights(in: network.parameters).row(0)),
        bias: Array(layer.bias(in: network.parameters).row(0)))
    }
    layers =
      kernels
      + network.layers.map { layer in
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
    if let stack = architecture.stack {
      guard dataset.test.rows == stack.rows, dataset.test.columns == stack.columns else {
        throw ModelError(
          dataset.name,
          .doesNotFit(
            "images of \(dataset.test.rows)x\(dataset.test.columns), the model takes "
              + "\(stack.rows)x\(stack.columns)"))
      }
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
    for (layer, values) in zip(kernels, model.layers) {
      _ = layer.weights(in: parameters).row(0).update(fromContentsOf: values.weights)
      _ = layer.bias(in: parameters).row(0).update(fromContentsOf: values.bias)
    }
    for (layer, parameters) in zip(layers, model.layers.dropFirst(kernels.count)) {
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
