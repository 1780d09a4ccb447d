/// Converts the nodes of a file into settings, by the table of fields.
package struct SearchFileReader {
  /// The keys that it may have.
  package let keys: KeyTable
  /// The settings, by the path of the field.
  package internal(set) var settings: [String: Setting] = [:]
  /// The searched parameters, in the order of the file.
  package private(set) var searched: [SearchSpace.Declaration] = []
  /// What the values of choices bring, by the path of the key.
  var brought: [String: [Setting.Brought]] = [:]
  /// The choice whose own keys are read now.
  var origin: SearchSpace.Origin?
  /// The nodes of keys whose entries depend on the searched parameters, by path.
  private(set) var entries: [String: Node] = [:]
  /// The position of each section, field and searched element.
  package internal(set) var locations: [String: SearchFileError.Location] = [:]
  /// The mistakes found so far.
  var faults: [Fault] = []
  /// The keys that unknown keys are probably misspellings of.
  private(set) var guesses: [String] = []

  /// Reads a whole file.
  init(_ root: Node, _ keys: KeyTable) throws(Fault) {
    self.keys = keys
    guard case .map(let entries) = root.content else {
      if case .scalar("", isQuoted: false) = root.content {
        throw Fault(.file, "", "the file is empty")
      }
      throw Fault(
        root.location, "", "needs keys and values at the top level, such as 'name: ...', not \(root.shown)")
    }
    read(entries, in: "")
    for (path, cases) in brought.sorted(by: { $0.key < $1.key }) { merge(cases, at: path) }
  }

  private mutating func read(_ entries: [Node.Entry], in section: String) {
    for entry in entries {
      let path = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      if isOmitted(entry, path) { continue }
      do throws(Fault) {
        try checkKey(entry, path, in: section)
        try read(entry.value, at: path)
      } catch {
        faults.append(error)
      }
    }
  }

  private mutating func read(_ node: Node, at path: String) throws(Fault) {
    locations[path] = node.location
    let field = keys[path]
    if let parts = keys.sections[path] {
      if case .map(let entries) = node.content, field == nil || !entries.isEmpty,
        field == nil || !node.isDistribution
      {
        return read(entries, in: path)
      }
      guard field != nil else {
        throw Fault(
          node.location, path,
          "needs a section\(parts.isEmpty ? "" : " with ")\(parts.joined(separator: ", ")), not \(node.shown)"
        )
      }
    }
    guard let field else { return }
    if case .entries = field.kind {
      entries[path] = node
      settings[path] = .fixed(.word(node.yaml))
    } else {
      settings[path] = try setting(of: field, node, at: path)
    }
  }

  /// Whether the value is null, which means the same as leaving the key out. An empty value is null only where no
  /// default exists, because it may be a mistake.
  private func isOmitted(_ entry: Node.Entry, _ path: String) -> Bool {
    let isEmpty = if case .scalar("", isQuoted: false) = entry.value.content { true } else { false }
    guard isEmpty || entry.value.isNull else { return false }
    return switch keys[path]?.fallback {
    case .described?: true
    case .value?: !isEmpty
    case .required?: false
    case nil: keys.optionalSections.contains(path)
    }
  }

  mutating func checkKey(
    _ entry: Node.Entry, _ path: String, in section: String
  ) throws(Fault) {
    let allowed = keys.sections[section] ?? []
    if allowed.contains(entry.key) || (keys.nestsOwnKeys && keys[path] != nil) { return }
    if let colon = entry.key.firstIndex(of: ":") {
      let (key, value) = (entry.key[..<colon], entry.key[entry.key.index(after: colon)...])
      guesses.append(section.isEmpty ? String(key) : "\(section).\(key)")
      throw Fault(
        entry.location, path, "needs a space after the colon: \(quoted("\(key): \(value)"))")
    }
    if entry.key.contains(".") {
      throw Fault(entry.location, path, "unknown key; nest sections instead of joining keys with dots")
    }
    guard let guess = nearest(to: entry.key, among: allowed) else {
      throw Fault(
        entry.location, path, "unknown key; allowed here: \(allowed.joined(separator: ", "))")
    }
    guesses.append(section.isEmpty ? guess : "\(section).\(guess)")
    throw Fault(entry.location, path, "unknown key; did you mean '\(guess)'?")
  }
}

