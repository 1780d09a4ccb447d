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

extension WireEpoch {
  /// Why the metrics are invalid for an epoch that did not diverge; nil if they are valid.
  var problem: String? {
    problemOfShare("train_accuracy", trainAccuracy) ?? problemOfShare("val_accuracy", valAccuracy)
      ?? problemOfNonnegative("train_loss", trainLoss) ?? problemOfNonnegative("val_loss", valLoss)
      ?? problemOfNonnegative("seconds", seconds)
  }
}

extension WirePartScore {
  /// Why the score is invalid for a part of an epoch that did not diverge; nil if it is valid.
  var problem: String? {
    guard 0 < part, part < 1 else { return "an unexpected score after \(part) epochs" }
    return problemOfShare("val_accuracy", valAccuracy) ?? problemOfNonnegative("val_loss", valLoss)
  }
}

private func problemOfShare(_ name: String, _ value: Double) -> String? {
  (0...1).contains(value) ? nil : "\(name) \(value) is invalid: it must be between 0 and 1"
}

private func problemOfNonnegative(_ name: String, _ value: Double) -> String? {
  value >= 0 && value.isFinite ? nil : "\(name) \(Float(value)) is invalid: it must be finite and at least 0"
}

extension EpochScore {
  init(_ epoch: WireEpoch) {
    self.init(valAccuracy: epoch.valAccuracy, valLoss: epoch.valLoss)
  }

  init(_ score: WirePartScore) {
    self.init(valAccuracy: score.valAccuracy, valLoss: score.valLoss)
  }
}

extension SearchFile {
  /// The early-stopping patience, in epochs, of a trial with these values; nil if it has none.
  func patience(_ values: [Value]) -> Int? {
    let configuration = configuration(values)
    return configuration.has("train.patience") ? configuration.integer("train.patience") : nil
  }

  private func configuration(_ values: [Value]) -> Configuration {
    guard let configuration = configuration(values: values) else {
      preconditionFailure("\(values) lie outside their own space")
    }
    return configuration
  }
}
