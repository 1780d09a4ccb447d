/// A trained network as a value.
package struct Model: Sendable, Equatable {
  package let architecture: Architecture
  /// The dataset it was trained on.
  package let dataset: String
  /// The label of each class.
  package let labels: LabelSet
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

  init(architecture: Architecture, dataset: String, labels: LabelSet, layers: [LayerParameters]) {
    precondition(labels.values.count == architecture.classes, "\(labels) for \(architecture.classes) classes")
    self.architecture = architecture
    self.dataset = dataset
    self.labels = labels
    self.layers = layers
  }

  init(_ network: Network, dataset: String, labels: LabelSet) {
    let kernels = network.kernels.map { layer in
      LayerParameters(
        weights: Array(layer.weights(in: network.parameters).row(0)),
        bias: Array(layer.bias(in: network.parameters).row(0)))
    }
    let layers =
      kernels
      + network.layers.enumerated().map { index, layer in
        LayerParameters(
          weights: network.transposedWeights(index), bias: Array(network.bias(layer).row(0)))
      }
    self.init(architecture: network.architecture, dataset: dataset, labels: labels, layers: layers)
  }

  /// Evaluates on the test images of a dataset, on the calling thread. The images' labels decide their classes. Throws
  /// if the image size differs from the network's, or a test image has a label that the network does not know.
  package func test(on dataset: Dataset) throws(ModelError) -> TestReport {
    try evaluator(for: dataset).report(testImages(of: dataset), classes: architecture.classes)
  }

  /// The test images of a dataset, with the classes of this model; throws if the model lacks the label of an image.
  func testImages(of dataset: Dataset) throws(ModelError) -> ImageSet {
    if dataset.labels == labels { return dataset.test }
    guard let images = dataset.test.renumbered(dataset.labels.classes(in: labels)) else {
      throw ModelError(
        dataset.name, .doesNotFit("its labels are \(dataset.labels), the model knows \(labels)"))
    }
    return images
  }

  /// Evaluates this model; throws if it does not match the size of the dataset's test images.
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
