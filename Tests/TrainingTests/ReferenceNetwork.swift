import Foundation

@testable import Training

/// A reference implementation of the network in plain double precision.
struct ReferenceNetwork {
  var model: [(weights: [Double], bias: [Double])]
  let activation: Activation
  let stack: ConvolutionStack?

  init(_ model: Model) {
    self.model = model.layers.map { ($0.weights.map(Double.init), $0.bias.map(Double.init)) }
    activation = model.architecture.activation
    stack = model.architecture.stack
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

  /// The last layer's pre-activations for an image.
  func sums(_ image: [Double]) -> [Double] {
    var values = image
    let convolutions = stack?.convolutions ?? []
    for index in convolutions.indices { values = convolve(values, index) }
    for (index, layer) in model.enumerated().dropFirst(convolutions.count) {
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

  /// A convolution with activation and pooling.
  private func convolve(_ image: [Double], _ index: Int) -> [Double] {
    let (shape, convolution) = (stack!.shapes[index], stack!.convolutions[index])
    let result = shape.convolved(by: convolution)!
    let pooled = result.pooled(by: convolution.pool)!
    return (0..<pooled.count).map { place in
      let (channel, row) = (place / (pooled.rows * pooled.columns), place / pooled.columns % pooled.rows)
      var largest = -Double.infinity
      for down in 0..<convolution.pool {
        for right in 0..<convolution.pool {
          let sum = convolved(
            image, index, channel, row * convolution.pool + down,
            place % pooled.columns * convolution.pool + right)
          largest = max(largest, activate(sum))
        }
      }
      return largest
    }
  }

  private func convolved(_ image: [Double], _ index: Int, _ channel: Int, _ row: Int, _ column: Int) -> Double
  {
    let (shape, convolution) = (stack!.shapes[index], stack!.convolutions[index])
    var sum = model[index].bias[channel]
    for input in 0..<shape.channels {
      for down in 0..<convolution.kernel {
        for right in 0..<convolution.kernel {
          let y = row * convolution.stride + down - convolution.padding
          let x = column * convolution.stride + right - convolution.padding
          guard (0..<shape.rows).contains(y), (0..<shape.columns).contains(x) else { continue }
          let weight =
            ((channel * shape.channels + input) * convolution.kernel + down) * convolution.kernel + right
          sum += image[(input * shape.rows + y) * shape.columns + x] * model[index].weights[weight]
        }
      }
    }
    return sum
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
