extension Node {
  /// The node as YAML without comments, which parses to the same node if all keys are those of a search file.
  var yaml: String { lines.joined(separator: "\n") + "\n" }

  private var lines: [String] {
    switch content {
    case .scalar(let text, isQuoted: false): [text]
    case .scalar(let text, isQuoted: true): [doubleQuoted(text)]
    case .list(let nodes) where nodes.isEmpty: ["[]"]
    case .map(let entries) where entries.isEmpty: ["{}"]
    case .list(let nodes): nodes.flatMap { $0.lines(after: "-") }
    case .map(let entries): entries.flatMap { $0.value.lines(after: "\($0.key):") }
    }
  }

  /// The lines of the node after the marker of an entry: on the same line, or indented below it.
  private func lines(after mark: String) -> [String] {
    let lines = self.lines
    let isShort =
      switch content {
      case .scalar: true
      case .list(let nodes): nodes.isEmpty
      case .map(let entries): entries.isEmpty
      }
    return isShort ? ["\(mark) \(lines[0])"] : [mark] + lines.map { "  " + $0 }
  }
}

/// A text in double quotes, with all but printable ASCII characters escaped.
private func doubleQuoted(_ text: String) -> String {
  let scalars = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\"", "\\": "\\\(scalar)"
    case " "..."~": "\(scalar)"
    default: "\\U" + String(UInt64(scalar.value) + 1 << 32, radix: 16).dropFirst()
    }
  }
  return "\"\(scalars.joined())\""
}
