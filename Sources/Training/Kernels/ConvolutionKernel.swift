import COneDNN

/// The convolutions of a network with the buffers of a batch. Not thread-safe.
final class ConvolutionKernel {
  private let stages: OpaquePointer
  /// Keeps the memory alive that the stages read and write.
  private let network: Network
  private let gradients: FloatBuffer?

  /// - Parameters:
  /// - capacity: the largest batch in images.
  /// - gradients: destination of the backward pass, laid out as the network's parameters; nil for a forward pass
  ///   only.
  init(_ network: Network, _ stack: ConvolutionStack, capacity: Int, gradients: FloatBuffer?) {
    self.network = network
    self.gradients = gradients
    let images = image_batch_t(
      count: Int32(capacity), rows: Int32(stack.rows), columns: Int32(stack.columns))
    let shapes = stack.convolutions.map {
      stage_shape_t(
        channels: Int32($0.channels), kernel: Int32($0.kernel), stride: Int32($0.stride),
        padding: Int32($0.padding), pool: Int32($0.pool))
    }
    let parameters = network.kernels.map { layer in
      stage_parameters_t(
        weights: layer.weights(in: network.parameters).start,
        bias: layer.bias(in: network.parameters).start,
        weights_gradient: gradients.map { layer.weights(in: $0).start },
        bias_gradient: gradients.map { layer.bias(in: $0).start })
    }
    let (activation, slope) = Kernel.library(network.architecture.activation)
    let stages = make_convolutions(
      images, shapes, parameters, Int32(shapes.count), activation, slope)
    guard let stages else { preconditionFailure("no memory for the convolutions \(stack)") }
    self.stages = stages
  }

  deinit {
    free_convolutions(stages)
  }

  /// The forward pass, from images to features: one image per row, channel by channel.
  func run(_ images: Matrix, into features: Matrix) {
    let done = convolve(stages, images.start, features.start, Int32(images.rows))
    precondition(done, "an activation of oneDNN failed")
  }

  /// The backward pass, from the gradient of the features to the gradients of the parameters; call it after `run` on
  /// the same number of images.
  func runBack(_ gradient: Matrix) {
    let done = convolve_back(stages, gradient.start, Int32(gradient.rows))
    precondition(done, "an activation of oneDNN failed on the way back")
  }
}
