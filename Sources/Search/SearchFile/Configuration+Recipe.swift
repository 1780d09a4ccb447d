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
      let sections = Array(parts.dropLast())
      for depth in sections.indices where sections[...depth] != open.prefix(depth + 1) {
        lines.append(indent(depth) + sections[depth] + ":")
      }
      open = sections
      lines.append("\(indent(sections.count))\(parts[parts.count - 1]): \(yaml(value))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private func yaml(_ value: Value) -> String {
    guard case .word(let word) = value else { return "\(value)" }
    let escaped = word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
