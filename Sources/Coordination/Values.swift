import Search

extension WireValue {
  /// A value as it is sent.
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
  /// The values as they were sent; nil if one of them is none. They still must be checked against the search's space.
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
  /// Whether these can be the numbers of an epoch that did not diverge.
  var isPlausible: Bool {
    let shares = [trainAccuracy, valAccuracy]
    return shares.allSatisfy { (0...1).contains($0) }
      && [trainLoss, valLoss, seconds].allSatisfy { $0 >= 0 && $0.isFinite }
  }
}

extension EpochScore {
  init(_ epoch: WireEpoch) {
    self.init(valAccuracy: epoch.valAccuracy, valLoss: epoch.valLoss)
  }
}

// Trials and their replicates, by the number that messages and records name them by.
extension SearchFile {
  /// The values that one is trained with.
  func values(number: Int) -> [Value] { values(trial: Replicate(number: number).trial) }

  /// The epochs that one trains.
  package func epochs(number: Int) -> Int {
    configuration(number: number).integer("train.epochs")
  }

  /// After so many epochs without a better validation accuracy one ends; nil if it does not.
  func patience(number: Int) -> Int? {
    let configuration = configuration(number: number)
    return configuration.has("train.patience") ? configuration.integer("train.patience") : nil
  }

  private func configuration(number: Int) -> Configuration {
    guard let configuration = configuration(values: values(number: number)) else {
      preconditionFailure("trial \(number) lies outside its own space")
    }
    return configuration
  }
}
