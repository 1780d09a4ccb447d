/// The configuration of a trial: the fixed values of the file and the sampled values.
///
/// The accessors trap on a path that is not in the table of fields or has another type, which is a programming error.
package struct Configuration: Hashable, Sendable {
  /// The values of all fields that have one, by path.
  let values: [String: Value]

  /// A configuration with these values, by path.
  package init(values: [String: Value]) {
    self.values = values
  }

  /// The value of a field; nil if it is not set, such as `model.init.normal` with `init: he`.
  package subscript(_ path: String) -> Value? { values[path] }

  /// The paths of the values in a section, without the section, sorted.
  package func paths(in section: String) -> [String] {
    values.keys.filter { $0.hasPrefix("\(section).") }.map { String($0.dropFirst(section.count + 1)) }
      .sorted()
  }

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

  /// The case in a field whose words are the cases of a type.
  package func choice<Choice: RawRepresentable<String>>(_ path: String) -> Choice {
    guard let choice = Choice(rawValue: word(path)) else { wrong(path) }
    return choice
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
  /// not in the space. Fields of the section `search`, and those that a resumed search may
  /// change, are not part of a configuration.
  package func configuration(values: [Value]) -> Configuration? {
    given(values).map { values in
      var values = values
      format.complete(&values)
      return Configuration(values: values)
    }
  }

  /// The configuration without the values that depend on other values.
  func given(_ values: [Value]) -> [String: Value]? {
    guard space.contains(values) else { return nil }
    var sampled: [String: Value] = [:]
    for (index, isActive) in space.active(values).enumerated() where isActive {
      sampled[space.parameters[index].path] = values[index]
    }
    var given = commonValues
    for (path, setting) in searchedSettings { given[path] = value(of: path, setting, at: path, sampled) }
    return given
  }

  /// The value of a key in a configuration.
  ///
  /// - Parameter path: that of the parameter, if it is searched.
  private func value(
    of key: String, _ setting: Setting, at path: String, _ sampled: [String: Value]
  ) -> Value? {
    switch setting {
    case .fixed(let value): value
    case .searched:
      if sampled[path] != .omitted {
        sampled[path]
      } else if case .value(let value)? = keys[key]?.fallback {
        value
      } else {
        nil
      }
    case .dependent(let brought, let otherwise):
      if let match = brought.first(where: { sampled[$0.origin.path] == $0.origin.value }) {
        value(of: key, match.setting, at: match.path, sampled)
      } else {
        otherwise.flatMap { value(of: key, $0, at: path, sampled) }
      }
    case .list(let elements):
      Self.list(elements.enumerated().compactMap { value(of: key, $1, at: "\(path).\($0)", sampled) })
    }
  }

  private static func list(_ values: [Value]) -> Value {
    let numbers = values.compactMap { if case .real(let number) = $0 { number } else { nil } }
    guard numbers.isEmpty else { return .reals(numbers) }
    return .integers(values.compactMap { if case .integer(let number) = $0 { number } else { nil } })
  }
}
