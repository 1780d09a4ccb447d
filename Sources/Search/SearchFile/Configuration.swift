/// The configuration of a trial: the fixed values of the file and the sampled values.
///
/// The accessors trap on a path that is not in the table of fields or has another type, which is a programming error.
package struct Configuration: Hashable, Sendable {
  /// The values of all fields that have one, by path.
  let values: [String: Value]

  /// The value of a field; nil if it is not set, such as `model.init.normal` with `init: he`.
  package subscript(_ path: String) -> Value? { values[path] }

  /// Whether a field has a value.
  package func has(_ path: String) -> Bool { values[path] != nil }

  /// The number in a field of numbers.
  package func real(_ path: String) -> Double {
    guard case .real(let number) = values[path] else { wrong(path) }
    return number
  }

  /// The number in a field of whole numbers.
  package func integer(_ path: String) -> Int {
    guard case .integer(let number) = values[path] else { wrong(path) }
    return number
  }

  /// The word in a field of words.
  package func word(_ path: String) -> String {
    guard case .word(let word) = values[path] else { wrong(path) }
    return word
  }

  /// The numbers in a field that holds a list.
  package func integers(_ path: String) -> [Int] {
    guard case .integers(let numbers) = values[path] else { wrong(path) }
    return numbers
  }

  /// The numbers in a field that holds a number or a list.
  package func reals(_ path: String) -> [Double] {
    switch values[path] {
    case .real(let number): [number]
    case .reals(let numbers): numbers
    default: wrong(path)
    }
  }

  private func wrong(_ path: String) -> Never {
    preconditionFailure("\(path) is \(values[path].map(String.init(describing:)) ?? "not set")")
  }
}

extension SearchFile {
  /// The configuration with untrusted values of the searched parameters, in the order of the space; nil if they are
  /// not in the space.
  ///
  /// `train.decay` is always set. `model.init` is he or xavier unless `model.init.normal` is set. Exactly one of
  /// `dataset.name` and `dataset.idx` is set. `dataset.validation` is a share (real), a count (integer) or the word
  /// `test`. Fields of the sections `search` and `final` are not part of a configuration.
  package func configuration(values: [Value]) -> Configuration? {
    guard space.contains(values) else { return nil }
    let sampled = Dictionary(uniqueKeysWithValues: zip(space.parameters.map(\.path), values))
    var resolved: [String: Value] = [:]
    for (path, setting) in settings where !path.hasPrefix("search.") && !path.hasPrefix("final.") {
      resolved[path] = Self.value(of: setting, at: path, sampled)
    }
    if resolved["model.init"] == nil, resolved["model.init.normal"] == nil {
      let isRectifier = [.word("relu"), .word("leaky_relu")].contains(resolved["model.activation"])
      resolved["model.init"] = .word(isRectifier ? "he" : "xavier")
    }
    if resolved["train.decay"] == nil, case .word(let optimizer) = resolved["train.optimizer"] {
      resolved["train.decay"] = Self.decay(optimizer: optimizer)
    }
    return Configuration(values: resolved)
  }

  /// The default of `train.decay` for an optimizer.
  static func decay(optimizer: String) -> Value {
    .word(optimizer == "adamw" ? "decoupled" : "coupled")
  }

  private static func value(
    of setting: Setting, at path: String, _ sampled: [String: Value]
  ) -> Value? {
    switch setting {
    case .fixed(let value): value
    case .searched:
      if sampled[path] != .omitted {
        sampled[path]
      } else if case .value(let value)? = Field.named(path)?.fallback {
        value
      } else {
        nil
      }
    case .list(let elements):
      list(elements.enumerated().compactMap { value(of: $1, at: "\(path).\($0)", sampled) })
    }
  }

  private static func list(_ values: [Value]) -> Value {
    let numbers = values.compactMap { if case .real(let number) = $0 { number } else { nil } }
    guard numbers.isEmpty else { return .reals(numbers) }
    return .integers(values.compactMap { if case .integer(let number) = $0 { number } else { nil } })
  }
}
