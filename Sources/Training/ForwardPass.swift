/// A mini-batch on its way from pixels to log-probabilities: its memory and its compiled operations.
///
/// Everything is made for `capacity` rows. A smaller batch fills the first rows; the products leave the
/// other rows alone, and the element-wise kernels, compiled for one shape, run over them to no effect.
final class ForwardPass {
  let network: Network
  /// The most rows a batch can have.
  let capacity: Int
  /// The pixels, or those of them that the network multiplies, capacity x inputs.
  let inputs: Matrix
  /// What goes into the first dense layer: what the convolutions put out, or the pixels.
  let features: Matrix
  /// The gradient by the features, where they come from convolutions that are trained.
  let featuresGradient: Matrix?
  /// The gradients of the convolutions' parameters, at the places that these have in the network.
  let kernelGradients: FloatBuffer?
  /// What each layer puts out, capacity x width; the last layer's are log-probabilities.
  let outputs: [Matrix]
  /// The class of each row.
  private(set) var labels: [UInt8]

  private let layout: PixelLayout
  private let buffer: FloatBuffer
  private let convolutions: ConvolutionKernel?
  /// What training drops; nil where nothing is.
  let dropout: Dropout?
  /// Multiplies in bfloat16; nil where float32 does.
  let rounded: RoundedProducts?
  private let activations: [Kernel]
  private let logSoftmax: Kernel

  /// - Parameters:
  ///   - trains: whether a way back through the convolutions is made too.
  ///   - dropout: what each run drops.
  ///   - precision: that of the factors in the dense layers' products.
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

  /// The logarithms of the class probabilities of each row.
  var logProbabilities: Matrix { outputs[outputs.count - 1] }

  /// Fills the first rows with images, their pixels scaled from 0...255 to 0...1, and their labels.
  /// A complement `~index` stands for the image at the index as the augmenter changes it.
  func gather(
    _ images: ImageSet, at indices: ArraySlice<Int32>, changedBy augmenter: Augmenter? = nil
  ) {
    precondition(indices.count <= capacity, "\(indices.count) images for \(capacity) rows")
    for start in stride(from: indices.startIndex, to: indices.endIndex, by: Self.prefetched) {
      let part = start..<min(start + Self.prefetched, indices.endIndex)
      for place in part { images.prefetch(Int(max(indices[place], ~indices[place]))) }
      for place in part {
        let row = place - indices.startIndex
        let image = Int(max(indices[place], ~indices[place]))
        if let augmenter, indices[place] < 0 {
          augmenter.scale(image, into: inputs.row(row))
        } else {
          images.scale(image, layout, into: inputs.row(row))
        }
        labels[row] = images.label(image)
      }
    }
  }

  /// So many images are asked of memory at once, which then delivers them side by side.
  private static let prefetched = 32

  /// What a dense layer reads.
  func input(of index: Int) -> Matrix {
    if index == 0 { return features }
    return dropout?.kept[index - 1] ?? outputs[index - 1]
  }

  /// Computes the log-probabilities of the first rows; the step decides what is dropped.
  func run(rows: Int, step: Int = 0) {
    convolutions?.run(inputs.prefix(rows), into: features.prefix(rows))
    for index in network.layers.indices {
      let (layer, output) = (network.layers[index], outputs[index])
      let input = input(of: index).prefix(rows)
      if let rounded {
        rounded.take(input: input, of: index)
        rounded.multiply(layer: index, into: output)
      } else {
        multiply(input, network.factor(layer), into: output.prefix(rows))
      }
      activations[index].run(output, network.bias(layer))
      if index < outputs.count - 1 { dropout?.run(output, layer: index, rows: rows, step: step) }
    }
    logSoftmax.run(logProbabilities)
  }

  /// From the gradient by the features of the first rows to the gradients of the convolutions' parameters.
  func runBack(rows: Int) {
    guard let convolutions, let featuresGradient else { return }
    convolutions.runBack(featuresGradient.prefix(rows))
  }

  /// The cross-entropy and the right answers among the first rows, which `run` has computed.
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
  /// How often the likeliest class was the label; of equally likely ones, the first counts.
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

/// The first of the places with the largest number.
func likeliestClass(_ values: UnsafeMutableBufferPointer<Float>) -> Int {
  var best = 0
  for place in 1..<values.count where values[place] > values[best] {
    best = place
  }
  return best
}
