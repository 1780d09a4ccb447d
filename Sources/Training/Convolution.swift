/// A convolution with its activation and, after it, max pooling.
package struct Convolution: Sendable, Equatable {
  /// Channels that come out.
  package let channels: Int
  /// The side of the square kernels.
  package let kernel: Int
  package let stride: Int
  /// Zeros around the image, on each side.
  package let padding: Int
  /// The largest of each square of this side is kept; 1 keeps all.
  package let pool: Int

  package init(channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, pool: Int = 1) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.pool = pool
  }

  /// Whether its numbers are in the ranges that recipes and files may hold, whatever the images.
  var isPossible: Bool {
    (1...4096).contains(channels) && (1...255).contains(kernel) && (1...255).contains(stride)
      && (0..<kernel).contains(padding) && (1...255).contains(pool)
  }

  /// The convolutions of LeNet-5 as system B has them. Source: LeCun, Bottou, Bengio, Haffner,
  /// "Gradient-based learning applied to document recognition", Proc. IEEE 86(11), 1998.
  package static let leNet5 = [
    Convolution(channels: 6, kernel: 5, pool: 2), Convolution(channels: 16, kernel: 5, pool: 2),
  ]
}

/// The sides of an image with channels.
struct ImageShape: Sendable, Equatable {
  var channels = 1
  let rows: Int
  let columns: Int

  var count: Int { channels * rows * columns }

  func padded(by width: Int) -> ImageShape {
    ImageShape(channels: channels, rows: rows + 2 * width, columns: columns + 2 * width)
  }

  /// The convolution's own result, before pooling; nil where the kernel is larger than the padded image.
  func convolved(by convolution: Convolution) -> ImageShape? {
    let padded = padded(by: convolution.padding)
    func side(_ side: Int) -> Int { (side - convolution.kernel) / convolution.stride + 1 }
    guard convolution.kernel <= min(padded.rows, padded.columns) else { return nil }
    return ImageShape(
      channels: convolution.channels, rows: side(padded.rows), columns: side(padded.columns))
  }

  /// The result of pooling; nil where the square is larger than the image.
  func pooled(by side: Int) -> ImageShape? {
    guard side <= min(rows, columns) else { return nil }
    return ImageShape(channels: channels, rows: rows / side, columns: columns / side)
  }
}

/// The convolutions that a network begins with.
package struct ConvolutionStack: Sendable, Equatable {
  /// The sides of the images.
  package let rows: Int
  package let columns: Int
  /// At least one.
  package let convolutions: [Convolution]
  /// What goes into each convolution, and at the end what comes out of the last.
  let shapes: [ImageShape]
  /// At most so many numbers are kept of an image on its way through and back.
  let numbers: Int

  /// Throws if an image gets smaller than a kernel or than a square of pooling.
  package init(rows: Int, columns: Int, _ convolutions: [Convolution]) throws(RecipeError) {
    precondition(!convolutions.isEmpty, "no convolutions")
    self.rows = rows
    self.columns = columns
    self.convolutions = convolutions
    var shapes = [ImageShape(rows: rows, columns: columns)]
    var numbers = rows * columns
    for (index, convolution) in convolutions.enumerated() {
      let shape = shapes[index]
      func refuse(_ key: String, _ what: String, _ shape: ImageShape) -> RecipeError {
        RecipeError(
          field: "model.convolutions.\(key)",
          problem: "\(what) of convolution \(index + 1) is larger than its image, "
            + "\(shape.rows)x\(shape.columns)")
      }
      guard let result = shape.convolved(by: convolution) else {
        throw refuse("kernel", "the kernel \(convolution.kernel)", shape)
      }
      guard let pooled = result.pooled(by: convolution.pool) else {
        throw refuse("pool", "the pooling \(convolution.pool)", result)
      }
      // The image with zeros around it, the sums, and of what is left of them the gradient and the places.
      numbers += shape.padded(by: convolution.padding).count + result.count + 3 * pooled.count
      shapes.append(pooled)
    }
    self.shapes = shapes
    self.numbers = numbers
  }

  /// Numbers that come out for each image.
  var features: Int { shapes[shapes.count - 1].count }

  /// Inputs of one output number, and output channels times the kernel's area: what initializations ask.
  func fans(_ index: Int) -> (inputs: Int, outputs: Int) {
    let area = convolutions[index].kernel * convolutions[index].kernel
    return (shapes[index].channels * area, convolutions[index].channels * area)
  }

  /// The shape of a convolution's weights: outputs, inputs, kernel rows and columns, as in PyTorch.
  func kernelShape(_ index: Int) -> [Int] {
    let convolution = convolutions[index]
    return [convolution.channels, shapes[index].channels, convolution.kernel, convolution.kernel]
  }
}
