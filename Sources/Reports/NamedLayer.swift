import Charts
import Training

/// The weights of a layer, with the names of its inputs and outputs.
struct NamedLayer {
  /// The name of the model, with which titles begin.
  var model = ""
  /// Counted from 1, from the image to the classes.
  let number: Int
  /// Such as "1: 784 x 292" or "2: 16 kernels 6x5x5".
  let name: String
  let weights: [Float]
  /// Inputs of each output.
  let inputs: Int
  let outputs: Int
  /// The names of the inputs and outputs.
  let titles: (inputs: String, outputs: String)
  /// The side of the square kernels of a convolution; nil for a dense layer.
  let kernel: Int?

  /// The maximum number of tiles or channels that are drawn.
  static let mostTiles = 400
  static let mostChannels = 64

  /// All layers of a model, from the image to the classes.
  static func all(of model: Model, named name: String) -> [NamedLayer] {
    let convolutions = model.architecture.stack?.convolutions ?? []
    return model.layers.enumerated().map { index, layer in
      var result =
        index < convolutions.count
        ? NamedLayer(convolution: convolutions[index], layer, number: index + 1)
        : NamedLayer(dense: layer, number: index + 1, of: model)
      result.model = name
      return result
    }
  }

  private init(convolution: Convolution, _ layer: Model.LayerParameters, number: Int) {
    (self.number, weights, kernel) = (number, layer.weights, convolution.kernel)
    outputs = convolution.channels
    inputs = layer.weights.count / outputs
    let channels = inputs / (convolution.kernel * convolution.kernel)
    name = "\(number): \(outputs) kernels \(channels)x\(convolution.kernel)x\(convolution.kernel)"
    titles = ("weight within the kernel (input channel, row, column)", "output channel")
  }

  private init(dense layer: Model.LayerParameters, number: Int, of model: Model) {
    (self.number, weights, kernel) = (number, layer.weights, nil)
    outputs = layer.bias.count
    inputs = layer.weights.count / outputs
    name = "\(number): \(inputs) x \(outputs)"
    let convolutions = model.architecture.stack?.convolutions.count ?? 0
    let isFirst = number == convolutions + 1
    let source = !isFirst ? "input neuron" : convolutions > 0 ? "output of the convolutions" : "input pixel"
    titles = (source, number == model.layers.count ? "class" : "output neuron")
  }

  /// All weights as an image. Rows are the inputs of a dense layer or the output channels of a convolution.
  ///
  /// - Parameter moment: the time of these weights, for the title; nil means after training.
  func weightPicture(_ moment: String? = nil) -> NamedPicture {
    let isDense = kernel == nil
    let cells =
      isDense
      ? Cells(weights, rows: inputs, columns: outputs, order: .columnByColumn)
      : Cells(weights, rows: outputs, columns: inputs)
    let map = HeatMap(
      Heading("\(model): weights of layer \(name)\(moment.map { " \($0)" } ?? "")"),
      HeatMap.Titles(
        x: isDense ? titles.outputs : titles.inputs, y: isDense ? titles.inputs : titles.outputs,
        value: "weight"), cells)
    return NamedPicture(
      "\(moment == nil ? "" : "initial-")weights-\(number)", map.picture(), raster: map.raster)
  }

  /// The weights of each neuron of a dense layer in the shape of the image that it reads; nil if that is not known.
  func tilePicture(_ shape: (rows: Int, columns: Int)?) -> NamedPicture? {
    guard let shape, shape.rows * shape.columns == inputs, kernel == nil else { return nil }
    let count = min(outputs, Self.mostTiles)
    let tiles = (0..<count).map { output in
      ImageGrid.Tile(
        Cells(
          Array(weights[output * inputs..<(output + 1) * inputs]), rows: shape.rows, columns: shape.columns))
    }
    var notes = ["One tile of \(shape.rows) x \(shape.columns) weights for each neuron."]
    if count < outputs { notes.append("The first \(count) of \(outputs) neurons.") }
    return grid("first-layer", Heading("\(model): first layer as images", notes: notes), tiles)
  }

  /// The kernels of a convolution as tiles: a column for each output channel, a row for each input channel; nil for a
  /// dense layer.
  var kernelPicture: NamedPicture? {
    guard let kernel else { return nil }
    let area = kernel * kernel
    let channels = inputs / area
    let shown = (inputs: min(channels, Self.mostChannels), outputs: min(outputs, Self.mostChannels))
    let tiles = (0..<shown.inputs).flatMap { input in
      (0..<shown.outputs).map { output in
        let start = output * inputs + input * area
        return ImageGrid.Tile(Cells(Array(weights[start..<start + area]), rows: kernel, columns: kernel))
      }
    }
    var notes = ["A column for each output channel, a row for each input channel."]
    if shown.inputs < channels || shown.outputs < outputs {
      notes.append(
        "The first \(shown.outputs) of \(outputs) output and \(shown.inputs) of \(channels) input channels.")
    }
    let heading = Heading("\(model): kernels of layer \(name)", notes: notes)
    return grid("kernels-\(number)", heading, tiles, columns: shown.outputs)
  }

  private func grid(
    _ name: String, _ heading: Heading, _ tiles: [ImageGrid.Tile], columns: Int? = nil
  ) -> NamedPicture {
    var grid = ImageGrid(heading, tiles: tiles, scale: .diverging(over: tiles.lazy.flatMap(\.cells.values)))
    grid.value = "weight"
    grid.columns = columns
    return NamedPicture(name, grid.picture(), raster: grid.raster)
  }
}