extension SearchFileReader {
  /// The setting at a node.
  ///
  /// - Parameter path: that of the key, or of the parameter if a choice brings it.
  mutating func setting(of field: Field, _ node: Node, at path: String) throws(Fault) -> Setting {
    if case .integers(_, let most) = field.kind {
      return try list(field, node, atMost: most, at: path)
    }
    if case .realOrReals(_, let most) = field.kind {
      guard case .list = node.content else {
        return try setting(of: field, field.kind.element, node, at: path)
      }
      return try list(field, node, atMost: most, at: path)
    }
    return try setting(of: field, field.kind, node, at: path)
  }

  private mutating func setting(
    of field: Field, _ kind: Field.Kind, _ node: Node, at path: String
  ) throws(Fault) -> Setting {
    guard node.isDistribution else {
      if field.isSearchable, let equivalent = kind.equivalent(of: node) {
        throw Fault(node.location, path, "needs \(kind), or a distribution: write \(equivalent)")
      }
      if case .map = node.content, field.isSearchable {
        throw Fault(
          node.location, path,
          "needs \(kind), or a distribution: \(alternatives(Distribution.names))")
      }
      return .fixed(try kind.value(node, at: path))
    }
    guard field.isSearchable else {
      throw Fault(node.location, path, "cannot be searched; needs \(kind)")
    }
    let (plain, own) = try node.withoutOwnKeys(at: path)
    let distribution = try kind.distribution(
      plain, at: path, canBeOmitted: !path.isElement && field.canBeOmitted)
    searched.append(.init(path: path, distribution: distribution, field: field.path, origin: origin))
    locations[path] = node.location
    let outer = origin
    defer { origin = outer }
    for (value, entries) in own {
      origin = SearchSpace.Origin(path: path, value: try kind.value(value, at: path))
      readOwn(entries, in: keys.sectionOfOwnKeys(of: field.path))
    }
    return .searched(distribution)
  }

  private mutating func list(
    _ field: Field, _ node: Node, atMost most: Int, at path: String
  ) throws(Fault) -> Setting {
    if node.isChoiceOfLists { return try setting(of: field, field.kind, node, at: path) }
    var elements = [node]
    if case .list(let nodes) = node.content { elements = nodes }
    guard elements.contains(where: \.isMap) else {
      return .fixed(try field.kind.value(node, at: field.path))
    }
    guard elements.count <= most else {
      throw Fault(node.location, field.path, "needs \(field.kind), not \(elements.count)")
    }
    var settings: [Setting] = []
    var mistakes: [Fault] = []
    for (index, element) in elements.enumerated() {
      do throws(Fault) {
        settings.append(try setting(of: field, field.kind.element, element, at: "\(path).\(index)"))
      } catch {
        mistakes.append(error)
      }
    }
    guard let last = mistakes.popLast() else { return .list(settings) }
    faults += mistakes
    throw last
  }
}

extension SearchFileReader {
  /// Joins what choices bring with the setting of the section, which holds for their other values.
  private mutating func merge(_ cases: [Setting.Brought], at path: String) {
    let (setting, origin) = (settings[path], cases[0].origin)
    let location = locations[path] ?? .file
    switch setting {
    case .fixed, nil:
      settings[path] = .dependent(cases, otherwise: setting)
      let values = searched.first { $0.path == origin.path }?.distribution.points ?? []
      guard setting != nil, values.allSatisfy({ value in cases.contains { $0.origin.value == value } }) else {
        return
      }
      faults.append(
        Fault(location, path, "has no effect: each value of \(origin.path) brings it; remove it here"))
    case .searched, .list, .dependent:
      faults.append(
        Fault(
          location, path,
          "is searched, and \(origin.value) brings it; set it to one value, or list it with each value of "
            + "\(origin.path)"))
    }
  }
}

extension Node {
  fileprivate var isMap: Bool {
    if case .map = content { true } else { false }
  }

  /// Whether this is a choice between whole lists: at least one of its values is a list.
  fileprivate var isChoiceOfLists: Bool {
    guard case .map(let entries) = content,
      case .list(let values)? = entries.first(where: { $0.key == "choice" })?.value.content
    else { return false }
    return values.contains { if case .list = $0.content { true } else { false } }
  }
}
