import COneDNN

/// How the strength λ (`l2`) acts on the weights; biases are never penalised.
package enum Decay: String, Sendable, CaseIterable {
  /// The penalty ½·λ·ΣW², through the gradient λ·w.
  case coupled
  /// w ← (1 - rate·λ)·w beside the step, which does not see it. With plain SGD the same as `coupled`.
  case decoupled
  /// The penalty λ·‖W‖₂ of each layer's weights, through the gradient λ·w/‖W‖₂.
  case norm
}

/// The penalty on the weights of a network.
struct Penalty {
  /// What it does to the weights w of a layer in a step.
  struct Pull {
    /// The part slope·w of the gradient.
    var slope = 0.0
    /// w loses decay·w beside the step.
    var decay = 0.0

    static let none = Pull()
  }

  /// λ of each layer.
  let strengths: [Double]
  let decay: Decay

  /// One strength for all layers, or one for each.
  init(_ strengths: [Double], _ decay: Decay, layers: Int) {
    precondition(strengths.count == 1 || strengths.count == layers, "\(strengths.count) strengths")
    self.strengths = strengths.count == 1 ? Array(repeating: strengths[0], count: layers) : strengths
    self.decay = decay
  }

  func pull(on weights: Matrix, layer: Int, rate: Double) -> Pull {
    let strength = strengths[layer]
    guard strength > 0 else { return .none }
    switch decay {
    case .coupled: return Pull(slope: strength)
    case .decoupled: return Pull(decay: rate * strength)
    case .norm:
      // What fills up the rows is 0.
      let norm = sum_of_squares(weights.start, weights.storage.count).squareRoot()
      return norm > 0 ? Pull(slope: strength / norm) : .none
    }
  }
}
