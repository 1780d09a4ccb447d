/// A mini-batch on its way from pixels to log-probabilities: its memory and its compiled operations.
///
/// Everything is made for `capacity` rows. A smaller batch fills the first rows; the products leave the
/// other rows alone, and the element-wise kernels, compiled for one shape, run over them to no effect.
final class ForwardPass {
  let network: Network
  /// The most rows a batch can have.
  let capacity: Int
  /// The pixels, capacity x inputs.
  let inputs: Matrix
  /// What each layer puts out, capacity x width; the last layer's are log-probabilities.
  let outputs: [Matrix]
  /// The class of each row.
  private(set) var labels: [UInt8]

  private let buffer: FloatBuffer
  private let activations: [Kernel]
  private let logSoftmax: Kernel

  init(_ network: Network, capacity: Int) {
    self.network = network
    self.capacity = capacity
    let layers = network.layers
    let pixels = network.architecture.inputs
    var plan = BufferPlan()
    let inputsOffset = plan.reserve(capacity * pixels)
    let offsets = layers.map { plan.reserve(capacity * $0.stride) }
    let buffer = FloatBuffer(count: plan.count)
    self.buffer = buffer
    inputs = buffer.matrix(at: inputsOffset, rows: capacity, columns: pixels, stride: pixels)
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
    precondition(images.pixels == inputs.columns, "images of \(images.pixels) pixels")
    for place in indices.indices {
      let ahead = place + Self.prefetchDistance
      if ahead < indices.endIndex { images.prefetch(Int(max(indices[ahead], ~indices[ahead]))) }
      let row = place - indices.startIndex
      let image = Int(max(indices[place], ~indices[place]))
      if let augmenter, indices[place] < 0 {
        augmenter.scale(image, into: inputs.row(row))
      } else {
        images.scale(image, into: inputs.row(row))
      }
      labels[row] = images.label(image)
    }
  }

  /// So many images ahead of the one being read, memory has had time to deliver.
  private static let prefetchDistance = 8

  /// Computes the log-probabilities of the first rows.
  func run(rows: Int) {
    var input = inputs
    for index in network.layers.indices {
      let (layer, output) = (network.layers[index], outputs[index])
      multiply(input.prefix(rows), network.weights(layer), into: output.prefix(rows))
      activations[index].run(output, network.bias(layer))
      input = output
    }
    logSoftmax.run(logProbabilities)
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
