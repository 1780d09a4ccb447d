internal import Yams

extension Node {
  /// Parses one YAML document. Only this file uses the YAML library.
  init(yaml text: String, location: (Int) -> SearchFileError.Location) throws(Fault) {
    if let fault = suspiciousText(text) { throw Fault(location(fault.line), "", fault.problem) }
    let root: Yams.Node?
    do {
      // The basic resolver leaves every scalar a string; `Number` decides what is a number.
      root = try Yams.compose(yaml: text, Resolver.basic, .default, .utf8)
    } catch {
      let (line, problem) = explanation(of: error, in: text)
      throw Fault(line.map(location) ?? .file, "", problem)
    }
    guard let root else { throw Fault(.file, "", "the file is empty") }
    var size = 0
    self = try Node(root, location: location, &size)
  }

  /// The maximum number of nodes, after the expansion of aliases.
  private static let mostNodes = 32_000

  private init(
    _ node: Yams.Node, location: (Int) -> SearchFileError.Location, _ size: inout Int
  ) throws(Fault) {
    self.location = location(node.mark?.line ?? 1)
    size += 1
    guard size <= Self.mostNodes else { throw Fault(self.location, "", "aliases expand to too many values") }
    switch node {
    case .scalar(let scalar):
      let isQuoted = scalar.style != .plain || !scalar.tag.description.isEmpty
      content = .scalar(scalar.string, isQuoted: isQuoted)
    case .sequence(let sequence):
      var elements: [Node] = []
      for element in sequence { elements.append(try Node(element, location: location, &size)) }
      content = .list(elements)
    case .mapping(let mapping):
      content = .map(try Self.entries(of: mapping, location: location, &size))
    case .alias:
      throw Fault(self.location, "", "an alias ('*name') has no anchor ('&name')")
    }
    guard ["", "tag:yaml.org,2002:str"].contains(tag(of: node)) else {
      throw Fault(self.location, "", "tags ('!name') are not supported")
    }
  }

  private static func entries(
    of mapping: Yams.Node.Mapping, location: (Int) -> SearchFileError.Location, _ size: inout Int
  ) throws(Fault) -> [Entry] {
    var entries: [Entry] = []
    var merged: [Entry] = []
    for (key, value) in mapping {
      let keyPlace = location(key.mark?.line ?? 1)
      guard case .scalar(let scalar) = key else {
        throw Fault(keyPlace, "", "a key must be a word, not a list or a section")
      }
      let value = try Node(value, location: location, &size)
      if scalar.string == "<<", scalar.style == .plain {
        merged = try value.mergedEntries(keyPlace)
      } else {
        entries.append(Entry(key: scalar.string, location: keyPlace, value: value))
      }
    }
    // The keys of a section take precedence over merged ones, and earlier merged sections over later ones.
    for entry in merged where !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
    return entries
  }

  /// The entries that a merge key '<<' with this value adds.
  private func mergedEntries(_ location: SearchFileError.Location) throws(Fault) -> [Entry] {
    switch content {
    case .map(let entries): return entries
    case .list(let nodes):
      var entries: [Entry] = []
      for node in nodes { entries += try node.mergedEntries(location) }
      return entries
    case .scalar: throw Fault(location, "", "the merge key '<<' needs a section or a list of sections")
    }
  }
}

/// The tag written in the text; empty if there is none. (`Node.tag` would resolve it.)
private func tag(of node: Yams.Node) -> String {
  switch node {
  case .scalar(let scalar): scalar.tag.description
  case .mapping(let mapping): mapping.tag.description
  case .sequence(let sequence): sequence.tag.description
  case .alias(let alias): alias.tag.description
  }
}
