/// The setting of one field in a search file.
package enum Setting: Hashable, Sendable {
  case fixed(Value)
  case searched(Distribution)
  /// A list with searched elements.
  case list([Setting])
  /// What the values of a choice bring; nil if other values leave the key out.
  indirect case dependent([Brought], otherwise: Setting?)

  /// A setting that a value of a choice brings.
  package struct Brought: Hashable, Sendable {
    let origin: SearchSpace.Origin
    /// The path of the parameter, if it is searched.
    let path: String
    let setting: Setting
  }
}

extension Setting {
  /// The settings that a key can have.
  var alternatives: [Setting] {
    guard case .dependent(let brought, let otherwise) = self else { return [self] }
    return brought.map(\.setting) + (otherwise.map { [$0] } ?? [])
  }

  /// The words that the field can take: the fixed one or those of a choice.
  package var words: Set<String> {
    Set(choices.compactMap { if case .word(let word) = $0 { word } else { nil } })
  }

  /// The fixed value or those of a choice.
  private var choices: [Value] {
    switch self {
    case .fixed(let value): [value]
    case .searched(let distribution): if case .choice(let values) = distribution.shape { values } else { [] }
    case .list: []
    case .dependent: alternatives.flatMap(\.choices)
    }
  }

  /// The possible lengths of a list; empty for a single value.
  package var counts: [Int] {
    if case .dependent = self { return alternatives.flatMap(\.counts) }
    if case .list(let elements) = self { return [elements.count] }
    return choices.compactMap { value in
      switch value {
      case .integers(let numbers): numbers.count
      case .reals(let numbers): numbers.count
      case .list(let values): values.count
      case .integer, .real, .word, .flag: nil
      }
    }
  }
}
