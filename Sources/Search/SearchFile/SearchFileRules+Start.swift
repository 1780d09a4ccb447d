// The configurations to try first (`search.start`).
extension SearchFileRules {
  /// The values of the configurations to try first, in the order of the searched parameters; nil for values that are
  /// sampled.
  func startValues() throws(Fault) -> [[Value?]] {
    guard let start = read.entries[Self.path] else { return [] }
    let space = space
    guard case .list(let nodes) = start.content else {
      throw Fault(
        start.location, Self.path, "needs a list of configurations, such as [{ \(Self.example(space)) }]")
    }
    var configurations: [[Value?]] = []
    for node in nodes { configurations.append(try values(node, space)) }
    return configurations
  }

  /// Checks the configurations, that the sampler takes them, and that they are not more than the trials.
  func checkStart() throws(Fault) {
    guard let start = read.entries[Self.path] else { return }
    if let sampler = settings["search.sampler"]?.words.first.flatMap(Sampler.init),
      sampler.isWithoutReplacement
    {
      throw Fault(
        start.location, Self.path,
        "cannot be combined with 'sampler: \(sampler.rawValue)', which tries each point of the grid once")
    }
    let count = try startValues().count
    if case .fixed(.integer(let trials)) = read.settings["search.trials"], count > trials {
      throw Fault(start.location, Self.path, "has \(count) configurations, but 'trials' is \(trials)")
    }
  }

  private static var path: String { "search.start" }

  private static func example(_ space: SearchSpace) -> String {
    space.parameters.first.map { "\($0.column): \($0.distribution.value(at: 0))" } ?? "lr: 0.1"
  }

  private func values(_ node: Node, _ space: SearchSpace) throws(Fault) -> [Value?] {
    guard case .map(let entries) = node.content else {
      throw Fault(
        node.location, Self.path,
        "needs names and values, such as { \(Self.example(space)) }, not \(node.shown)")
    }
    var values = [Value?](repeating: nil, count: space.parameters.count)
    for entry in entries {
      guard let index = parameter(entry.key, of: entries, space) else {
        let columns = space.parameters.map(\.column)
        let advice =
          columns.isEmpty ? "no parameter is searched" : "searched are \(columns.joined(separator: ", "))"
        throw Fault(entry.location, Self.path, "unknown parameter \(quoted(entry.key)); \(advice)")
      }
      guard values[index] == nil else {
        throw Fault(entry.location, Self.path, "\(space.parameters[index].column) is given twice")
      }
      values[index] = try value(entry.value, of: space.parameters[index])
    }
    for index in values.indices.reversed() where values[index] != nil {
      try choose(space.parameters[index], in: &values, space, at: node)
    }
    return values
  }

  /// The index of the parameter with a column or path, or with the end of the path of its key: of several that choices
  /// bring, the one whose choice is given.
  private func parameter(_ key: String, of entries: [Node.Entry], _ space: SearchSpace) -> Int? {
    if let index = space.parameters.firstIndex(where: { [$0.column, $0.path].contains(key) }) {
      return index
    }
    let found = space.parameters.indices.filter { space.parameters[$0].field.hasSuffix(".\(key)") }
    guard found.count > 1 else { return found.first }
    return found.first { index in
      guard let condition = space.parameters[index].condition else { return false }
      let choice = space.parameters[condition.parameter]
      let given = entries.first { [choice.column, choice.path].contains($0.key) }?.value.content
      return if case .scalar(let text, _)? = given { text == "\(condition.value)" } else { false }
    }
  }

  /// Sets the choice that brings a given parameter.
  private func choose(
    _ parameter: SearchSpace.Parameter, in values: inout [Value?], _ space: SearchSpace, at node: Node
  ) throws(Fault) {
    guard let condition = parameter.condition else { return }
    if let value = values[condition.parameter], value != condition.value {
      throw Fault(
        node.location, Self.path,
        "\(parameter.column) is only in configurations with \(space.parameters[condition.parameter].column) "
          + "\(condition.value), not \(value)")
    }
    values[condition.parameter] = condition.value
  }

  private func value(_ node: Node, of parameter: SearchSpace.Parameter) throws(Fault) -> Value {
    let distribution = parameter.distribution
    if node.isNull, distribution.contains(.omitted) { return .omitted }
    guard let field = read.keys[parameter.field] else { preconditionFailure("\(parameter.path) is no key") }
    let kind = parameter.path.isElement ? field.kind.element : field.kind
    let value: Value
    do {
      value = try kind.value(node, at: Self.path)
    } catch {
      throw Fault(error.location, Self.path, "\(parameter.column): \(error.message)")
    }
    guard distribution.contains(value) else {
      throw Fault(
        node.location, Self.path,
        "\(parameter.column): \(value) is not in the search space: \(distribution.summary)")
    }
    return value
  }
}
