// The conditions that every configuration fulfils (`search.require`).
extension SearchFileRules {
  /// The requirements, in the order of the file.
  func requirements() throws(Fault) -> [Requirement] {
    guard let node = read.entries[Self.path] else { return [] }
    var nodes = [node]
    if case .list(let list) = node.content { nodes = list }
    var requirements: [Requirement] = []
    for node in nodes { requirements.append(try requirement(node, space)) }
    return requirements
  }

  /// Checks the requirements.
  func checkRequirements() throws(Fault) { _ = try requirements() }

  /// A mistake of the requirements as a whole.
  func requirementFault(_ message: String) -> Fault {
    Fault(read.locations[Self.path] ?? .file, Self.path, message)
  }

  private static var path: String { "search.require" }

  private func requirement(_ node: Node, _ space: SearchSpace) throws(Fault) -> Requirement {
    let columns = space.parameters.map(\.column)
    guard !columns.isEmpty else { throw Fault(node.location, Self.path, "needs a searched parameter") }
    guard case .scalar(let text, _) = node.content, !text.isEmpty else {
      throw Fault(
        node.location, Self.path,
        "needs comparisons, such as '\(Self.example(space.parameters[0]))', not \(node.shown)")
    }
    do throws(RequirementParser.Mistake) {
      var parser = try RequirementParser(text, columns: columns) { name in meaning(of: name, in: space) }
      return try parser.requirement()
    } catch {
      throw Fault(node.location, Self.path, "\(quoted(text)): \(error.message)")
    }
  }

  private static func example(_ parameter: SearchSpace.Parameter) -> String {
    let value = parameter.distribution.value(atPosition: 0.5)
    return "\(parameter.column) \(value.number == nil ? "!=" : "<=") \(value)"
  }

  private func meaning(of name: String, in space: SearchSpace) -> RequirementParser.Meaning? {
    if let index = space.parameters.firstIndex(where: { [$0.column, $0.path].contains(name) }) {
      return Self.meaning(of: space.parameters[index].distribution, index)
    }
    return value(at: name).map(RequirementParser.Meaning.fixed)
  }

  private static func meaning(of distribution: Distribution, _ index: Int) -> RequirementParser.Meaning {
    guard case .choice(let all) = distribution.shape else { return .parameter(index, words: nil) }
    let values = all.filter { $0 != .omitted }
    let words = values.compactMap { if case .word(let word) = $0 { word } else { nil } }
    guard words.count == values.count || values.allSatisfy({ $0.number != nil }) else { return .incomparable }
    return .parameter(index, words: words.isEmpty ? nil : Set(words))
  }

  /// The value of a key or list element that is set to one. Keys that may change in a resumed search have none: its
  /// trials would get other values.
  private func value(at path: String) -> Value? {
    guard !path.hasPrefix("search."), read.keys[path]?.mayChange != true else { return nil }
    if case .fixed(let value)? = settings[path] { return value }
    let parts = path.split(separator: ".")
    guard let index = parts.last.flatMap({ Int($0) }) else { return nil }
    switch settings[parts.dropLast().joined(separator: ".")] {
    case .list(let elements)? where elements.indices.contains(index):
      if case .fixed(let value) = elements[index] { return value }
    case .fixed(.integers(let numbers))? where numbers.indices.contains(index):
      return .integer(numbers[index])
    case .fixed(.reals(let numbers))? where numbers.indices.contains(index): return .real(numbers[index])
    default: break
    }
    return nil
  }
}
