extension Field {
  /// A table of all fields in Markdown.
  package static var documentation: String {
    let head = "| key | needs | default | meaning |\n|---|---|---|---|\n"
    return table.reduce(into: head) { text, field in
      let unit = field.unit.map { ", in \($0)" } ?? ""
      text += "| `\(field.path)` | \(field.kind)\(unit) | \(field.fallback) | \(field.meaning) |\n"
    }
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
