/// A convolution layer: convolution, activation, max pooling.
package struct Convolution: Sendable, Equatable {
  /// Output channels.
  package let channels: Int
  /// The side of the square kernel.
  package let kernel: Int
  package let stride: Int
  /// Zero padding on each side of the image.
  package let padding: Int
  /// The side of the square pooling windows; 1 means no pooling.
  package let pool: Int

  package init(channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, pool: Int = 1) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.pool = pool
  }

  /// Whether all values are in the ranges that recipes and files allow, for any image size.
  var isPossible: Bool {
    (1...4096).contains(channels) && (1...255).contains(kernel) && (1...255).contains(stride)
      && (0..<kernel).contains(padding) && (1...255).contains(pool)
  }

  /// The convolutions of LeNet-5 as in system B. Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning
  /// applied to document recognition", Proc. IEEE 86(11), 1998.
  package static let leNet5 = [
    Convolution(channels: 6, kernel: 5, pool: 2), Convolution(channels: 16, kernel: 5, pool: 2),
  ]
}

/// The dimensions of an image with channels.
struct ImageShape: Sendable, Equatable {
  var channels = 1
  let rows: Int
  let columns: Int

  var count: Int { channels * rows * columns }

  func padded(by width: Int) -> ImageShape {
    ImageShape(channels: channels, rows: rows + 2 * width, columns: columns + 2 * width)
  }

  /// The size after the convolution, before pooling; nil if the kernel is larger than the padded image.
  func convolved(by convolution: Convolution) -> ImageShape? {
    let padded = padded(by: convolution.padding)
    func side(_ side: Int) -> Int { (side - convolution.kernel) / convolution.stride + 1 }
    guard convolution.kernel <= min(padded.rows, padded.columns) else { return nil }
    return ImageShape(
      channels: convolution.channels, rows: side(padded.rows), columns: side(padded.columns))
  }

  /// The size after pooling; nil if the pooling window is larger than the image.
  func pooled(by side: Int) -> ImageShape? {
    guard side <= min(rows, columns) else { return nil }
    return ImageShape(channels: channels, rows: rows / side, columns: columns / side)
  }
}

/// The convolution layers at the start of a network.
package struct ConvolutionStack: Sendable, Equatable {
  /// The dimensions of the input images.
  package let rows: Int
  package let columns: Int
  /// At least one.
  package let convolutions: [Convolution]
  /// The input dimensions of each convolution, followed by the output dimensions of the last.
  let shapes: [ImageShape]
  /// The maximum of numbers stored per image in a forward and backward pass.
  let numbers: Int

  /// Throws if an image becomes smaller than a kernel or a pooling window.
  package init(rows: Int, columns: Int, _ convolutions: [Convolution]) throws(RecipeError) {
    precondition(!convolutions.isEmpty, "no convolutions")
    self.rows = rows
    self.columns = columns
    self.convolutions = convolutions
    var shapes = [ImageShape(rows: rows, columns: columns)]
    var numbers = rows * columns
    for (index, convolution) in convolutions.enumerated() {
      let shape = shapes[index]
      func error(_ key: String, _ what: String, _ shape: ImageShape) -> RecipeError {
        RecipeError(
          field: "model.convolutions.\(key)",
          problem: "\(what) of convolution \(index + 1) is larger than its image, "
            + "\(shape.rows)x\(shape.columns)")
      }
      guard let result = shape.convolved(by: convolution) else {
        throw error("kernel", "the kernel \(convolution.kernel)", shape)
      }
      guard let pooled = result.pooled(by: convolution.pool) else {
        throw error("pool", "the pooling \(convolution.pool)", result)
      }
      // The padded image and the pre-activations; after pooling, the output, the gradient and the positions of the
      // maxima.
      numbers += shape.padded(by: convolution.padding).count + result.count + 3 * pooled.count
      shapes.append(pooled)
    }
    self.shapes = shapes
    self.numbers = numbers
  }

  /// Output numbers per image.
  var features: Int { shapes[shapes.count - 1].count }

  /// Fan-in and fan-out, for the initialization: inputs per output number, and output channels times kernel area.
  func fans(_ index: Int) -> (inputs: Int, outputs: Int) {
    let area = convolutions[index].kernel * convolutions[index].kernel
    return (shapes[index].channels * area, convolutions[index].channels * area)
  }

  /// The shape of the weights: output channels, input channels, kernel rows, kernel columns, as in PyTorch.
  func kernelShape(_ index: Int) -> [Int] {
    let convolution = convolutions[index]
    return [convolution.channels, shapes[index].channels, convolution.kernel, convolution.kernel]
  }
}
