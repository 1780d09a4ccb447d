/// The activation function of a hidden layer. The raw values are the names in search files and model files.
package enum Activation: String, Sendable, CaseIterable {
  case relu
  /// x for x > 0, else 0.01·x.
  case leakyReLU = "leaky_relu"
  case tanh
  case sigmoid

  /// The initialization that preserves the variance of the pre-activations from layer to layer.
  package var defaultInitialization: Initialization {
    switch self {
    case .relu, .leakyReLU: .he
    case .tanh, .sigmoid: .xavier
    }
  }
}

/// The weight initialization of a layer: a normal distribution with mean 0. Biases start at 0.
package enum Initialization: Sendable, Equatable {
  /// Standard deviation √(2 / inputs). Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015.
  case he
  /// Standard deviation √(2 / (inputs + outputs)). Source: Glorot, Bengio, "Understanding the difficulty of training
  /// deep feedforward neural networks", AISTATS 2010.
  case xavier
  /// The same given standard deviation in every layer.
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
