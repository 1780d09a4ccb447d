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

  /// How many attempts of a trial may report that it cannot be run before it has failed; nil: until other machines
  /// agree.
  var failureLimit: Int? { get }

  /// The goal that a file without mistakes names.
  func goal(_ settings: [String: Setting]) -> Goal

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
