/// The keys of a search file before it is read: from them, a kind of trial bodies derives the keys that it may have.
package struct FileOutline {
  private let root: Node

  init(_ root: Node) {
    self.root = root
  }

  /// Whether the file has a key or section, which may be empty.
  package func has(_ path: String) -> Bool { node(path) != nil }

  /// The text of a key with a single value.
  package func text(_ path: String) -> String? {
    if case .scalar(let text, _)? = node(path)?.content { text } else { nil }
  }

  /// The paths of the values in a section, in the order of the file. Keys that a value of a choice brings are below the
  /// path of the choice.
  package func paths(in section: String) -> [String] {
    guard case .map(let entries)? = node(section)?.content else { return [] }
    var paths: [String] = []
    for path in Self.paths(of: entries, in: section) where !paths.contains(path) { paths.append(path) }
    return paths
  }

  private func node(_ path: String) -> Node? {
    path.split(separator: ".").reduce(root) { node, key in node?.entries.first { $0.key == key }?.value }
  }

  private static func paths(of entries: [Node.Entry], in section: String) -> [String] {
    entries.flatMap { entry -> [String] in
      let path = "\(section).\(entry.key)"
      // A distribution in the notation of another tool is a mistake, not a section.
      guard case .map(let parts) = entry.value.content, !parts.isEmpty,
        Field.Kind.parameter.equivalent(of: entry.value) == nil
      else { return [path] }
      guard entry.value.isDistribution else { return paths(of: parts, in: path) }
      return [path] + entry.value.ownEntries.flatMap { paths(of: $0, in: path) }
    }
  }
}

extension Node {
  fileprivate var entries: [Entry] {
    if case .map(let entries) = content { entries } else { [] }
  }

  /// What the values of a choice bring.
  fileprivate var ownEntries: [[Entry]] {
    guard case .list(let values)? = entries.first(where: { $0.key == "choice" })?.value.content else {
      return []
    }
    return values.compactMap { $0.entries.first?.value.entries }
  }
}
