import COneDNN

/// The form of the weight penalty with strength λ (`l2`); biases are never penalized.
package enum Decay: String, Sendable, CaseIterable {
  /// The penalty ½·λ·ΣW², through the gradient λ·w.
  case coupled
  /// Decoupled weight decay: w ← (1 - rate·λ)·w, outside the optimizer's step. Equal to `coupled` with plain SGD.
  case decoupled
  /// The penalty λ·‖W‖₂ of each layer's weights, through the gradient λ·w/‖W‖₂.
  case norm
}

/// The weight penalty of a network.
struct Penalty {
  /// The effect on the weights w of a layer in one step.
  struct Shrinkage {
    /// Adds slope·w to the gradient.
    var slope = 0.0
    /// Subtracts decay·w from w, outside the optimizer's step.
    var decay = 0.0

    static let none = Shrinkage()
  }

  /// λ of each layer.
  let strengths: [Double]
  let decay: Decay

  /// One strength for all layers, or one per layer.
  init(_ strengths: [Double], _ decay: Decay, layers: Int) {
    precondition(strengths.count == 1 || strengths.count == layers, "\(strengths.count) strengths")
    self.strengths = strengths.count == 1 ? Array(repeating: strengths[0], count: layers) : strengths
    self.decay = decay
  }

  func pull(on weights: Matrix, layer: Int, rate: Double) -> Shrinkage {
    let strength = strengths[layer]
    guard strength > 0 else { return .none }
    switch decay {
    case .coupled: return Shrinkage(slope: strength)
    case .decoupled: return Shrinkage(decay: rate * strength)
    case .norm:
      // The row padding is 0.
      let norm = sum_of_squares(weights.start, weights.storage.count).squareRoot()
      return norm > 0 ? Shrinkage(slope: strength / norm) : .none
    }
  }
}
