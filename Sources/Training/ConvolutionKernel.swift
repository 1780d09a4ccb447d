import COneDNN

/// The convolutions of a network, compiled by oneDNN for batches of one size in places of their own. For one
/// thread at a time.
final class ConvolutionKernel {
  private let compiled: OpaquePointer
  /// What the compiled operations read and write must live as long as they do.
  private let network: Network
  private let gradients: FloatBuffer?

  /// - Parameters:
  ///   - images: a batch, one image a row.
  ///   - features: where what comes out goes, image by image, channel by channel.
  ///   - featuresGradient: where the way back begins, if it is to be made.
  ///   - gradients: where it ends, laid out as the network's parameters.
  init(
    _ network: Network, _ stack: ConvolutionStack, images: Matrix, features: Matrix,
    featuresGradient: Matrix?, gradients: FloatBuffer?
  ) {
    self.network = network
    self.gradients = gradients
    let batch = onednn_image_batch(
      count: Int64(images.rows), rows: Int64(stack.rows), columns: Int64(stack.columns),
      images: images.start, features: features.start, features_gradient: featuresGradient?.start)
    let shapes = stack.convolutions.map {
      onednn_stage_shape(
        channels: Int64($0.channels), kernel: Int64($0.kernel), stride: Int64($0.stride),
        padding: Int64($0.padding), pool: Int64($0.pool))
    }
    let parameters = network.kernels.map { layer in
      onednn_stage_parameters(
        weights: layer.weights(in: network.parameters).start,
        bias: layer.bias(in: network.parameters).start,
        weights_gradient: gradients.map { layer.weights(in: $0).start },
        bias_gradient: gradients.map { layer.bias(in: $0).start })
    }
    let (activation, slope) = Kernel.library(network.architecture.activation)
    let compiled = onednn_make_convolutions(
      batch, shapes, parameters, Int32(shapes.count), activation, slope)
    guard let compiled else { preconditionFailure("oneDNN cannot make the convolutions \(stack)") }
    self.compiled = compiled
  }

  deinit {
    onednn_free_convolutions(compiled)
  }

  /// From the images to the features.
  func run() {
    precondition(onednn_convolve(compiled), "a convolution of oneDNN failed")
  }

  /// From the gradient by the features to the gradients of the parameters.
  func runBack() {
    precondition(onednn_convolve_back(compiled), "a convolution of oneDNN failed on the way back")
  }
}
