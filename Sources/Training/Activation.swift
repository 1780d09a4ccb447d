/// What a hidden layer does to its sums. The raw values are the names in search files and model files.
package enum Activation: String, Sendable, CaseIterable {
  case relu
  /// x for x > 0, else 0.01·x.
  case leakyReLU = "leaky_relu"
  case tanh
  case sigmoid

  /// The initialization that keeps the sums' variance through the layers.
  package var defaultInitialization: Initialization {
    switch self {
    case .relu, .leakyReLU: .he
    case .tanh, .sigmoid: .xavier
    }
  }
}

/// How the weights of a layer are drawn: from a normal distribution around 0. Biases begin at 0.
package enum Initialization: Sendable, Equatable {
  /// Deviation √(2 / inputs). Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015.
  case he
  /// Deviation √(2 / (inputs + outputs)). Source: Glorot, Bengio, "Understanding the difficulty of
  /// training deep feedforward neural networks", AISTATS 2010.
  case xavier
  /// The given deviation in every layer.
  case normal(Double)

  /// The standard deviation of the weights of a layer.
  func deviation(inputs: Int, outputs: Int) -> Double {
    switch self {
    case .he: (2 / Double(inputs)).squareRoot()
    case .xavier: (2 / Double(inputs + outputs)).squareRoot()
    case .normal(let deviation): deviation
    }
  }
}
