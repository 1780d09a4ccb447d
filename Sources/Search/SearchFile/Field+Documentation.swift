extension KeyTable {
  /// A list of all fields in Markdown, by section, in lines of at most 120 characters.
  package var documentation: String { fields.documentation }
}

extension [Field] {
  /// A list of the fields in Markdown, by section, in lines of at most 120 characters.
  package var documentation: String {
    var section: String?
    var lines: [String] = []
    for field in self {
      let parts = field.path.split(separator: ".")
      let name = parts.count > 1 ? String(parts[0]) : "general"
      if name != section {
        lines += (section == nil ? [] : [""]) + ["### Keys: \(name)", ""]
        section = name
      }
      let unit = field.unit.map { ", in \($0)" } ?? ""
      let range = "\(field.kind)\(unit)"
      let fallback = if case .required = field.fallback { "Required." } else { "Default: \(field.fallback)." }
      lines += Self.wrapped("- **`\(field.path)`**: \(field.meaning) Value: \(range). \(fallback)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// An item of the list in lines of at most 120 characters.
  private static func wrapped(_ item: String) -> [String] {
    var lines: [String] = []
    for word in item.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= 120 {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(lines.isEmpty ? String(word) : "  \(word)")
      }
    }
    return lines
  }
}

extension Field.Fallback: CustomStringConvertible {
  /// The default as shown in the documentation.
  package var description: String {
    switch self {
    case .required: "required"
    case .value(let value): "\(value)"
    case .described(let words): words
    }
  }
}
