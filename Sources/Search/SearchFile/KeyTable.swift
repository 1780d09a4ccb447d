/// The keys of a kind of search file.
package struct KeyTable: Sendable {
  /// The keys, in the order used by the documentation and recipes.
  package let fields: [Field]
  /// The sections that may be null, which means the same as leaving them out.
  let optionalSections: Set<String>
  /// Whether the keys that a value of a choice brings are below the key of the choice, not beside it. A file may also
  /// have them as `optimizer.lr`, beside a fixed `optimizer`.
  let nestsOwnKeys: Bool
  private let byPath: [String: Field]
  /// The keys allowed in each section, in the order of the table; the section "" is the top level.
  package let sections: [String: [String]]

  /// The keys of all search files and those of a trial body.
  ///
  /// - Parameters:
  ///   - own: the keys of the trial body. Those that a resumed search may change come last.
  ///   - objective: the keys of the objective in the section `search`.
  ///   - optionalSections: the sections of the trial body that may be null.
  ///   - nestsOwnKeys: whether the keys that a value of a choice brings are below the key of the choice, not beside it.
  package init(
    _ own: [Field], objective: [Field], optionalSections: Set<String> = [], nestsOwnKeys: Bool = false
  ) {
    let ofTrials = own.filter { !$0.mayChange }
    fields = Field.general + ofTrials + Field.search(objective: objective) + own.filter(\.mayChange)
    self.optionalSections = optionalSections.union(Field.optionalSections)
    self.nestsOwnKeys = nestsOwnKeys
    byPath = Dictionary(uniqueKeysWithValues: fields.map { ($0.path, $0) })
    var sections: [String: [String]] = [:]
    // An optional section may be without keys.
    for path in fields.map(\.path) + optionalSections.sorted() {
      var section = ""
      for part in path.split(separator: ".").map(String.init) {
        if sections[section]?.contains(part) != true { sections[section, default: []].append(part) }
        section = section.isEmpty ? part : "\(section).\(part)"
      }
    }
    for path in optionalSections where sections[path] == nil { sections[path] = [] }
    self.sections = sections
  }

  /// The field with a path.
  package subscript(_ path: String) -> Field? { byPath[path] }

  /// The section of the keys that values of a choice bring; empty for the top level.
  func sectionOfOwnKeys(of choice: String) -> String {
    nestsOwnKeys ? choice : choice.lastIndex(of: ".").map { String(choice[..<$0]) } ?? ""
  }
}
