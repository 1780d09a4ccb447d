extension Distribution {
  /// The keys that mark a section as a distribution.
  static let names = ["uniform", "log_uniform", "int", "log_int", "choice"]
}

extension Field.Kind {
  /// Reads the distribution at a node; each of its values must be valid for the field. A choice may contain `null` if the
  /// key can be left out.
  func distribution(_ node: Node, at path: String, canBeOmitted: Bool) throws(Fault) -> Distribution {
    guard case .map(let entries) = node.content else { throw mistake(node, at: path) }
    let entry = try distributionEntry(entries, at: path)
    var steps: Int?
    if let given = entries.first(where: { $0.key == "steps" })?.value {
      steps = try Self.steps(given, at: path)
    }
    let shape =
      entry.key == "choice"
      ? try choice(entry.value, at: path, canBeOmitted: canBeOmitted)
      : try range(entry.key, entry.value, at: path)
    do {
      return try Distribution(shape, steps: steps)
    } catch {
      throw Fault(entry.location, path, error.message)
    }
  }

  /// The entry with the distribution; the only other key allowed is `steps`.
  private func distributionEntry(_ entries: [Node.Entry], at path: String) throws(Fault) -> Node.Entry {
    let allowed = Distribution.names + ["steps"]
    for entry in entries where !allowed.contains(entry.key) {
      let guess = nearest(to: entry.key, among: allowed).map { "did you mean '\($0)'?" }
      throw Fault(
        entry.location, path,
        "unknown key \(quoted(entry.key)) in a distribution; "
          + (guess ?? "allowed: \(allowed.joined(separator: ", "))"))
    }
    let found = entries.filter { $0.key != "steps" }
    guard found.count == 1 else {
      throw Fault(
        found[1].location, path, "takes one distribution, not '\(found[0].key)' and '\(found[1].key)'")
    }
    return found[0]
  }

  private static func steps(_ node: Node, at path: String) throws(Fault) -> Int {
    guard case .scalar(let text, isQuoted: false) = node.content, let steps = Number.integer(text)
    else {
      throw Fault(
        node.location, path,
        "'steps' needs a whole number from 2 to \(Distribution.mostPoints), not \(node.shown)")
    }
    return steps
  }

  private func choice(
    _ node: Node, at path: String, canBeOmitted: Bool
  ) throws(Fault) -> Distribution.Shape {
    guard case .list(let nodes) = node.content,
      (1...Distribution.mostPoints).contains(nodes.count)
    else {
      throw Fault(
        node.location, path, "'choice' needs a list of 1 to \(Distribution.mostPoints) values")
    }
    var values: [Value] = []
    for node in nodes { values.append(canBeOmitted && node.isNull ? .omitted : try value(node, at: path)) }
    return .choice(values)
  }

  private func range(
    _ name: String, _ node: Node, at path: String
  ) throws(Fault) -> Distribution.Shape {
    switch self {
    case .integer:
      guard name.hasSuffix("int") else {
        throw Fault(node.location, path, "takes whole numbers; use 'int' or 'log_int', not '\(name)'")
      }
      guard case (.integer(let low), .integer(let high)) = try ends(name, node, at: path) else {
        throw mistake(node, at: path)
      }
      return name == "int" ? .int(low: low, high: high) : .logInt(low: low, high: high)
    case .real:
      guard name.hasSuffix("uniform") else {
        throw Fault(
          node.location, path,
          "takes real numbers; use 'uniform' or 'log_uniform' (with 'steps' for a grid), not '\(name)'"
        )
      }
      guard case (.real(let low), .real(let high)) = try ends(name, node, at: path) else {
        throw mistake(node, at: path)
      }
      return name == "uniform"
        ? .uniform(low: low, high: high) : .logUniform(low: low, high: high)
    case .parameter:
      let kind: Field.Kind = name.hasSuffix("int") ? .integer(.min ... .max) : .real(.all)
      return try kind.range(name, node, at: path)
    case .word, .name, .folder, .shareOrCount, .trials, .integers, .realOrReals, .entries, .text, .texts,
      .duration:
      throw Fault(node.location, path, "takes words; use 'choice', not '\(name)'")
    }
  }

  private func ends(
    _ name: String, _ node: Node, at path: String
  ) throws(Fault) -> (low: Value, high: Value) {
    let isWhole = name.hasSuffix("int")
    guard case .list(let nodes) = node.content, nodes.count == 2,
      nodes.allSatisfy({ isWhole ? $0.isInteger : $0.isReal })
    else {
      let order = name.hasPrefix("log") ? "0 < low < high" : "low < high"
      throw Fault(
        node.location, path, "'\(name)' needs two \(isWhole ? "whole " : "")numbers, \(order)")
    }
    return (try end(nodes[0], name, at: path), try end(nodes[1], name, at: path))
  }

  private func end(_ node: Node, _ name: String, at path: String) throws(Fault) -> Value {
    do {
      return try value(node, at: path)
    } catch {
      throw Fault(node.location, path, "each end of '\(name)' needs \(self), not \(node.shown)")
    }
  }
}

extension Node {
  fileprivate var isReal: Bool {
    if case .scalar(let text, isQuoted: false) = content { Number.real(text) != nil } else { false }
  }

  fileprivate var isInteger: Bool {
    if case .scalar(let text, isQuoted: false) = content {
      Number.integer(text) != nil
    } else {
      false
    }
  }
}
