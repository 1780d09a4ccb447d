import Randomness

/// The shape of a network.
package struct Architecture: Sendable, Equatable {
  /// Numbers in an image.
  package let inputs: Int
  /// The widths of the hidden layers.
  package let hidden: [Int]
  package let activation: Activation
  package let classes: Int

  package init(inputs: Int, hidden: [Int], activation: Activation, classes: Int) {
    self.inputs = inputs
    self.hidden = hidden
    self.activation = activation
    self.classes = classes
  }

  /// Inputs and outputs of each layer, from the image to the classes.
  package var layerSizes: [(inputs: Int, outputs: Int)] {
    zip([inputs] + hidden, hidden + [classes]).map { ($0, $1) }
  }

  /// A recipe or a file that asks for more weights, or more numbers in a batch, is refused (1 GiB).
  static let mostNumbers = 1 << 28

  /// How many weights and biases there are.
  package var parameterCount: Int {
    layerSizes.reduce(0) { $0 + ($1.inputs + 1) * $1.outputs }
  }
}

/// The place of a dense layer's parameters: `weights` inputs x outputs, `bias` 1 x outputs.
///
/// The weights lie input by input (the transpose of PyTorch's order), because the forward product of small
/// batches is up to a third faster that way.
struct DenseLayer: Sendable {
  let inputs: Int
  let outputs: Int
  let weightsOffset: Int
  let biasOffset: Int

  init(inputs: Int, outputs: Int, plan: inout BufferPlan) {
    self.inputs = inputs
    self.outputs = outputs
    weightsOffset = plan.reserve(inputs * outputs)
    biasOffset = plan.reserve(outputs)
  }
}

/// A network with its weights. For one thread at a time.
final class Network {
  let architecture: Architecture
  let layers: [DenseLayer]
  private let parameters: FloatBuffer

  /// A network whose parameters are all 0.
  init(_ architecture: Architecture) {
    self.architecture = architecture
    var plan = BufferPlan()
    layers = architecture.layerSizes.map {
      DenseLayer(inputs: $0.inputs, outputs: $0.outputs, plan: &plan)
    }
    parameters = FloatBuffer(count: plan.count)
  }

  /// The weights of a layer, inputs x outputs.
  func weights(_ layer: DenseLayer) -> Matrix {
    parameters.matrix(at: layer.weightsOffset, rows: layer.inputs, columns: layer.outputs)
  }

  /// The biases of a layer, one row.
  func bias(_ layer: DenseLayer) -> Matrix {
    parameters.matrix(at: layer.biasOffset, rows: 1, columns: layer.outputs)
  }

  /// Draws the weights anew and sets the biases to 0.
  func initialize(_ initialization: Initialization, seed: UInt64) {
    for (index, layer) in layers.enumerated() {
      var generator = RandomStream.weights(layer: index).generator(seed: seed)
      let deviation = initialization.deviation(inputs: layer.inputs, outputs: layer.outputs)
      let weights = weights(layer).elements
      for place in weights.indices {
        weights[place] = Float(deviation * generator.normal())
      }
      bias(layer).elements.update(repeating: 0)
    }
  }
}
