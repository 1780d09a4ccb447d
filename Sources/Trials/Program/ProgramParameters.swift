import Search

/// The parameters of a program in one configuration, by name; those in sections have names such as `model.width`.
struct ProgramParameters {
  private let values: [(name: String, value: Value)]

  init(_ configuration: Configuration) {
    values = configuration.paths(in: "params").compactMap { name in
      configuration["params.\(name)"].map { (name, $0) }
    }
  }

  /// The values as texts, by name.
  var texts: [String: String] {
    Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value.argument) })
  }

  /// An argument for each parameter.
  ///
  /// - Parameter usesFlags: whether true is `--name` and false no argument.
  func arguments(usesFlags: Bool) -> [String] {
    values.compactMap { name, value in
      if usesFlags, case .flag(let flag) = value { return flag ? "--\(name)" : nil }
      return "--\(name)=\(value.argument)"
    }
  }

  /// A JSON object. Sections are objects, too; keys that a value of a choice brings are beside the choice:
  /// `{"optimizer": "sgd", "optimizer.lr": 0.1}`.
  var json: String {
    Self.json(values.map { ($0.name.split(separator: ".").map(String.init), $0.value) }) + "\n"
  }

  private static func json(_ entries: [(path: [String], value: Value)]) -> String {
    var texts: [String] = []
    var names: [String] = []
    for entry in entries where !names.contains(entry.path[0]) { names.append(entry.path[0]) }
    for name in names {
      let inside = entries.filter { $0.path[0] == name }
      if let own = inside.first(where: { $0.path.count == 1 }) {
        texts.append("\(jsonText(name)): \(own.value.json)")
        for brought in inside where brought.path.count > 1 {
          texts.append("\(jsonText(brought.path.joined(separator: "."))): \(brought.value.json)")
        }
      } else {
        texts.append("\(jsonText(name)): \(json(inside.map { (Array($0.path.dropFirst()), $0.value) }))")
      }
    }
    return "{\(texts.joined(separator: ", "))}"
  }
}

extension Value {
  /// The value as an argument of a program: a text as it is, others as in JSON.
  fileprivate var argument: String { if case .word(let word) = self { word } else { json } }

  /// The value in JSON. Real numbers have a point or an exponent.
  fileprivate var json: String {
    switch self {
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .flag(let flag): "\(flag)"
    case .word(let word): jsonText(word)
    case .integers(let numbers): "\(numbers)"
    case .reals(let numbers): "\(numbers)"
    case .list(let values): "[\(values.map(\.json).joined(separator: ", "))]"
    }
  }
}

/// A text in JSON.
private func jsonText(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": result += "\\\(scalar)"
    case "\n": result += "\\n"
    default:
      if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}
