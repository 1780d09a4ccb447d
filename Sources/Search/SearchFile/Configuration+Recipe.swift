extension Configuration {
  /// The configuration as a search file without distributions, which parses to the same values. Keys without an effect
  /// are left out.
  ///
  /// The seed is that of the trial. The split is explicit, so that the validation images are the same. `keep` is the
  /// default for `train.keep`.
  package func recipe(seed: UInt64, keep: String? = nil) -> String {
    precondition(seed <= UInt64(Int.max), "seed \(seed) is too large for a file")
    var values = values
    values["seed"] = .integer(Int(seed))
    if let keep, values["train.keep"] == nil { values["train.keep"] = .word(keep) }
    var lines: [String] = []
    var open: [String] = []
    for field in Field.table {
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
