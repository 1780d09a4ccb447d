import COneDNN

/// Limits oneDNN to the calling thread.
func useOneThread() {
  onednn_use_one_thread()
}

/// The transposed factor of a product.
enum Transposition {
  case none
  case left
  case right
}

/// result ← alpha · left · right + beta · result.
func multiply(
  _ left: Matrix, _ right: Matrix, transposing transposed: Transposition = .none,
  into result: Matrix, scaledBy alpha: Float = 1, adding beta: Float = 0
) {
  let inner = transposed == .left ? left.rows : left.columns
  precondition(
    (transposed == .left ? left.columns : left.rows) == result.rows
      && (transposed == .right ? right.rows : right.columns) == result.columns
      && (transposed == .right ? right.columns : right.rows) == inner,
    "shapes do not fit: \(left.rows)x\(left.columns), \(right.rows)x\(right.columns)")
  let done = onednn_multiply(
    transposed == .left, transposed == .right, Int64(result.rows), Int64(result.columns),
    Int64(inner), alpha, left.start, Int64(left.stride), right.start, Int64(right.stride), beta,
    result.start, Int64(result.stride))
  precondition(done, "oneDNN refused a matrix product")
}

/// A oneDNN operation compiled for one shape. Not thread-safe.
final class Kernel {
  private let compiled: OpaquePointer

  private init(_ compiled: OpaquePointer?, _ name: String) {
    guard let compiled else { preconditionFailure("oneDNN cannot make the kernel \(name)") }
    self.compiled = compiled
  }

  deinit {
    onednn_free(compiled)
  }

  /// For `run(sums, bias)`: sums ← activation(sums + bias) with a one-row bias; without an activation, only the
  /// addition.
  static func biasActivation(rows: Int, columns: Int, _ activation: Activation?) -> Kernel {
    let (function, slope) = library(activation)
    return Kernel(
      onednn_make_bias_activation(Int64(rows), Int64(columns), function, slope),
      "bias and activation")
  }

  /// For `run(outputs, gradient)`: gradient ← gradient · activation′, computed from the activation's outputs.
  static func activationGradient(count: Int, _ activation: Activation) -> Kernel {
    let (function, slope) = library(activation)
    return Kernel(
      onednn_make_activation_gradient(Int64(count), function, slope), "activation gradient")
  }

  /// For `run(sums)`: sums ← log softmax(sums), row by row.
  static func logSoftmax(rows: Int, columns: Int) -> Kernel {
    Kernel(onednn_make_log_softmax(Int64(rows), Int64(columns)), "log softmax")
  }

  /// For `run(x, y)`: y ← eˣ.
  static func exponential(count: Int) -> Kernel {
    Kernel(onednn_make_exponential(Int64(count)), "exponential")
  }

  /// Runs on operands of the compiled shapes.
  func run(_ first: Matrix, _ second: Matrix? = nil) {
    precondition(
      onednn_run(compiled, first.start, (second ?? first).start), "a kernel of oneDNN failed")
  }

  static func library(_ activation: Activation?) -> (onednn_activation, Float) {
    switch activation {
    case nil: (onednn_identity, 0)
    case .relu: (onednn_relu, 0)
    case .leakyReLU: (onednn_relu, 0.01)
    case .tanh: (onednn_tanh, 0)
    case .sigmoid: (onednn_logistic, 0)
    }
  }
}
