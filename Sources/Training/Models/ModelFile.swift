extension Model {
  /// The model as a safetensors file: tensors `layers.N.weight` (outputs x inputs; outputs x inputs x kernel x kernel
  /// for a convolution) and `layers.N.bias`, as in PyTorch. The metadata holds what is needed to rebuild the network.
  package func encoded() -> [UInt8] {
    safetensors().encoded()
  }

  /// Reads the output of `encoded`, or the model in a checkpoint. The name is used only in errors.
  package init(decoding bytes: [UInt8], name: String) throws(ModelError) {
    try self.init(Safetensors(decoding: bytes, name: name), name: name)
  }

  /// Writes the model to a file atomically.
  package func write(to path: String) throws(ModelError) {
    try ModelError.from(try replaceFile(at: path, with: encoded()))
  }

  /// Reads a model file, or the model in a checkpoint file.
  package init(contentsOf path: String) throws(ModelError) {
    try self.init(Safetensors(contentsOf: path), name: path)
  }

  private static let formatVersion = "1"
  /// The factor for a pixel of 0...255.
  private static let pixelScale = "1/255"

  func safetensors() -> Safetensors {
    var metadata = [
      "format_version": Self.formatVersion,
      "inputs": "\(architecture.inputs)",
      "hidden": architecture.hidden.map(String.init).joined(separator: ","),
      "activation": architecture.activation.rawValue,
      "classes": "\(architecture.classes)",
      "dataset": dataset,
      "pixel_scale": Self.pixelScale,
    ]
    if !labels.areClasses { metadata["labels"] = labels.text }
    if let stack = architecture.stack { metadata["convolutions"] = stack.text }
    let tensors = zip(architecture.weightShapes, layers).enumerated().flatMap { index, layer in
      let (shape, parameters) = layer
      return [
        Safetensors.Tensor(
          name: "layers.\(index).weight", shape: shape, values: parameters.weights),
        Safetensors.Tensor(
          name: "layers.\(index).bias", shape: [shape[0]], values: parameters.bias),
      ]
    }
    return Safetensors(metadata: metadata, tensors: tensors)
  }

  init(_ file: Safetensors, name: String) throws(ModelError) {
    func error(_ reason: String) -> ModelError { ModelError(name, .notTrawl(reason)) }
    guard file.metadata["format_version"] == Self.formatVersion else {
      throw error("its format version is not \(Self.formatVersion)")
    }
    guard file.metadata["pixel_scale"] == Self.pixelScale else {
      throw error("its pixels are not scaled by \(Self.pixelScale)")
    }
    guard let architecture = Architecture(file.metadata) else {
      throw error("its metadata does not describe a network")
    }
    let text = file.metadata["labels"]
    guard
      let labels = text.map(LabelSet.init(text:)) ?? LabelSet(count: architecture.classes),
      labels.values.count == architecture.classes
    else { throw error("its labels are not those of \(architecture.classes) classes") }
    let layers = try architecture.weightShapes.enumerated().map { index, shape throws(ModelError) in
      guard
        let weights = file.values("layers.\(index).weight", shape: shape),
        let bias = file.values("layers.\(index).bias", shape: [shape[0]])
      else { throw error("layer \(index) is missing or of another shape") }
      return LayerParameters(weights: weights, bias: bias)
    }
    guard file.tensors.count(where: { $0.name.hasPrefix("layers.") }) == 2 * layers.count else {
      throw error("it has too many tensors")
    }
    self.init(
      architecture: architecture, dataset: file.metadata["dataset"] ?? "", labels: labels, layers: layers)
  }
}

extension Architecture {
  /// The network described by a model's metadata; nil if they are invalid.
  fileprivate init?(_ metadata: [String: String]) {
    let widths = metadata["hidden"]?.split(separator: ",", omittingEmptySubsequences: true)
    guard
      let inputs = metadata["inputs"].flatMap({ Int($0) }),
      let classes = metadata["classes"].flatMap({ Int($0) }),
      let activation = metadata["activation"].flatMap(Activation.init(rawValue:)),
      let hidden = widths?.map({ Int($0) ?? 0 })
    else { return nil }
    // No dimension above 2²⁵: the product of two of them must not overflow.
    guard
      hidden.count <= 64, (hidden + [inputs, classes]).allSatisfy((1...1 << 25).contains),
      classes <= 256
    else { return nil }
    var stack: ConvolutionStack?
    if let text = metadata["convolutions"] {
      stack = ConvolutionStack(text: text)
      guard let stack, stack.rows * stack.columns == inputs, stack.features <= 1 << 25 else {
        return nil
      }
    }
    self.init(
      inputs: inputs, hidden: hidden, activation: activation, classes: classes, stack: stack)
    guard
      parameterCount <= Self.mostNumbers,
      activationCount(rows: Evaluator.batch) <= Self.mostNumbers
    else { return nil }
  }
}

extension ConvolutionStack {
  /// The image size, then the numbers of each convolution: "28x28 6x5x1x0x2 16x5x1x0x2".
  fileprivate var text: String {
    let stages = convolutions.map {
      "\($0.channels)x\($0.kernel)x\($0.stride)x\($0.padding)x\($0.pool)"
    }
    return (["\(rows)x\(columns)"] + stages).joined(separator: " ")
  }

  /// Nil if the text is not a valid output of `text`.
  fileprivate init?(text: String) {
    let parts = text.split(separator: " ").map { $0.split(separator: "x").map { Int($0) ?? -1 } }
    guard
      (2...17).contains(parts.count), parts[0].count == 2,
      parts[0].allSatisfy((1...1 << 15).contains),
      parts.dropFirst().allSatisfy({ $0.count == 5 })
    else { return nil }
    let convolutions = parts.dropFirst().map {
      Convolution(channels: $0[0], kernel: $0[1], stride: $0[2], padding: $0[3], pool: $0[4])
    }
    guard convolutions.allSatisfy(\.isPossible) else { return nil }
    do {
      try self.init(rows: parts[0][0], columns: parts[0][1], convolutions)
    } catch {
      return nil
    }
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
    // Not mapped: truncating a mapped file would kill this process.
    try self.init(decoding: ModelError.from(try File.open(path).contents()), name: path)
  }
}

extension ModelError {
  /// Returns the result of the body; converts a system error to a model error.
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
