import COneDNN

/// The matrix products of a network's dense layers with bfloat16 factors and float32 sums, for one batch size. Not
/// thread-safe.
///
/// The factors are rounded copies: weights, layer outputs and gradients stay float32. Source: Micikevicius et al.,
/// "Mixed precision training", ICLR 2018; bfloat16 needs no loss scaling.
final class RoundedProducts {
  /// Whether this processor has bfloat16 instructions.
  static var areSupported: Bool { onednn_has_bfloat16() }

  private let network: Network
  private let layers: [Layer]
  /// Owns the memory of the layers' matrices.
  private let memory: UnsafeMutableRawBufferPointer

  private struct Layer {
    let (input, weights, gradient): (RoundedMatrix, RoundedMatrix, RoundedMatrix)
    /// input · weights, inputᵀ · gradient and gradient · weightsᵀ.
    let (forward, gradients, back): (RoundedProduct, RoundedProduct, RoundedProduct)
  }

  init(_ network: Network, capacity: Int) {
    self.network = network
    let layers = network.layers
    func stride(before index: Int) -> Int { index > 0 ? layers[index - 1].stride : layers[0].multiplied }
    var plan = BufferPlan()
    let offsets = layers.indices.map { index in
      (
        plan.reserve(capacity * stride(before: index)),
        plan.reserve(layers[index].multiplied * layers[index].stride),
        plan.reserve(capacity * layers[index].stride)
      )
    }
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: plan.count * MemoryLayout<UInt16>.stride, alignment: 64)
    let numbers = memory.bindMemory(to: UInt16.self)
    numbers.initialize(repeating: 0)
    self.layers = layers.enumerated().map { index, layer in
      func matrix(_ offset: Int, _ rows: Int, _ columns: Int, _ stride: Int) -> RoundedMatrix {
        RoundedMatrix(
          numbers: .init(rebasing: numbers[offset..<offset + rows * stride]), rows: rows,
          columns: columns, stride: stride)
      }
      let width = stride(before: index)
      let input = matrix(offsets[index].0, capacity, layer.multiplied, width)
      let weights = matrix(offsets[index].1, layer.multiplied, layer.outputs, layer.stride)
      let gradient = matrix(offsets[index].2, capacity, layer.outputs, layer.stride)
      return Layer(
        input: input, weights: weights, gradient: gradient,
        forward: RoundedProduct(input.factor, weights.factor, stride: layer.stride),
        gradients: RoundedProduct(input.transposed, gradient.factor, stride: layer.stride),
        back: RoundedProduct(gradient.factor, weights.transposed, stride: width))
    }
    self.memory = memory
  }

  deinit {
    memory.deallocate()
  }

  /// Rounds a layer's input, rows x inputs, and its current weights.
  func round(input: Matrix, of index: Int) {
    layers[index].input.round(input)
    layers[index].weights.round(network.factor(network.layers[index]))
  }

  /// Rounds the gradient of a layer's pre-activations, rows x outputs.
  func round(gradient: Matrix, of index: Int) {
    layers[index].gradient.round(gradient)
  }

  /// sums ← input · weights. Computes all rows.
  func multiply(layer index: Int, into sums: Matrix) {
    let layer = layers[index]
    layer.forward.run(layer.input, layer.weights, into: sums)
  }

  /// gradients ← inputᵀ · gradient, inputs x outputs.
  func differentiate(layer index: Int, into gradients: Matrix) {
    let layer = layers[index]
    layer.gradients.run(layer.input, layer.gradient, into: gradients)
  }

  /// result ← gradient · weightsᵀ. Computes all rows.
  func backpropagate(layer index: Int, into result: Matrix) {
    let layer = layers[index]
    layer.back.run(layer.gradient, layer.weights, into: result)
  }
}

/// A row-major view of bfloat16 numbers in memory owned elsewhere.
private struct RoundedMatrix {
  let numbers: UnsafeMutableBufferPointer<UInt16>
  let rows: Int
  let columns: Int
  /// The row stride, in numbers.
  let stride: Int

  var factor: onednn_factor {
    onednn_factor(
      rows: Int64(rows), columns: Int64(columns), stride: Int64(stride), is_transposed: false)
  }

  var transposed: onednn_factor {
    var factor = factor
    factor.is_transposed = true
    return factor
  }

  /// Copies a matrix that may have fewer rows; missing rows are 0 and add nothing to a product.
  func round(_ matrix: Matrix) {
    precondition(
      matrix.rows <= rows && matrix.stride == stride,
      "\(matrix.rows) rows of \(matrix.stride) for \(rows) of \(stride)")
    let count = matrix.storage.count
    round_each(matrix.start, numbers.baseAddress, count)
    numbers[count...].update(repeating: 0)
  }
}

/// A oneDNN product compiled for one shape. Not thread-safe.
private final class RoundedProduct {
  private let compiled: OpaquePointer
  private let rows: Int
  private let stride: Int

  /// The rows of its result begin `stride` numbers apart.
  init(_ left: onednn_factor, _ right: onednn_factor, stride: Int) {
    guard let compiled = onednn_make_product(left, right, Int64(stride)) else {
      preconditionFailure("oneDNN cannot multiply \(left) and \(right)")
    }
    self.compiled = compiled
    self.stride = stride
    rows = Int(left.is_transposed ? left.columns : left.rows)
  }

  deinit {
    onednn_free_product(compiled)
  }

  func run(_ left: RoundedMatrix, _ right: RoundedMatrix, into result: Matrix) {
    precondition(
      result.rows == rows && result.stride == stride,
      "\(result.rows) rows of \(result.stride) for \(rows) of \(stride)")
    let done = onednn_multiply_rounded(
      compiled, left.numbers.baseAddress, right.numbers.baseAddress, result.start)
    precondition(done, "oneDNN refused a matrix product")
  }
}
