/// A parsed and validated search file.
package struct SearchFile: Sendable {
  /// The kind of its trial bodies.
  package let format: any TrialFormat
  /// The searched parameters.
  package let space: SearchSpace
  /// Notices for the user of a search, such as that fewer trials run than requested.
  package let notices: [String]
  /// The keys without an effect in any trial, with the reasons.
  package let inertKeys: [String]
  /// The indices of the parameters that have no effect for some values of others.
  package let conditional: [Int]
  /// The ranking criterion.
  package let goal: Goal
  /// The values of the first trials; nil for values that are sampled.
  let start: [[Value?]]
  /// What every configuration fulfils.
  let requirements: [Requirement]
  /// The points of a grid or sequence that fulfil the requirements.
  let allowedPoints = AllowedPoints()
  /// Every field that is set or has a fixed default, by path.
  let settings: [String: Setting]
  /// The values that all configurations have, by path.
  let commonValues: [String: Value]
  /// The settings that are searched, wholly or in part, by path.
  let searchedSettings: [String: Setting]
  /// The name and text of the file.
  private let source: Source
  /// The position of each section, field and searched element in the file.
  private let locations: [String: SearchFileError.Location]

  init(_ rules: SearchFileRules, _ parts: Parts, _ source: Source) {
    let (space, settings) = (parts.space, parts.settings)
    format = rules.format
    self.space = space
    conditional = space.parameters.indices.filter { index in
      let parameter = space.parameters[index]
      return parameter.condition != nil
        || rules.read.keys[parameter.field]?.effect.map { $0.canFail(settings) } ?? false
    }
    goal = rules.format.goal(settings)
    start = parts.start
    requirements = parts.requirements
    self.settings = settings
    let inTrials = settings.filter { path, _ in
      !path.hasPrefix("search.") && rules.read.keys[path]?.mayChange != true
    }
    let common = inTrials.compactMapValues { if case .fixed(let value) = $0 { value } else { nil } }
    commonValues = common
    searchedSettings = inTrials.filter { path, _ in common[path] == nil }
    notices = parts.notices
    inertKeys = parts.inertKeys
    self.source = source
    locations = rules.read.locations
  }

  /// What the rules make of a file without mistakes.
  struct Parts {
    let space: SearchSpace
    var settings: [String: Setting]
    let start: [[Value?]]
    let requirements: [Requirement]
    var notices: [String]
    let inertKeys: [String]
  }

  struct Source: Hashable {
    /// The file's name, for errors.
    let name: String
    /// The text, with the overrides from the command line applied.
    let text: String
  }

  /// A text that parses to the same search: the text of the file, with the overrides from the command line applied.
  package var text: String { source.text }

  /// An error in a field that only the caller can find, such as a kernel larger than the images. Its position is that
  /// of the field, or of the innermost section that is present.
  package func error(at key: String, _ message: String) -> SearchFileError {
    var parts = key.split(separator: ".")
    while !parts.isEmpty, locations[parts.joined(separator: ".")] == nil { parts.removeLast() }
    let location = locations[parts.joined(separator: ".")] ?? .file
    return SearchFileError(file: source.name, [Fault(location, key, message)])
  }
}

extension SearchFile {
  /// The name of the search, which is a valid file name.
  package var name: String { word("name") }

  /// The seed of all random numbers in the search.
  package var seed: UInt64 { UInt64(integer("seed")) }

  /// The value of a key or searched parameter, for messages: `0.1`, `0.1 to 1, logarithmic`, `not set`.
  package func text(of path: String) -> String {
    if let parameter = space.parameters.first(where: { $0.path == path }) {
      return parameter.distribution.summary
    }
    return settings[path].map(Self.text) ?? "not set"
  }

  private static func text(_ setting: Setting) -> String {
    switch setting {
    case .fixed(let value): "\(value)".split(separator: "\n").joined(separator: " ")
    case .searched(let distribution): distribution.summary
    case .dependent: setting.alternatives.map(text).joined(separator: " or ")
    case .list(let elements): "[\(elements.map(text).joined(separator: "; "))]"
    }
  }

  /// The sampler of configurations.
  package var sampler: Sampler { choice("search.sampler") }

  /// The number of most recent trials whose results a learning sampler ignores.
  package var lag: Int { integer("search.lag") }

  /// The default lag: enough for the slots of one or two machines.
  static let defaultLag = 16

  /// The value of `search.trials` for an open-ended search.
  static let untilStopped = "until stopped"

  /// The number of trials: at most the number of grid points, and 1 if there are no searched parameters. For an
  /// open-ended search, the highest number that any search may have.
  package var trials: Int {
    guard isOpenEnded else { return integer("search.trials") }
    return sampler.learns ? TPESampler.mostTrials : Self.mostTrials
  }

  /// Whether new trials start until the user or `search.stop_after` stops the search.
  package var isOpenEnded: Bool { fixed("search.trials") == .word(Self.untilStopped) }

  /// The total number of trained epochs after which no trial starts; nil if unlimited.
  package var epochLimit: Double? { limit("search.stop_after.epochs") }

  /// The hours after the start of the first trial after which no trial starts; nil if unlimited.
  package var hourLimit: Double? { limit("search.stop_after.hours") }

  private func limit(_ path: String) -> Double? {
    if case .real(let number) = fixed(path) { number } else { nil }
  }

  /// The metrics that its trials report.
  package var metrics: MetricSchema { format.metrics }

  /// The keys that it may have.
  package var keys: KeyTable { format.keys }

  /// The goal in words: `best validation accuracy`.
  package var goalTitle: String {
    (goal.selection == .best ? "best " : "") + metrics.title(of: goal.metric)
  }

