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
    }
  }
}

extension WireAssign {
  /// The received values; nil if one is missing. They are not yet checked against the search space.
  package var searchedValues: [Value]? {
    let received = values.compactMap { value -> Value? in
      switch value.kind {
      case .integer(let number): .integer(Int(number))
      case .real(let number): .real(number)
      case .word(let word): .word(word)
      case .integers(let list): .integers(list.elements.map(Int.init))
      case nil: nil
      }
    }
    return received.count == values.count ? received : nil
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
