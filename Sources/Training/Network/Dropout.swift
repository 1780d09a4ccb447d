import COneDNN

/// Dropout after the hidden dense layers: sets each number to 0 with a probability and scales the others so that the
/// mean is unchanged. Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to
/// prevent neural networks from overfitting", JMLR 15, 2014.
final class Dropout {
  /// The output of each hidden layer after dropout, capacity x width.
  let kept: [Matrix]
  /// The factor of each number: 0, or 1 / (1 - probability).
  private let masks: [Matrix]
  private let buffer: FloatBuffer
  private let probability: Double
  private let seed: UInt64

  init(_ network: Network, capacity: Int, probability: Double, seed: UInt64) {
    precondition(probability >= 0 && probability < 1, "dropout \(probability)")
    self.probability = probability
    self.seed = seed
    let hidden = network.layers.dropLast()
    var plan = BufferPlan()
    let offsets = hidden.map { (plan.reserve(capacity * $0.stride), plan.reserve(capacity * $0.stride)) }
    let buffer = FloatBuffer(count: plan.count)
    func matrices(_ offsets: [Int]) -> [Matrix] {
      zip(offsets, hidden).map {
        buffer.matrix(at: $0, rows: capacity, columns: $1.outputs, stride: $1.stride)
      }
    }
    kept = matrices(offsets.map(\.0))
    masks = matrices(offsets.map(\.1))
    self.buffer = buffer
  }

  /// Applies dropout to the first rows of a hidden layer's output in a step.
  func run(_ output: Matrix, layer: Int, rows: Int, step: Int) {
    let threshold = min(65535, (probability * 65536).rounded())
    var how = dropout_t(
      seed: seed, stream: RandomStream.dropout(step: step).number,
      position: UInt64(layer) << 40, threshold: UInt32(threshold),
      scale: Float(65536 / (65536 - threshold)))
    drop_out(
      output.start, kept[layer].start, masks[layer].start, rows * output.stride, &how)
  }

  /// The gradient of a hidden layer's output from the gradient after dropout.
  func runBack(_ gradient: Matrix, layer: Int, rows: Int) {
    multiply_each(gradient.start, masks[layer].start, rows * gradient.stride)
  }
}
