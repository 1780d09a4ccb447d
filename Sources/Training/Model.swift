/// A trained network as a value.
package struct Model: Sendable, Equatable {
  package let architecture: Architecture
  /// The dataset it was trained on.
  package let dataset: String
  /// The architecture: the convolutions, then the dense layers.
  package let layers: [LayerParameters]

  /// The parameters of a layer.
  package struct LayerParameters: Sendable, Equatable {
    /// In PyTorch's order. Dense layer: the weight of input i for output o is at o · inputs + i. Convolution: outputs
    /// x inputs x kernel x kernel.
    package let weights: [Float]
    /// One per output or output channel.
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
      + network.layers.enumerated().map { index, layer in
        LayerParameters(
          weights: network.transposedWeights(index), bias: Array(network.bias(layer).row(0)))
      }
  }

  /// Evaluates on the test images of a dataset, on the calling thread. Throws if the image size or the number of
  /// classes differs from the network's.
  package func test(on dataset: Dataset) throws(ModelError) -> TestReport {
    try evaluator(for: dataset).report(dataset.test, classes: architecture.classes)
  }

  /// Evaluates this model; throws if it does not match the test images of the dataset.
  func evaluator(for dataset: Dataset) throws(ModelError) -> Evaluator {
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
    return Evaluator(network)
  }
}

extension Network {
  /// Copies the parameters of a model of the same architecture.
  func load(_ model: Model) {
    precondition(
      model.architecture == architecture, "\(model.architecture) is not \(architecture)")
    for (layer, values) in zip(kernels, model.layers) {
      _ = layer.weights(in: parameters).row(0).update(fromContentsOf: values.weights)
      _ = layer.bias(in: parameters).row(0).update(fromContentsOf: values.bias)
    }
    for (index, parameters) in model.layers.dropFirst(kernels.count).enumerated() {
      setTransposedWeights(index, parameters.weights)
      _ = bias(layers[index]).row(0).update(fromContentsOf: parameters.bias)
    }
  }

  /// The weights of a dense layer, outputs x inputs.
  fileprivate func transposedWeights(_ index: Int) -> [Float] {
    let layer = layers[index]
    var result = [Float](repeating: 0, count: layer.inputs * layer.outputs)
    for input in 0..<layer.inputs {
      let row = row(of: input, in: index)
      for output in 0..<layer.outputs { result[output * layer.inputs + input] = row[output] }
    }
    return result
  }

  /// Sets the weights of a dense layer from numbers in the order outputs x inputs.
  fileprivate func setTransposedWeights(_ index: Int, _ values: [Float]) {
    let layer = layers[index]
    precondition(values.count == layer.inputs * layer.outputs, "\(values.count) weights")
    for input in 0..<layer.inputs {
      let row = row(of: input, in: index)
      for output in 0..<layer.outputs { row[output] = values[output * layer.inputs + input] }
    }
  }
}
