import Randomness

/// The shape of a network.
package struct Architecture: Sendable, Equatable {
  /// Pixels in an image.
  package let inputs: Int
  /// The widths of the hidden layers.
  package let hidden: [Int]
  package let activation: Activation
  package let classes: Int
  /// The convolutions before the dense layers; nil if there are none.
  package let stack: ConvolutionStack?

  package init(
    inputs: Int, hidden: [Int], activation: Activation, classes: Int,
    stack: ConvolutionStack? = nil
  ) {
    precondition(
      stack.map { $0.rows * $0.columns == inputs } ?? true, "convolutions for other images")
    self.inputs = inputs
    self.hidden = hidden
    self.activation = activation
    self.classes = classes
    self.stack = stack
  }

  /// Inputs and outputs of each dense layer, from first to last.
  package var layerSizes: [(inputs: Int, outputs: Int)] {
    zip([stack?.features ?? inputs] + hidden, hidden + [classes]).map { ($0, $1) }
  }

  /// The shapes of the layers' weights as in PyTorch, convolutions first.
  var weightShapes: [[Int]] {
    let convolutions = stack.map { stack in stack.convolutions.indices.map(stack.kernelShape) } ?? []
    return convolutions + layerSizes.map { [$0.outputs, $0.inputs] }
  }

  /// The maximum number of weights, and of numbers in a batch, in recipes and files (1 GiB of floats).
  static let mostNumbers = 1 << 28

  /// The size of a batch in the network's buffers, in numbers.
  func activationCount(rows: Int) -> Int {
    let convolved = stack.map { $0.numbers + $0.features } ?? 0
    return rows * layerSizes.reduce(inputs + convolved) { $0 + $1.outputs }
  }

  /// The number of weights and biases.
  package var parameterCount: Int {
    weightShapes.reduce(0) { $0 + $1.reduce(1, *) + $1[0] }
  }
}

/// The location of a dense layer's parameters: `weights` inputs x outputs, `bias` 1 x outputs.
///
/// The weights are stored inputs x outputs (the transpose of PyTorch's order), because the forward product of small
/// batches is up to a third faster this way.
struct DenseLayer: Sendable {
  let inputs: Int
  /// The number of leading inputs in the products; the other inputs are always 0.
  let multiplied: Int
  let outputs: Int
  /// The row stride of every matrix with one column per output.
  let stride: Int
  let weightsOffset: Int
  let biasOffset: Int

  /// Rows of hidden layers are padded to a multiple of 64 bytes, which makes products up to 3 % faster. The padding
  /// has no effect on results. The softmax of the last layer needs rows without padding.
  init(inputs: Int, multiplied: Int, outputs: Int, isLast: Bool, plan: inout BufferPlan) {
    self.inputs = inputs
    self.multiplied = multiplied
    self.outputs = outputs
    stride = isLast ? outputs : (outputs + 15) / 16 * 16
    weightsOffset = plan.reserve(inputs * stride)
    biasOffset = plan.reserve(stride)
  }
}

/// The location of a convolution's parameters: weights in `ConvolutionStack.kernelShape`, one bias per output
/// channel.
struct KernelLayer: Sendable {
  let weightCount: Int
  let channels: Int
  let weightsOffset: Int
  let biasOffset: Int

  init(shape: [Int], plan: inout BufferPlan) {
    weightCount = shape.reduce(1, *)
    channels = shape[0]
    weightsOffset = plan.reserve(weightCount)
    biasOffset = plan.reserve(channels)
  }

  /// The weights in a buffer, as one row.
  func weights(in buffer: FloatBuffer) -> Matrix {
    buffer.matrix(at: weightsOffset, rows: 1, columns: weightCount, stride: weightCount)
  }

  /// The biases in a buffer, one row.
  func bias(in buffer: FloatBuffer) -> Matrix {
    buffer.matrix(at: biasOffset, rows: 1, columns: channels, stride: channels)
  }
}

/// A network with its weights. Not thread-safe.
final class Network {
  let architecture: Architecture
  /// The convolutions, which come first.
  let kernels: [KernelLayer]
  /// The dense layers.
  let layers: [DenseLayer]
  /// The pixel layout of the inputs of the first dense layer.
  let layout: PixelLayout
  /// All weights and biases, at the offsets given by the layers.
  let parameters: FloatBuffer

  /// Creates a network with all parameters 0.
  ///
  /// - Parameter layout: the pixel layout of the images if no convolution reads them; nil for the plain one.
  init(_ architecture: Architecture, _ layout: PixelLayout? = nil) {
    self.architecture = architecture
    var plan = BufferPlan()
    kernels = (architecture.stack?.convolutions.indices ?? 0..<0).map { index in
      KernelLayer(shape: architecture.weightShapes[index], plan: &plan)
    }
    let sizes = architecture.layerSizes
    let layout = layout ?? PixelLayout(pixels: sizes[0].inputs)
    precondition(layout.places.count == sizes[0].inputs, "a layout of \(layout.places.count) pixels")
    self.layout = layout
    layers = sizes.indices.map { index in
      DenseLayer(
        inputs: sizes[index].inputs,
        multiplied: index == 0 ? layout.multiplied : sizes[index].inputs,
        outputs: sizes[index].outputs, isLast: index == sizes.count - 1, plan: &plan)
    }
    parameters = FloatBuffer(count: plan.count)
  }

  /// The weights of a layer that are used in products.
  func factor(_ layer: DenseLayer) -> Matrix { weights(layer).prefix(layer.multiplied) }

  /// The row of a dense layer's weights for one input.
  func row(of input: Int, in index: Int) -> UnsafeMutableBufferPointer<Float> {
    weights(layers[index]).row(index == 0 ? layout.places[input] : input)
  }

  /// The weights of a layer, inputs x outputs.
  func weights(_ layer: DenseLayer) -> Matrix {
    parameters.matrix(
      at: layer.weightsOffset, rows: layer.inputs, columns: layer.outputs, stride: layer.stride)
  }

  /// The biases of a layer, one row.
  func bias(_ layer: DenseLayer) -> Matrix {
    parameters.matrix(
      at: layer.biasOffset, rows: 1, columns: layer.outputs, stride: layer.stride)
  }

  /// Initializes the weights at random and sets the biases to 0.
  func initialize(_ initialization: Initialization, seed: UInt64) {
    for (index, layer) in kernels.enumerated() {
      var generator = RandomStream.weights(layer: index).generator(seed: seed)
      let fans = architecture.stack?.fans(index) ?? (inputs: 1, outputs: 1)
      let deviation = initialization.deviation(inputs: fans.inputs, outputs: fans.outputs)
      let weights = layer.weights(in: parameters).row(0)
      generator.fill(weights, deviation: deviation)
      layer.bias(in: parameters).storage.update(repeating: 0)
    }
    for (index, layer) in layers.enumerated() {
      var generator = RandomStream.weights(layer: kernels.count + index).generator(seed: seed)
      let deviation = initialization.deviation(inputs: layer.inputs, outputs: layer.outputs)
      let (rows, columns) = (max(1, 4096 / layer.outputs), layer.outputs)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * columns) { samples in
        for first in stride(from: 0, to: layer.inputs, by: rows) {
          let inputs = first..<min(first + rows, layer.inputs)
          generator.fill(.init(rebasing: samples[..<(inputs.count * columns)]), deviation: deviation)
          for input in inputs {
            let start = (input - first) * columns
            _ = row(of: input, in: index).update(fromContentsOf: samples[start..<(start + columns)])
          }
        }
      }
      bias(layer).storage.update(repeating: 0)
    }
  }
}
