extension Configuration {
  /// The configuration as a search file without distributions, which parses to the same values. Keys without an effect
  /// are left out.
  ///
  /// - Parameter changes: values to set instead.
  package func text(_ keys: KeyTable, changes: [String: Value]) -> String {
    let values = values.merging(changes) { $1 }
    var lines: [String] = []
    var open: [String] = []
    for field in keys.fields {
      guard let value = values[field.path], field.effect?.holds(values) ?? true else { continue }
      let parts = field.path.split(separator: ".").map(String.init)
      // A key that also has a value is no section.
      let owner = parts.indices.dropFirst().first { values[parts[..<$0].joined(separator: ".")] != nil }
      let depth = (owner ?? parts.count) - 1
      let sections = Array(parts.prefix(depth))
      for depth in sections.indices where sections[...depth] != open.prefix(depth + 1) {
        lines.append(indent(depth) + sections[depth] + ":")
      }
      open = sections
      lines.append(
        "\(indent(sections.count))\(parts[depth...].joined(separator: ".")): \(yaml(value, field.kind))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private func yaml(_ value: Value, _ kind: Field.Kind) -> String {
    switch value {
    case .real(let number):
      switch kind {
      case .duration: "\(value)s"
      // The values of other keys have the type of their key.
      case .parameter: "\(number)"
      default: "\(value)"
      }
    case .word(let word):
      "\"\(word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    case .list(let values): "[\(values.map { yaml($0, kind) }.joined(separator: ", "))]"
    case .integer, .integers, .reals, .flag: "\(value)"
    }
  }
}
