/// What a kind of trial body defines of search files: its keys, the rules between them, and its metrics.
package protocol TrialFormat: AnyObject, Sendable {
  /// All keys of its search files.
  var keys: KeyTable { get }
  /// The metrics that its trials report.
  var metrics: MetricSchema { get }
  /// The key of the full budget of a trial, a whole number.
  var budgetKey: String { get }
  /// Whether equal attempts give equal results on workers with equal numerics. Only then a slow attempt may run a second
  /// time elsewhere, and all workers must have the same data.
  var isDeterministic: Bool { get }
  /// The sections that may be written as one word, with the key of the word: `dataset: digits` sets `dataset.name`.
  var shortForms: [String: String] { get }

  /// Adds the defaults that depend on other keys.
  func addDefaults(to settings: inout [String: Setting], of file: SearchFileReader)

  /// The rules between its keys.
  func rules(_ file: SearchFileRules) -> [SearchFileRules.Rule]

  /// Adds the values of a configuration that depend on other values.
  func complete(_ values: inout [String: Value])

  /// Whether trials may end before their budget by themselves, not by the rules of the search.
  func mayEndEarly(_ file: SearchFile) -> Bool

  /// Whether a trial may have ended by itself after these metrics of its steps.
  func mayEnd(_ configuration: Configuration, after history: [Metrics]) -> Bool
}

/// The keys of a kind of search file.
package struct KeyTable: Sendable {
  /// The keys, in the order used by the documentation and recipes.
  package let fields: [Field]
  /// The sections that may be null, which means the same as leaving them out.
  let optionalSections: Set<String>
  private let byPath: [String: Field]
  /// The keys allowed in each section, in the order of the table; the section "" is the top level.
  package let sections: [String: [String]]

  /// The keys of all search files and those of a trial body.
  ///
  /// - Parameters:
  ///   - own: the keys of the trial body. Those that a resumed search may change come last.
  ///   - optionalSections: the sections of the trial body that may be null.
  package init(_ own: [Field], optionalSections: Set<String>, goals: [MetricSchema.NamedGoal]) {
    let ofTrials = own.filter { !$0.mayChange }
    fields =
      Field.general + ofTrials + Field.search(goals: goals.map(\.name)) + own.filter(\.mayChange)
    self.optionalSections = optionalSections.union(Field.optionalSections)
    byPath = Dictionary(uniqueKeysWithValues: fields.map { ($0.path, $0) })
    var sections: [String: [String]] = [:]
    for field in fields {
      var section = ""
      for part in field.path.split(separator: ".").map(String.init) {
        if sections[section]?.contains(part) != true { sections[section, default: []].append(part) }
        section = section.isEmpty ? part : "\(section).\(part)"
      }
    }
    self.sections = sections
  }

  /// The field with a path.
  package subscript(_ path: String) -> Field? { byPath[path] }
}
