import COneDNN
import Randomness

/// The update rule. Semantics and constants are PyTorch's.
package enum OptimizerRule: Sendable, Equatable {
  /// Stochastic gradient descent: w ← w - rate·g.
  case sgd
  /// Momentum (heavy ball): v ← momentum·v + g, w ← w - rate·v. Source: Polyak, "Some methods of speeding up the
  /// convergence of iteration methods", 1964.
  case momentum(Double)
  /// v ← momentum·v + g, w ← w - rate·(g + momentum·v). Source: Sutskever, Martens, Dahl, Hinton, "On the
  /// importance of initialization and momentum in deep learning", ICML 2013.
  case nesterov(Double)
  /// Adam with betas 0.9 and 0.999 and epsilon 1e-8. Source: Loshchilov, Hutter, "Decoupled weight decay
  /// regularization", ICLR 2019.
  case adamW

  /// The number of state values per weight.
  fileprivate var memories: Int {
    switch self {
    case .sgd: 0
    case .momentum, .nesterov: 1
    case .adamW: 2
    }
  }
}

extension OptimizerRule {
  /// The rules without their constants. The raw values are the names in search files.
  package enum Name: String, Sendable, CaseIterable {
    case sgd, momentum, nesterov
    case adamW = "adamw"

    /// The rule, with the momentum of those that have one.
    package func rule(momentum: Double) -> OptimizerRule {
      switch self {
      case .sgd: .sgd
      case .momentum: .momentum(momentum)
      case .nesterov: .nesterov(momentum)
      case .adamW: .adamW
      }
    }

    package var hasMomentum: Bool {
      switch self {
      case .momentum, .nesterov: true
      case .sgd, .adamW: false
      }
    }

    /// The default form of the weight penalty.
    package var defaultDecay: Decay {
      switch self {
      case .sgd, .momentum, .nesterov: .coupled
      case .adamW: .decoupled
      }
    }
  }

  var name: Name {
    switch self {
    case .sgd: .sgd
    case .momentum: .momentum
    case .nesterov: .nesterov
    case .adamW: .adamW
    }
  }
}

/// Updates the parameters of a network from their gradients.
///
/// With plain SGD the update of a dense layer is one matrix product, W ← shrink·W - rate·inputsᵀ·gradient, and the
/// gradient of the weights is never stored. The other rules compute it for a block of rows that stays in the
/// processor's cache until it is used. Products in bfloat16 compute it for all rows.
final class Optimizer {
  private let network: Network
  private let rule: OptimizerRule
  private let penalty: Penalty
  private let learningRate: LearningRate
  private let rounded: RoundedProducts?
  /// The state of each parameter, laid out as the network's parameters.
  private let memories: [FloatBuffer]
  /// For each dense layer, a block of rows of the gradient of its weights. The row padding stays 0.
  private let blocks: [Matrix]
  private let scratch: FloatBuffer
  /// The gradient of the weights of inputs that are always 0.
  private let nothing: FloatBuffer
  private var step = 0
  private var rate = 0.0

  /// The approximate number of gradient values in a block.
  private static let blockSize = 1 << 16

  /// - Parameter rounded: the bfloat16 products that replace float32 products and already hold the input of each layer.
  init(
    _ network: Network, _ rule: OptimizerRule, _ penalty: Penalty, _ learningRate: LearningRate,
    _ rounded: RoundedProducts? = nil
  ) {
    self.network = network
    self.rule = rule
    self.penalty = penalty
    self.learningRate = learningRate
    self.rounded = rounded
    nothing = FloatBuffer(
      count: network.layers[0].stride * (network.layers[0].inputs - network.layers[0].multiplied))
    memories = (0..<rule.memories).map { _ in FloatBuffer(count: network.parameters.count) }
    let layers = rule != .sgd || rounded != nil ? network.layers : []
    let rows = layers.map {
      rounded != nil ? $0.multiplied : min($0.multiplied, max(1, Self.blockSize / $0.stride))
    }
    var plan = BufferPlan()
    let offsets = zip(layers, rows).map { plan.reserve($1 * $0.stride) }
    let scratch = FloatBuffer(count: plan.count)
    blocks = layers.indices.map {
      scratch.matrix(
        at: offsets[$0], rows: rows[$0], columns: layers[$0].outputs, stride: layers[$0].stride)
    }
    self.scratch = scratch
  }

  /// The state of the rule, for a checkpoint.
  var state: [[Float]] {
    get { memories.map { Array($0.all) } }
    set {
      precondition(newValue.map(\.count) == memories.map(\.count), "memories of another shape")
      for (memory, values) in zip(memories, newValue) {
        _ = memory.all.update(fromContentsOf: values)
      }
    }
  }

  /// Whether untrusted numbers are a valid state.
  func accepts(_ state: [[Float]]) -> Bool {
    state.map(\.count) == memories.map(\.count) && state.allSatisfy { $0.allSatisfy(\.isFinite) }
  }