  /// The successive halving schedule; nil if the search does not use it.
  package var halving: Halving? {
    rungs("search.halving").map { factor, budgets in
      Halving(trials: trials, bracket: bracket, budgets: budgets, factor: factor, goal: goal)
    }
  }

  /// The ASHA schedule; nil if the search does not use it.
  package var asha: ASHA? {
    rungs("search.asha").map { factor, budgets in
      ASHA(budgets: budgets, factor: factor, goal: goal)
    }
  }

  /// The budgets of the rungs in epochs, ascending; the last is a full training. Empty if trials are not compared.
  package var rungs: [Double] { (rungs("search.halving") ?? rungs("search.asha"))?.budgets ?? [] }

  private func rungs(_ section: String) -> (factor: Double, budgets: [Double])? {
    guard let shortest = limit("\(section).min_epochs") else { return nil }
    let factor = real("\(section).factor")
    return (factor, Halving.budgets(shortest: shortest, factor: factor, epochs: integer(format.budgetKey)))
  }

  /// The median stopping rule; nil if the search does not use it.
  package var medianRule: MedianRule? {
    guard case .integer(let patience) = fixed("search.median_rule.after") else { return nil }
    return MedianRule(patience: patience, goal: goal)
  }

  /// Whether a trial may end before its budget by itself.
  package var mayEndEarly: Bool { format.mayEndEarly(self) }

  /// Whether the results of other trials can stop or promote a trial.
  package var comparesTrials: Bool { !rungs.isEmpty || medianRule != nil }

  /// Whether promotions or stops depend on the order in which results arrive.
  package var dependsOnArrival: Bool { asha != nil || medianRule != nil }

  /// The number of trials in a bracket of halving; nil means all.
  private var bracket: Int? {
    if case .integer(let size) = fixed("search.halving.bracket") { size } else { nil }
  }

  /// The re-evaluation of the top trials with new seeds; nil if disabled.
  ///
  /// - Parameter trials: the number of trials in the search.
  package func reevaluation(of trials: Int) -> Reevaluation? {
    guard case .integer(let top) = fixed("search.confirm.top"), trials > 0 else { return nil }
    return Reevaluation(
      top: top, seeds: integer("search.confirm.seeds"), trials: trials, goal: goal)
  }

  /// Whether the search writes a report at its end.
  package var writesReport: Bool { word("search.report") == "true" }

  /// The interval between the heartbeats of a worker, in seconds.
  package var heartbeatSeconds: Double { real("search.heartbeat") }

  /// The time without heartbeats after which a worker loses its trials, in seconds; at least twice the heartbeat.
  package var leaseSeconds: Double { real("search.lease") }

  /// The time a trial may run without a training step, in seconds.
  package var progressTimeoutSeconds: Double { real("search.progress_timeout") }

  /// The values of a trial in 0..<trials, in the order of the space. Not for a learning sampler, whose values depend on
  /// results: see `Suggestions`.
  package func values(trial: Int) -> [Value] {
    precondition((0..<trials).contains(trial), "trial \(trial) of \(trials)")
    precondition(!sampler.learns, "\(sampler.rawValue) depends on results")
    return suggestion(trial: trial)
  }

  /// The seed of a trial or replicate: its own, or that of trial 0 for all trials with `seeds: shared`.
  package func seed(of replicate: Replicate) -> UInt64 {
    let trial = word("search.seeds") == "shared" ? 0 : replicate.trial
    return trialSeed(searchSeed: seed, trial: trial, replicate: replicate.index)
  }

  /// The paths of the fields in which two files differ, in the order of the table. Comments, formatting and explicit
  /// defaults make no difference; the order of searched parameters does.
  package func differences(from other: SearchFile) -> [String] {
    let changed = keys.fields.map(\.path).filter { settings[$0] != other.settings[$0] }
    guard changed.isEmpty else { return changed }
    return zip(space.parameters, other.space.parameters).filter { $0 != $1 }.map(\.0.path)
  }

  /// The paths of the fields whose changes prevent resuming a search with this file. Changeable fields may change, and
  /// the number of trials may grow.
  package func changesPreventingResume(of before: SearchFile) -> [String] {
    differences(from: before).filter { path in
      if path == "search.trials" {
        guard isOpenEnded == before.isOpenEnded else { return true }
        // A bracket with results cannot get more trials.
        let isWhole = halving == nil || bracket.map { before.trials % $0 == 0 } ?? false
        return trials < before.trials || !isWhole
      }
      return keys[path]?.mayChange != true
    }
  }

  /// The value of a key; nil if it is not set or is searched.
  package func fixed(_ path: String) -> Value? {
    if case .fixed(let value) = settings[path] { value } else { nil }
  }

  /// Whether a key is set or searched, or has a default.
  package func isSet(_ path: String) -> Bool { settings[path] != nil }

  /// The words that a key can have in trials.
  package func words(_ path: String) -> Set<String> { settings[path]?.words ?? [] }

  /// The word of a key that is set to one.
  package func word(_ path: String) -> String {
    guard case .word(let word) = fixed(path) else { preconditionFailure("\(path) is not set") }
    return word
  }

  private func integer(_ path: String) -> Int {
    guard case .integer(let number) = fixed(path) else { preconditionFailure("\(path) is not set") }
    return number
  }

  private func real(_ path: String) -> Double {
    guard case .real(let number) = fixed(path) else { preconditionFailure("\(path) is not set") }
    return number
  }

  /// The case of a key whose words are the cases of a type.
  package func choice<Choice: RawRepresentable<String>>(_ path: String) -> Choice {
    guard let choice = Choice(rawValue: word(path)) else {
      preconditionFailure("\(path) is \(word(path)), which has no case")
    }
    return choice
  }
}
