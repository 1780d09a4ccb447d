/// Stochastic gradient descent with an L2 penalty on the weights.
struct SGD: Sendable {
  /// The step length.
  let learningRate: Double
  /// The strength λ of the penalty ½·λ·ΣW².
  let l2: Double

  /// W ← (1 - rate·λ)·W - rate·inputsᵀ·gradient, one matrix product; `inputs` is rows x inputs, `gradient`
  /// rows x outputs, already divided by the number of examples.
  func update(weights: Matrix, inputs: Matrix, gradient: Matrix, step: Int) {
    multiply(
      inputs, gradient, transposing: .left, into: weights, scaledBy: Float(-learningRate),
      adding: retention(step: step))
  }

  /// b ← b - rate·onesᵀ·gradient; biases are not penalised.
  func update(bias: Matrix, ones: Matrix, gradient: Matrix) {
    multiply(
      ones, gradient, transposing: .left, into: bias, scaledBy: Float(-learningRate), adding: 1)
  }

  /// The factor 1 - rate·λ as a float.
  ///
  /// Floats below 1 are 2⁻²⁴ apart, and a decay smaller than half of that would be rounded away in every
  /// step. So a small decay is rounded up in some steps and down in the others, evenly spread (multiples
  /// of the golden ratio), which makes it right on average.
  func retention(step: Int) -> Float {
    let decay = learningRate * l2
    guard decay < 0x1p-8 else { return Float(1 - decay) }
    let golden = 0.6180339887498949
    let turn = Double(step) * golden
    return Float(1 - (decay * 0x1p24 + (turn - turn.rounded(.down))).rounded(.down) * 0x1p-24)
  }
}
