import Search

/// The command of a program, with placeholders such as `${lr}`; `$${lr}` stands for the text `${lr}`.
struct CommandTemplate {
  /// The placeholders that are not parameters.
  static let names = ["args", "params", "checkpoint", "trial", "seed", "epochs"]

  let words: [String]

  /// The names of the placeholders in a word.
  static func placeholders(in word: String) -> [String] {
    parts(of: word).compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
  }

  /// The words of the command. A parameter that the configuration does not have is an empty text.
  ///
  /// - Parameter values: the values of the placeholders other than `args`.
  func arguments(_ args: [String], _ values: [String: String]) -> [String] {
    words.flatMap { word -> [String] in
      if word == "${args}" { return args }
      return [
        Self.parts(of: word).map { part in
          switch part {
          case .text(let text): text
          case .placeholder(let name): values[name] ?? ""
          }
        }.joined()
      ]
    }
  }

  private enum Part {
    case text(String)
    case placeholder(String)
  }

  private static func parts(of word: String) -> [Part] {
    var parts: [Part] = []
    var rest = word[...]
    while let start = rest.range(of: "${") {
      let before = rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
      let name = String(rest[start.upperBound..<end])
      rest = rest[rest.index(after: end)...]
      if before.last == "$" {
        parts += [.text(before.dropLast() + "${\(name)}")]
      } else {
        parts += [.text(String(before)), .placeholder(name)]
      }
    }
    return parts + [.text(String(rest))]
  }
}
