import Search

extension WireValue {
  /// The wire form of a value.
  init(_ value: Value) {
    self.init()
    switch value {
    case .integer(let number): integer = Int64(number)
    case .real(let number): real = number
    case .word(let word): self.word = word
    case .integers(let numbers): integers.elements = numbers.map(Int64.init)
    case .reals: preconditionFailure("a list of numbers is not drawn as a whole")
    case .flag(let flag): self.flag = flag
    case .list(let values): list.elements = values.map(WireValue.init)
    }
  }
}

extension WireAssign {
  /// The received values; nil if one is missing. They are not yet checked against the search space.
  package var searchedValues: [Value]? {
    Self.values(values)
  }

  private static func values(_ received: [WireValue]) -> [Value]? {
    let values = received.compactMap { value -> Value? in
      switch value.kind {
      case .integer(let number): .integer(Int(number))
      case .real(let number): .real(number)
      case .word(let word): .word(word)
      case .integers(let list): .integers(list.elements.map(Int.init))
      case .flag(let flag): .flag(flag)
      // Protobuf limits the depth of messages.
      case .list(let list): Self.values(list.elements).map(Value.list)
      case nil: nil
      }
    }
    return values.count == received.count ? values : nil
  }
}

extension TrialMeasurement {
  /// The received measurement. It is not yet checked against the metrics of the search.
  init(_ wire: WireMeasurement) {
    self.init(step: wire.step, Metrics(wire.metrics.lazy.map { (name: $0.name, value: $0.value) }))
  }
}

extension WireMeasurement {
  /// The wire form of a measurement.
  package init(_ measurement: TrialMeasurement) {
    self.init()
    step = measurement.step
    metrics = measurement.metrics.all.map { metric in
      var wire = WireMetric()
      (wire.name, wire.value) = (metric.name, metric.value)
      return wire
    }
  }
}

extension CheckpointFile {
  /// The received properties of a plausible checkpoint.
  init(_ wire: WireCheckpoint) {
    self.init(digest: Array(wire.digest), size: Int(clamping: wire.size), epochs: Int(wire.epochs))
  }
}

extension WireCheckpoint {
  /// The wire form of a checkpoint's properties.
  init(_ file: CheckpointFile) {
    self.init()
    (digest, size, epochs) = (.init(file.digest), UInt64(file.size), UInt32(file.epochs))
  }
}
