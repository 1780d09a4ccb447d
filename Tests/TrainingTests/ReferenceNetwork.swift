import Foundation

@testable import Training

/// The network in plain double precision, for comparison.
struct ReferenceNetwork {
  var model: [(weights: [Double], bias: [Double])]
  let activation: Activation

  init(_ model: Model) {
    self.model = model.layers.map { ($0.weights.map(Double.init), $0.bias.map(Double.init)) }
    activation = model.architecture.activation
  }

  /// The mean cross-entropy over images (pixels 0 to 1) and their labels.
  func loss(_ images: [[Double]], _ labels: [Int]) -> Double {
    let losses = zip(images, labels).map { image, label in
      let sums = self.sums(image)
      let largest = sums.max() ?? 0
      return largest + log(sums.reduce(0) { $0 + exp($1 - largest) }) - sums[label]
    }
    return losses.reduce(0, +) / Double(losses.count)
  }

  private func sums(_ image: [Double]) -> [Double] {
    var values = image
    for (index, layer) in model.enumerated() {
      var sums = layer.bias
      for output in sums.indices {
        for input in values.indices {
          sums[output] += values[input] * layer.weights[output * values.count + input]
        }
      }
      values = index < model.count - 1 ? sums.map(activate) : sums
    }
    return values
  }

  private func activate(_ x: Double) -> Double {
    switch activation {
    case .relu: max(0, x)
    case .leakyReLU: x > 0 ? x : 0.01 * x
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }
}
