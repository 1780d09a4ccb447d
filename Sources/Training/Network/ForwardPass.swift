/// The forward pass of a mini-batch, from pixels to log-probabilities, with its buffers and compiled operations.
///
/// All buffers have `capacity` rows. A smaller batch uses the first rows: products skip the other rows, and the
/// element-wise kernels, compiled for one shape, process them without effect.
final class ForwardPass {
  let network: Network
  /// The largest batch in rows.
  let capacity: Int
  /// The pixels that the network multiplies, capacity x inputs.
  let inputs: Matrix
  /// The input of the first dense layer: the output of the convolutions, or the pixels.
  let features: Matrix
  /// The gradient with respect to the features; nil unless convolutions are trained.
  let featuresGradient: Matrix?
  /// The gradients of the convolutions' parameters, at the offsets of the parameters in the network.
  let kernelGradients: FloatBuffer?
  /// The output of each layer, capacity x width; log-probabilities for the last layer.
  let outputs: [Matrix]
  /// The class of each row.
  private(set) var labels: [UInt8]

  private let layout: PixelLayout
  private let buffer: FloatBuffer
  private let convolutions: ConvolutionKernel?
  /// Dropout during training; nil if there is none.
  let dropout: Dropout?
  /// Multiplies in bfloat16; nil for float32.
  let rounded: RoundedProducts?
  private let activations: [Kernel]
  private let logSoftmax: Kernel

  /// - Parameters:
  /// - trains: whether the backward pass through the convolutions is set up too.
  /// - dropout: the dropout of each run.
  /// - precision: of the factors in the matrix products of the dense layers.
  init(
    _ network: Network, capacity: Int, trains: Bool = false, dropout: Dropout? = nil,
    precision: Precision = .f32
  ) {
    self.dropout = dropout
    rounded = precision == .bf16 ? RoundedProducts(network, capacity: capacity) : nil
    self.network = network
    self.capacity = capacity
    let layers = network.layers
    let hasConvolutions = network.architecture.stack != nil
    let pixels = hasConvolutions ? network.architecture.inputs : network.layout.multiplied
    layout = hasConvolutions ? PixelLayout(pixels: pixels) : network.layout
    var plan = BufferPlan()
    let inputsOffset = plan.reserve(capacity * pixels)
    let featureCount = network.architecture.stack?.features ?? 0
    let featuresOffset = plan.reserve(capacity * featureCount)
    let gradientOffset = plan.reserve(trains ? capacity * featureCount : 0)
    let offsets = layers.map { plan.reserve(capacity * $0.stride) }
    let buffer = FloatBuffer(count: plan.count)
    self.buffer = buffer
    inputs = buffer.matrix(at: inputsOffset, rows: capacity, columns: pixels, stride: pixels)
    if let stack = network.architecture.stack {
      func matrix(_ offset: Int) -> Matrix {
        buffer.matrix(at: offset, rows: capacity, columns: featureCount, stride: featureCount)
      }
      features = matrix(featuresOffset)
      featuresGradient = trains ? matrix(gradientOffset) : nil
      kernelGradients = trains ? FloatBuffer(count: network.parameters.count) : nil
      convolutions = ConvolutionKernel(
        network, stack, capacity: capacity, gradients: kernelGradients)
    } else {
      features = inputs
      featuresGradient = nil
      kernelGradients = nil
      convolutions = nil
    }
    outputs = zip(offsets, layers).map {
      buffer.matrix(at: $0, rows: capacity, columns: $1.outputs, stride: $1.stride)
    }
    labels = Array(repeating: 0, count: capacity)
    activations = layers.indices.map { index in
      Kernel.biasActivation(
        rows: capacity, columns: layers[index].stride,
        index < layers.count - 1 ? network.architecture.activation : nil)
    }
    logSoftmax = .logSoftmax(rows: capacity, columns: network.architecture.classes)
  }

  /// The log-probabilities of the classes, by row.
  var logProbabilities: Matrix { outputs[outputs.count - 1] }

  /// Fills the first rows with images, scaled from 0...255 to 0...1, and their labels. A complement `~index` stands
  /// for the augmented image at the index.
  func gather(
    _ images: ImageSet, at indices: ArraySlice<Int32>, changedBy augmenter: Augmenter? = nil
  ) {
    precondition(indices.count <= capacity, "\(indices.count) images for \(capacity) rows")
    for start in stride(from: indices.startIndex, to: indices.endIndex, by: Self.prefetched) {
      let part = start..<min(start + Self.prefetched, indices.endIndex)
      for index in part { images.prefetch(Int(max(indices[index], ~indices[index]))) }
      for index in part {
        let row = index - indices.startIndex
        let image = Int(max(indices[index], ~indices[index]))
        if let augmenter, indices[index] < 0 {
          augmenter.scale(image, into: inputs.row(row))
        } else {
          images.scale(image, layout, into: inputs.row(row))
        }
        labels[row] = images.label(image)
      }
    }
  }

  /// The number of images prefetched at once.
  private static let prefetched = 32

  /// The input of a dense layer.
  func input(of index: Int) -> Matrix {
    if index == 0 { return features }
    return dropout?.kept[index - 1] ?? outputs[index - 1]
  }

  /// Computes the log-probabilities of the first rows; the step determines the dropout.
  func run(rows: Int, step: Int = 0) {
    convolutions?.run(inputs.prefix(rows), into: features.prefix(rows))
    for index in network.layers.indices {
      let (layer, output) = (network.layers[index], outputs[index])
      let input = input(of: index).prefix(rows)
      if let rounded {
        rounded.round(input: input, of: index)
        rounded.multiply(layer: index, into: output)
      } else {
        multiply(input, network.factor(layer), into: output.prefix(rows))
      }
      activations[index].run(output, network.bias(layer))
      if index < outputs.count - 1 { dropout?.run(output, layer: index, rows: rows, step: step) }
    }
    logSoftmax.run(logProbabilities)
  }

  /// Computes the gradients of the convolutions' parameters from the gradient of the features of the first rows.
  func runBack(rows: Int) {
    guard let convolutions, let featuresGradient else { return }
    convolutions.runBack(featuresGradient.prefix(rows))
  }

  /// Sums cross-entropy and correct predictions over the first rows after `run`.
  func score(rows: Int) -> BatchScore {
    var score = BatchScore()
    for row in 0..<rows {
      score.add(logProbabilities.row(row), label: Int(labels[row]))
    }
    return score
  }
}

/// Sums over the examples of one or more batches.
struct BatchScore: Sendable, Equatable {
  /// The sum of -log p(label), in nats.
  var loss = 0.0
  /// The number of images whose most probable class is the label; in a tie, the first class counts.
  var correct = 0
  var examples = 0

  mutating func add(_ logProbabilities: UnsafeMutableBufferPointer<Float>, label: Int) {
    loss -= Double(logProbabilities[label])
    correct += likeliestClass(logProbabilities) == label ? 1 : 0
    examples += 1
  }

  static func += (left: inout BatchScore, right: BatchScore) {
    left.loss += right.loss
    left.correct += right.correct
    left.examples += right.examples
  }
}

/// The index of the largest number, the first in a tie.
func likeliestClass(_ values: UnsafeMutableBufferPointer<Float>) -> Int {
  var best = 0
  for index in 1..<values.count where values[index] > values[best] {
    best = index
  }
  return best
}
