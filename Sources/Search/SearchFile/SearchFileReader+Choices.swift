// The keys that a value of a choice brings: `optimizer: { choice: [sgd, { adamw: { beta2: 0.99 } }] }`.
extension SearchFileReader {
  /// Reads the keys that the value of the current choice brings.
  mutating func readOwn(_ entries: [Node.Entry], in section: String) {
    guard let origin else { preconditionFailure("no choice brings these keys") }
    for entry in entries {
      let key = section.isEmpty ? entry.key : "\(section).\(entry.key)"
      do throws(Fault) {
        try checkKey(entry, key, in: section)
        if keys.sections[key] != nil, case .map(let parts) = entry.value.content, !entry.value.isDistribution
        {
          readOwn(parts, in: key)
        } else {
          try bring(key, entry.value, by: origin)
        }
      } catch {
        faults.append(error)
      }
    }
  }

  private mutating func bring(
    _ key: String, _ node: Node, by origin: SearchSpace.Origin
  ) throws(Fault) {
    guard let field = keys[key], field.isSearchable else {
      throw Fault(node.location, key, "cannot depend on a choice")
    }
    let choice = searched.first { $0.path == origin.path }?.field ?? ""
    guard choice != key else {
      throw Fault(node.location, key, "a value cannot bring the key of its own choice")
    }
    if let other = brought[key]?.first(where: { $0.origin.path != origin.path || $0.origin == origin }) {
      throw Fault(node.location, key, "is brought by \(other.origin.path) (\(other.origin.value)) already")
    }
    let section = keys.sectionOfOwnKeys(of: choice)
    let own = section.isEmpty ? key[...] : key.dropFirst(section.count + 1)
    let path = "\(origin.path).\(origin.value).\(own)"
    let setting = try setting(of: field, node, at: path)
    if locations[key] == nil { locations[key] = node.location }
    locations[path] = node.location
    brought[key, default: []].append(.init(origin: origin, path: path, setting: setting))
  }
}

// The rules between keys are checked for each combination of keys that choices bring.
extension SearchFileReader {
  /// The file as it reads with some values of its choices.
  struct Variant {
    var reader: SearchFileReader
    /// The choices, with values that bring keys, or nil for all their other values.
    var values: [(choice: String, value: Value?)] = []
  }

  /// More combinations are rejected, because they would not be checked.
  static let mostVariants = 256

  /// The variants of a file with choices that bring keys, at most one more than `mostVariants`.
  var variants: [Variant] {
    let cases = brought.values.joined()
    var variants = [Variant(reader: self)]
    for choice in searched where cases.contains(where: { $0.origin.path == choice.path }) {
      variants = variants.flatMap { variant -> [Variant] in
        guard choice.origin.map({ variant.has($0) }) ?? true else { return [variant] }
        let bringing = Set(cases.filter { $0.origin.path == choice.path }.map(\.origin.value))
        let points = choice.distribution.points ?? []
        let others = points.filter { !bringing.contains($0) }
        let values = points.filter(bringing.contains).map(Optional.some) + (others.isEmpty ? [] : [nil])
        return values.map { value in
          var variant = variant
          variant.values.append((choice.path, value))
          variant.reader.restrict(choice, to: value.map { [$0] } ?? others)
          return variant
        }
      }
      variants = Array(variants.prefix(Self.mostVariants + 1))
    }
    return variants.map { variant in
      var variant = variant
      variant.reader.settle(variant)
      return variant
    }
  }

  private mutating func restrict(_ choice: SearchSpace.Declaration, to values: [Value]) {
    guard settings[choice.path] != nil, let distribution = try? Distribution(.choice(values)) else { return }
    settings[choice.path] = values.count == 1 ? .fixed(values[0]) : .searched(distribution)
  }

  /// Replaces the settings that depend on choices by those of a variant.
  private mutating func settle(_ variant: Variant) {
    for (key, cases) in brought {
      guard case .dependent(_, let otherwise)? = settings[key] else { continue }
      let match = cases.first { variant.has($0.origin) }
      settings[key] = match?.setting ?? otherwise
      if let match {
        locate(key, at: locations[match.path])
      } else if otherwise == nil {
        locations[key] = nil
      }
    }
    brought = [:]
  }

  /// Sets the position of a key, and of the sections that have none yet.
  private mutating func locate(_ key: String, at location: SearchFileError.Location?) {
    locations[key] = location
    var section = key[...]
    while let dot = section.lastIndex(of: ".") {
      section = section[..<dot]
      if locations[String(section)] == nil { locations[String(section)] = location }
    }
  }
}

extension SearchFileReader.Variant {
  fileprivate func has(_ origin: SearchSpace.Origin) -> Bool {
    values.contains { $0.choice == origin.path && $0.value == origin.value }
  }

  /// Its values in words: `train.optimizer adamw`.
  var summary: String {
    values.map { choice, value in value.map { "\(choice) \($0)" } ?? "another value of \(choice)" }
      .joined(separator: ", ")
  }
}

extension Node {
  /// A distribution without the keys that values of its choice bring, and these keys by value. Throws if an entry of the
  /// choice has another form.
  func withoutOwnKeys(at path: String) throws(Fault) -> (Node, own: [(value: Node, entries: [Entry])]) {
    guard case .map(var entries) = content, let index = entries.firstIndex(where: { $0.key == "choice" }),
      case .list(var values) = entries[index].value.content
    else { return (self, []) }
    var own: [(value: Node, entries: [Entry])] = []
    for (position, value) in values.enumerated() {
      guard case .map(let pairs) = value.content else { continue }
      guard pairs.count == 1, case .map(let keys) = pairs[0].value.content, !keys.isEmpty else {
        throw Fault(
          value.location, path,
          "needs a value, or one value with the keys that it brings, such as { VALUE: { KEY: 1 } }")
      }
      values[position] = Node(content: .scalar(pairs[0].key, isQuoted: false), location: pairs[0].location)
      own.append((values[position], keys))
    }
    entries[index].value.content = .list(values)
    var plain = self
    plain.content = .map(entries)
    return (plain, own)
  }
}
