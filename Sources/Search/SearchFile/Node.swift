/// A parsed YAML node of a search file, with its position.
struct Node {
  var content: Content
  var location: SearchFileError.Location

  indirect enum Content {
    /// A text; a quoted text is never a number.
    case scalar(String, isQuoted: Bool)
    case list([Node])
    case map([Entry])
  }

  /// A key with its value.
  struct Entry {
    let key: String
    let location: SearchFileError.Location
    var value: Node
  }

  /// A description of the node for a message.
  var shown: String {
    switch content {
    case .scalar(let text, isQuoted: true): "the quoted text \(quoted(text))"
    case .scalar("", isQuoted: false): "nothing"
    case .scalar(let text, isQuoted: false): quoted(text)
    case .list: "a list"
    case .map: "a section"
    }
  }

  /// Whether this is the value `null`, written out.
  var isNull: Bool {
    if case .scalar(let text, isQuoted: false) = content { ["~", "null"].contains(text) } else { false }
  }

  /// Whether this is a distribution, not a value or a section.
  var isDistribution: Bool {
    guard case .map(let entries) = content else { return false }
    return entries.contains { Distribution.names.contains($0.key) }
  }

  /// Sets the value at a path of keys and creates missing sections.
  mutating func set(_ path: ArraySlice<String>, to value: Node) {
    guard let key = path.first else {
      self = value
      return
    }
    var entries: [Entry] = []
    if case .map(let present) = content { entries = present }
    let index = entries.firstIndex { $0.key == key } ?? entries.endIndex
    if index == entries.endIndex {
      let section = Node(content: .map([]), location: value.location)
      entries.append(Entry(key: key, location: value.location, value: section))
    }
    entries[index].value.set(path.dropFirst(), to: value)
    content = .map(entries)
  }

  /// Expands sections that are written as one word, which is the value of a key of the section.
  mutating func expand(_ shortForms: [String: String]) {
    guard case .map(var entries) = content else { return }
    for (section, key) in shortForms {
      guard let index = entries.firstIndex(where: { $0.key == section }),
        case .scalar = entries[index].value.content
      else { continue }
      let word = entries[index].value
      entries[index].value.content = .map([Entry(key: key, location: word.location, value: word)])
    }
    content = .map(entries)
  }
}
