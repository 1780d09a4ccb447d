// The spellings of distributions in Optuna, Ray Tune, W&B sweeps and Hydra, for "write ... instead".

extension Field.Kind {
  /// A distribution of this kind in the notation of search files that means the same as the node in the notation of
  /// another tool; nil if it is not one.
  func equivalent(of node: Node) -> String? {
    switch node.content {
    case .list(let values): if case .parameter = self { nil } else { listed(values) }
    case .map(let entries): translated(entries)
    case .scalar: nil
    }
  }

  /// A list of values is a choice; two ascending numbers may also be a range.
  private func listed(_ nodes: [Node]) -> String? {
    let values = nodes.compactMap(\.text)
    guard values.count == nodes.count, values.count > 1 else { return nil }
    let choice = "{ choice: [\(values.joined(separator: ", "))] }"
    let numbers = values.compactMap { Double($0) }
    guard values.count == 2, numbers.count == 2, numbers[0] < numbers[1],
      let range = range(values[0], values[1], isLogarithmic: false)
    else { return choice }
    return "\(choice) or \(range)"
  }

  private func translated(_ entries: [Node.Entry]) -> String? {
    func value(_ names: Set<String>) -> Node? { entries.first { names.contains($0.key.plain) }?.value }
    if let single = value(["value"])?.text, entries.count == 1 { return single }
    if case .list(let nodes)? = value(["values", "categorical", "choices", "options", "gridsearch", "oneof"])?
      .content
    {
      let values = nodes.compactMap(\.text)
      return values.count == nodes.count ? "{ choice: [\(values.joined(separator: ", "))] }" : nil
    }
    let hasLogKey = value(["log"])?.text == "true"
    let isLogarithmic =
      hasLogKey
      || entries.contains { entry in
        entry.key.plain.contains("log") && entry.key.plain != "log"
          || entry.value.text?.plain.contains("log") == true
      }
    if let low = value(["min", "low", "lower"])?.text, let high = value(["max", "high", "upper"])?.text {
      return range(low, high, isLogarithmic: isLogarithmic)
    }
    let names: Set = [
      "loguniform", "qloguniform", "quniform", "randint", "qrandint", "lograndint", "integer", "float",
      "real",
      "range", "intuniform", "uniformint", "loguniformint", "reverseloguniform",
    ]
    guard case .list(let ends)? = value(names)?.content, ends.count >= 2, let low = ends[0].text,
      let high = ends[1].text
    else { return nil }
    return range(low, high, isLogarithmic: isLogarithmic)
  }

  private func range(_ low: String, _ high: String, isLogarithmic: Bool) -> String? {
    switch self {
    case .integer: "{ \(isLogarithmic ? "log_int" : "int"): [\(low), \(high)] }"
    case .real: "{ \(isLogarithmic ? "log_uniform" : "uniform"): [\(low), \(high)] }"
    case .parameter:
      (Int(low) == nil || Int(high) == nil ? Field.Kind.real(.all) : .integer(.min ... .max))
        .range(low, high, isLogarithmic: isLogarithmic)
    default: nil
    }
  }
}

extension Node {
  /// The printable text of a scalar; nil if this is none.
  fileprivate var text: String? {
    if case .scalar(let text, _) = content { printable(text, limit: 40) } else { nil }
  }
}

extension String {
  /// Lower-case letters and digits only: `log-uniform` and `logUniform` are the same.
  fileprivate var plain: String { lowercased().filter { $0.isLetter || $0.isNumber } }
}