  /// Sets the step, starting at 0, of the following updates.
  func begin(step: Int) {
    self.step = step
    rate = learningRate.rate(step: step)
  }

  /// Updates the weights and biases of a dense layer; `inputs` is rows x inputs, `gradient` is rows x outputs,
  /// already divided by the number of examples, and `ones` is a column of as many ones.
  func update(layer index: Int, inputs: Matrix, gradient: Matrix, ones: Matrix) {
    let layer = network.layers[index]
    let weights = network.weights(layer)
    let pull = penalty.pull(on: weights, layer: network.kernels.count + index, rate: rate)
    if layer.multiplied < layer.inputs {
      applyGradient(nothing.all, at: layer.weightsOffset + layer.multiplied * layer.stride, pull)
    }
    if rule == .sgd, rounded == nil {
      multiply(
        inputs, gradient, transposing: .left, into: network.factor(layer), scaledBy: Float(-rate),
        adding: retention(decay: pull.decay + rate * pull.slope, step: step))
      return multiply(
        ones, gradient, transposing: .left, into: network.bias(layer), scaledBy: Float(-rate),
        adding: 1)
    }
    let block = blocks[index]
    for first in stride(from: 0, to: layer.multiplied, by: block.rows) {
      let gradients = block.prefix(min(block.rows, layer.multiplied - first))
      if let rounded {
        rounded.differentiate(layer: index, into: gradients)
      } else {
        multiply(
          inputs.columns(first..<first + gradients.rows), gradient, transposing: .left, into: gradients)
      }
      applyGradient(gradients.storage, at: layer.weightsOffset + first * layer.stride, pull)
    }
    multiply(ones, gradient, transposing: .left, into: block.prefix(1))
    applyGradient(block.prefix(1).storage, at: layer.biasOffset, .none)
  }

  /// Updates the weights and biases of a convolution; `gradients` holds their gradients at the offsets of the
  /// parameters in the network.
  func update(convolution index: Int, _ gradients: FloatBuffer) {
    let layer = network.kernels[index]
    let weights = layer.weights(in: network.parameters)
    let pull = penalty.pull(on: weights, layer: index, rate: rate)
    applyGradient(layer.weights(in: gradients).storage, at: layer.weightsOffset, pull)
    applyGradient(layer.bias(in: gradients).storage, at: layer.biasOffset, .none)
  }

  /// Updates the parameters at an offset from their gradient.
  private func applyGradient(
    _ gradient: UnsafeMutableBufferPointer<Float>, at index: Int, _ pull: Penalty.Shrinkage
  ) {
    let (gradients, count) = (gradient.baseAddress, gradient.count)
    let weights = network.parameters.start(of: index, count: count)
    let shrink = retention(decay: pull.decay, step: step)
    switch rule {
    case .sgd:
      let whole = retention(decay: pull.decay + rate * pull.slope, step: step)
      sgd_step(weights, gradients, count, Float(rate), whole)
    case .momentum(let momentum), .nesterov(let momentum):
      var looksAhead = false
      if case .nesterov = rule { looksAhead = true }
      var how = momentum_t(
        rate: Float(rate), momentum: Float(momentum), penalty: Float(pull.slope), shrink: shrink,
        looks_ahead: looksAhead)
      momentum_step(weights, memories[0].start(of: index, count: count), gradients, count, &how)
    case .adamW:
      var how = adam(pull, shrink: shrink)
      adam_step(
        weights, memories[0].start(of: index, count: count),
        memories[1].start(of: index, count: count), gradients, count, &how)
    }
  }

  private func adam(_ pull: Penalty.Shrinkage, shrink: Float) -> adam_t {
    let (beta1, beta2) = (0.9, 0.999)
    func power(_ base: Double) -> Double { portableExp(Double(step + 1) * portableLog(base)) }
    return adam_t(
      rate: Float(rate / (1 - power(beta1))),
      correction: Float((1 - power(beta2)).squareRoot()),
      beta1: Float(beta1), beta2: Float(beta2), epsilon: 1e-8,
      penalty: Float(pull.slope), shrink: shrink)
  }
}

/// The factor 1 - decay as a float.
///
/// Floats below 1 are 2⁻²⁴ apart, and a decay smaller than half of that would be rounded away in every step. So a
/// small decay is rounded up in some steps and down in the others, evenly distributed (multiples of the golden
/// ratio), which makes it correct on average.
func retention(decay: Double, step: Int) -> Float {
  guard decay < 0x1p-8 else { return Float(1 - decay) }
  let golden = 0.6180339887498949
  let turn = Double(step) * golden
  return Float(1 - (decay * 0x1p24 + (turn - turn.rounded(.down))).rounded(.down) * 0x1p-24)
}
