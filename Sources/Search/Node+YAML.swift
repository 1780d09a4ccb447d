internal import Yams

extension Node {
  /// Parses one YAML document. Only this file uses the YAML library.
  init(yaml text: String, place: (Int) -> SearchFileError.Place) throws(Fault) {
    if let line = lineOfAlias(in: text) {
      throw Fault(place(line), "", "aliases ('*name') are not supported; write the value again")
    }
    let root: Yams.Node?
    do {
      // The basic resolver leaves every scalar a string; `Number` decides what is a number.
      root = try Yams.compose(yaml: text, Resolver.basic, .default, .utf8)
    } catch {
      let (line, problem) = explanation(of: error, in: text)
      throw Fault(line.map(place) ?? .file, "", problem)
    }
    guard let root else { throw Fault(.file, "", "the file is empty") }
    self = try Node(root, place: place)
  }

  private init(_ node: Yams.Node, place: (Int) -> SearchFileError.Place) throws(Fault) {
    self.place = place(node.mark?.line ?? 1)
    switch node {
    case .scalar(let scalar):
      let isQuoted = scalar.style != .plain || !scalar.tag.description.isEmpty
      content = .scalar(scalar.string, isQuoted: isQuoted)
    case .sequence(let sequence):
      var elements: [Node] = []
      for element in sequence { elements.append(try Node(element, place: place)) }
      content = .list(elements)
    case .mapping(let mapping):
      content = .map(try Self.entries(of: mapping, place: place))
    case .alias:
      throw Fault(self.place, "", "aliases ('*name') are not supported; write the value again")
    }
    guard ["", "tag:yaml.org,2002:str"].contains(tag(of: node)) else {
      throw Fault(self.place, "", "tags ('!name') are not supported")
    }
  }

  private static func entries(
    of mapping: Yams.Node.Mapping, place: (Int) -> SearchFileError.Place
  ) throws(Fault) -> [Entry] {
    var entries: [Entry] = []
    for (key, value) in mapping {
      let keyPlace = place(key.mark?.line ?? 1)
      guard case .scalar(let scalar) = key else {
        throw Fault(keyPlace, "", "a key must be a word, not a list or a section")
      }
      let entry = Entry(
        key: scalar.string, place: keyPlace, value: try Node(value, place: place))
      entries.append(entry)
    }
    return entries
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

/// The line and description of a YAML error.
private func explanation(of error: any Error, in text: String) -> (line: Int?, problem: String) {
  switch error as? YamlError {
  case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
    .composer(_, let problem, let mark, _):
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    // The library reports an unexpected end of file after the last line.
    let line = max(1, min(mark.line, lines.count))
    if lines[line - 1].contains(UInt8(ascii: "\t")) {
      return (line, "not valid YAML; indent with spaces, not with a tab")
    }
    if problem.hasPrefix("Maximum nesting level") {
      return (line, "sections are nested too deeply")
    }
    return (line, "not valid YAML: \(printable(problem))")
  case .duplicatedKeysInMapping(let keys, let context):
    return (context.mark.line, "duplicate key \(quoted(keys.first ?? ""))")
  case .reader(let problem, let offset, _, _):
    let before = offset.map { text.prefix($0).utf8.count { $0 == UInt8(ascii: "\n") } }
    return (before.map { $0 + 1 }, "not valid YAML: \(problem)")
  default:
    return (nil, "not valid YAML")
  }
}

/// The line of the first alias; nil unless the text has both an anchor and an alias.
///
/// The library expands aliases while it parses, so a few lines of nested aliases take exponential time.
/// The check runs on the text before parsing and also finds aliases in comments.
private func lineOfAlias(in text: String) -> Int? {
  guard lineOfSigil(UInt8(ascii: "&"), in: text) != nil else { return nil }
  return lineOfSigil(UInt8(ascii: "*"), in: text)
}

/// The first line where a sigil is directly before a word and not directly after one.
private func lineOfSigil(_ sigil: UInt8, in text: String) -> Int? {
  var line = 1
  var before: UInt8 = 0
  var secondLast: UInt8 = 0
  for byte in text.utf8 {
    if before == sigil, isWordByte(byte), !isWordByte(secondLast) { return line }
    if byte == UInt8(ascii: "\n") { line += 1 }
    (secondLast, before) = (before, byte)
  }
  return nil
}

private func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
    true
  default: false
  }
}
