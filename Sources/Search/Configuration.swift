/// Everything that a trial is made of, with no distribution left: what is fixed in the file and
/// what was drawn.
///
/// The look-ups trap on a path that the table of fields does not hold or that has another type,
/// which is a mistake in the caller, not in a file.
package struct Configuration: Hashable, Sendable {
  /// The values of all fields that have one, by path.
  let values: [String: Value]

  /// The value of a field; nil when it is not set, as `model.init.normal` with `init: he`.
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
  /// The configuration with these values of the searched parameters, in the order of the space; nil
  /// when they, which may come from anywhere, do not belong to it.
  ///
  /// `train.decay` is always set. `model.init` is always he or xavier, unless `model.init.normal` is set; exactly one of
  /// `dataset.name` and `dataset.idx` is set; `dataset.validation` is a share (real), a count
  /// (integer) or the word test. Fields of the sections `search` and `final` are not part of a configuration.
  package func configuration(values: [Value]) -> Configuration? {
    guard space.contains(values) else { return nil }
    let drawn = Dictionary(uniqueKeysWithValues: zip(space.parameters.map(\.path), values))
    var resolved: [String: Value] = [:]
    for (path, setting) in settings where !path.hasPrefix("search.") && !path.hasPrefix("final.") {
      resolved[path] = Self.value(of: setting, at: path, drawn)
    }
    if resolved["model.init"] == nil, resolved["model.init.normal"] == nil {
      let rectifies = [.word("relu"), .word("leaky_relu")].contains(resolved["model.activation"])
      resolved["model.init"] = .word(rectifies ? "he" : "xavier")
    }
    if resolved["train.decay"] == nil, case .word(let optimizer) = resolved["train.optimizer"] {
      resolved["train.decay"] = Self.decay(optimizer: optimizer)
    }
    return Configuration(values: resolved)
  }

  /// How the penalty acts unless the file says it.
  static func decay(optimizer: String) -> Value {
    .word(optimizer == "adamw" ? "decoupled" : "coupled")
  }

  private static func value(
    of setting: Setting, at path: String, _ drawn: [String: Value]
  ) -> Value? {
    switch setting {
    case .fixed(let value): value
    case .searched: drawn[path]
    case .list(let elements):
      list(elements.enumerated().compactMap { value(of: $1, at: "\(path).\($0)", drawn) })
    }
  }

  private static func list(_ values: [Value]) -> Value {
    let numbers = values.compactMap { if case .real(let number) = $0 { number } else { nil } }
    guard numbers.isEmpty else { return .reals(numbers) }
    return .integers(values.compactMap { if case .integer(let number) = $0 { number } else { nil } })
  }
}
