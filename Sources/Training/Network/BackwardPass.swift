/// The backward pass: computes the gradients of a mini-batch layer by layer. Each gradient is used for the update
/// immediately, so that the gradient of all weights is never stored.
final class BackwardPass {
  private let forward: ForwardPass
  private let network: Network
  private let buffer: FloatBuffer
  /// The gradient of the mean loss with respect to each layer's pre-activations, capacity x width.
  private let gradients: [Matrix]
  /// A column of ones, capacity x 1. Its product with a gradient is the sum over the rows.
  private let ones: Matrix
  private let exponential: Kernel
  /// One for every layer except the last.
  private let derivatives: [Kernel]

  init(_ forward: ForwardPass) {
    self.forward = forward
    network = forward.network
    let capacity = forward.capacity
    let layers = forward.network.layers
    var plan = BufferPlan()
    let offsets = layers.map { plan.reserve(capacity * $0.stride) }
    let onesOffset = plan.reserve(capacity)
    let buffer = FloatBuffer(count: plan.count)
    gradients = zip(offsets, layers).map {
      buffer.matrix(at: $0, rows: capacity, columns: $1.outputs, stride: $1.stride)
    }
    ones = buffer.matrix(at: onesOffset, rows: capacity, columns: 1, stride: 1)
    ones.storage.update(repeating: 1)
    self.buffer = buffer
    exponential = .exponential(count: capacity * forward.network.architecture.classes)
    derivatives = layers.dropLast().map {
      .activationGradient(
        count: capacity * $0.stride, forward.network.architecture.activation)
    }
  }

  /// One gradient descent step on the first rows, after their forward pass.
  func run(rows: Int, _ optimizer: Optimizer, step: Int) {
    optimizer.begin(step: step)
    differentiateLoss(rows: rows)
    for last in network.layers.indices {
      let index = network.layers.count - 1 - last
      forward.rounded?.round(gradient: gradients[index].prefix(rows), of: index)
      // The layer before needs these weights as the forward pass used them.
      backpropagate(rows: rows, through: index)
      optimizer.update(
        layer: index, inputs: forward.input(of: index).prefix(rows), gradient: gradients[index].prefix(rows),
        ones: ones.prefix(rows))
    }
    guard let gradients = forward.kernelGradients else { return }
    forward.runBack(rows: rows)
    for index in network.kernels.indices { optimizer.update(convolution: index, gradients) }
  }

  /// The gradient with respect to the pre-activations of the layer before, (gradient · Wᵀ) · activation′; for the
  /// first layer, with respect to the features if a convolution computes them.
  private func backpropagate(rows: Int, through index: Int) {
    guard let before = index > 0 ? gradients[index - 1] : forward.featuresGradient else { return }
    if let rounded = forward.rounded {
      rounded.backpropagate(layer: index, into: before)
    } else {
      multiply(
        gradients[index].prefix(rows), network.factor(network.layers[index]),
        transposing: .right, into: before.prefix(rows))
    }
    if index == 0 { return }
    forward.dropout?.runBack(before, layer: index - 1, rows: rows)
    derivatives[index - 1].run(forward.outputs[index - 1], before)
  }

  /// The gradient of the mean cross-entropy with respect to the last pre-activations: (softmax - one-hot) / rows.
  private func differentiateLoss(rows: Int) {
    let gradient = gradients[gradients.count - 1]
    exponential.run(forward.logProbabilities, gradient)
    let share = 1 / Float(rows)
    for row in 0..<rows {
      let values = gradient.row(row)
      values[Int(forward.labels[row])] -= 1
      for index in values.indices { values[index] *= share }
    }
  }
}
