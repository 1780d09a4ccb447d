extension Model {
  /// The model as a safetensors file: tensors `layers.N.weight` (outputs x inputs) and `layers.N.bias`, as
  /// PyTorch has them, and in the metadata what is needed to rebuild the network.
  package func encoded() -> [UInt8] {
    safetensors().encoded()
  }

  /// Reads what `encoded` wrote, or a checkpoint, whose model it takes. The name is for the error only.
  package init(decoding bytes: [UInt8], name: String) throws(ModelError) {
    try self.init(Safetensors(decoding: bytes, name: name), name: name)
  }

  /// Writes the model to a file, all or nothing.
  package func write(to path: String) throws(ModelError) {
    try ModelError.from(try replaceFile(at: path, with: encoded()))
  }

  /// Reads a model file, or the model in a checkpoint file.
  package init(contentsOf path: String) throws(ModelError) {
    try self.init(Safetensors(contentsOf: path), name: path)
  }

  private static let formatVersion = "1"
  /// What a pixel of 0...255 is multiplied by.
  private static let pixelScale = "1/255"

  func safetensors() -> Safetensors {
    let metadata = [
      "format_version": Self.formatVersion,
      "inputs": "\(architecture.inputs)",
      "hidden": architecture.hidden.map(String.init).joined(separator: ","),
      "activation": architecture.activation.rawValue,
      "classes": "\(architecture.classes)",
      "dataset": dataset,
      "pixel_scale": Self.pixelScale,
    ]
    let tensors = zip(architecture.layerSizes, layers).enumerated().flatMap { index, layer in
      let (size, parameters) = layer
      return [
        Safetensors.Tensor(
          name: "layers.\(index).weight", shape: [size.outputs, size.inputs],
          values: parameters.weights),
        Safetensors.Tensor(
          name: "layers.\(index).bias", shape: [size.outputs], values: parameters.bias),
      ]
    }
    return Safetensors(metadata: metadata, tensors: tensors)
  }

  init(_ file: Safetensors, name: String) throws(ModelError) {
    func refuse(_ reason: String) -> ModelError { ModelError(name, .notTrawl(reason)) }
    guard file.metadata["format_version"] == Self.formatVersion else {
      throw refuse("its format version is not \(Self.formatVersion)")
    }
    guard file.metadata["pixel_scale"] == Self.pixelScale else {
      throw refuse("its pixels are not scaled by \(Self.pixelScale)")
    }
    guard let architecture = Architecture(file.metadata) else {
      throw refuse("its metadata does not describe a network")
    }
    let layers = try architecture.layerSizes.enumerated().map { index, size throws(ModelError) in
      guard
        let weights = file.values("layers.\(index).weight", shape: [size.outputs, size.inputs]),
        let bias = file.values("layers.\(index).bias", shape: [size.outputs])
      else { throw refuse("layer \(index) is missing or of another shape") }
      return LayerParameters(weights: weights, bias: bias)
    }
    guard file.tensors.count(where: { $0.name.hasPrefix("layers.") }) == 2 * layers.count else {
      throw refuse("it has too many tensors")
    }
    self.init(architecture: architecture, dataset: file.metadata["dataset"] ?? "", layers: layers)
  }
}

extension Architecture {
  /// The network that a model's metadata describe; nil if they do not.
  fileprivate init?(_ metadata: [String: String]) {
    let widths = metadata["hidden"]?.split(separator: ",", omittingEmptySubsequences: true)
    guard
      let inputs = metadata["inputs"].flatMap({ Int($0) }),
      let classes = metadata["classes"].flatMap({ Int($0) }),
      let activation = metadata["activation"].flatMap(Activation.init(rawValue:)),
      let hidden = widths?.map({ Int($0) ?? 0 })
    else { return nil }
    // No side above 2²⁵: the products of two of them must not overflow.
    guard
      hidden.count <= 64, (hidden + [inputs, classes]).allSatisfy((1...1 << 25).contains),
      classes <= 256
    else { return nil }
    self.init(inputs: inputs, hidden: hidden, activation: activation, classes: classes)
    guard
      parameterCount <= Self.mostNumbers,
      activationCount(rows: Evaluator.batch) <= Self.mostNumbers
    else { return nil }
  }
}

extension Safetensors {
  init(decoding bytes: [UInt8], name: String) throws(ModelError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(ModelError) in try Safetensors(bytes, name: name) }
    }
    self = try result.get()
  }

  init(contentsOf path: String) throws(ModelError) {
    let file = try ModelError.from(try MappedFile(File.open(path)))
    self = try file.withBytes { bytes throws(ModelError) in
      try Safetensors(UnsafeRawBufferPointer(bytes), name: path)
    }
  }
}

extension ModelError {
  /// What the body returns; a system error becomes a model error.
  static func from<Result>(
    _ body: @autoclosure () throws(SystemError) -> Result
  ) throws(ModelError) -> Result {
    do {
      return try body()
    } catch {
      throw ModelError(error)
    }
  }
}
