/// A search file that has been read and checked.
package struct SearchFile: Hashable, Sendable {
  /// What is searched.
  package let space: SearchSpace
  /// What the user should know although nothing is wrong, such as that fewer trials run than asked
  /// for.
  package let notices: [String]
  /// Every field that is set or has a fixed default, by path.
  let settings: [String: Setting]
  /// What was read.
  private let source: Source
  /// Where each section, field and searched element that is given stands.
  private let places: [String: SearchFileError.Place]

  init(
    space: SearchSpace, settings: [String: Setting], notices: [String], source: Source,
    places: [String: SearchFileError.Place]
  ) {
    self.space = space
    self.settings = settings
    self.notices = notices
    self.source = source
    self.places = places
  }

  struct Source: Hashable {
    /// The file's name, for errors.
    let name: String
    /// The text with the values from the command line in it.
    let text: String
  }

  /// A text that reads back to the same search: that of the file as it is, or with the values from the command line put in
  /// their places.
  package var text: String { source.text }

  /// A mistake in a field that only its reader could find, such as a kernel larger than the images. It is placed where the
  /// field stands or, if it is not given, the innermost section that is.
  package func error(at key: String, _ message: String) -> SearchFileError {
    var parts = key.split(separator: ".")
    while !parts.isEmpty, places[parts.joined(separator: ".")] == nil { parts.removeLast() }
    return SearchFileError(
      file: source.name, place: places[parts.joined(separator: ".")] ?? .file, key: key, message: message)
  }

  /// Which instructions workers may use.
  package enum Numerics: String, Sendable {
    /// The best that each has.
    case native
    /// Those that all have in common, so that results are the same everywhere.
    case portable
  }
}

extension SearchFile {
  /// What the search is called: safe as the name of a file.
  package var name: String { word("name") }

  /// The seed of everything random in the search.
  package var seed: UInt64 { UInt64(integer("seed")) }

  /// Which instructions workers may use.
  package var numerics: Numerics { choice("numerics") }

  /// What the factors of products may be rounded to in some trial, as `train.precision` names it.
  package var precisions: Set<String> { settings["train.precision"]?.words ?? [] }

  /// How configurations are drawn.
  package var sampler: Sampler { choice("search.sampler") }

  /// With a sampler that learns: of how many trials before it a trial need not know the results.
  package var lag: Int { integer("search.lag") }

  /// The lag where none is given: enough for the slots of a machine or two.
  static let defaultLag = 16

  /// In place of a number of trials.
  static let untilStopped = "until stopped"

  /// How many trials run: at most as many as a grid has points, and one when nothing is searched. An open-ended search may
  /// have as many as any can, and has those that have begun when it is stopped.
  package var trials: Int {
    guard isOpenEnded else { return integer("search.trials") }
    return sampler.learns ? TPESampler.mostTrials : Self.mostTrials
  }

  /// Whether trials begin until someone says that it is enough.
  package var isOpenEnded: Bool { fixed("search.trials") == .word(Self.untilStopped) }

  /// When trials have trained so many epochs in all, no other begins.
  package var epochLimit: Double? { limit("search.stop_after.epochs") }

  /// So many hours after the first trial began no other does.
  package var hourLimit: Double? { limit("search.stop_after.hours") }

  private func limit(_ path: String) -> Double? {
    if case .real(let number) = fixed(path) { number } else { nil }
  }

  /// What trials are ranked by.
  package var objective: Objective { choice("search.objective") }

  /// Who trains on where that is decided among all trials.
  package var halving: Halving? {
    rungs("search.halving").map { factor, budgets in
      Halving(trials: trials, bracket: bracket, budgets: budgets, factor: factor, objective: objective)
    }
  }

  /// Who trains on where that is decided at once.
  package var asha: ASHA? {
    rungs("search.asha").map { factor, budgets in
      ASHA(budgets: budgets, factor: factor, objective: objective)
    }
  }

  /// The epochs after which trials are compared, ascending, the last ones all; empty where they are not.
  package var rungs: [Double] { (rungs("search.halving") ?? rungs("search.asha"))?.budgets ?? [] }

  private func rungs(_ section: String) -> (factor: Double, budgets: [Double])? {
    guard let shortest = limit("\(section).min_epochs") else { return nil }
    let factor = real("\(section).factor")
    return (factor, Halving.budgets(shortest: shortest, factor: factor, epochs: integer("train.epochs")))
  }

  /// Who ends early for doing worse than most.
  package var medianRule: MedianRule? {
    guard case .integer(let patience) = fixed("search.median_rule.after") else { return nil }
    return MedianRule(patience: patience, objective: objective)
  }

  /// Whether what becomes of a trial depends on how others have done.
  package var comparesTrials: Bool { !rungs.isEmpty || medianRule != nil }

  /// Whether what becomes of a trial depends on who comes first.
  package var dependsOnArrival: Bool { asha != nil || medianRule != nil }

  /// The trials that halving compares with each other; nil: all.
  private var bracket: Int? {
    if case .integer(let size) = fixed("search.halving.bracket") { size } else { nil }
  }

  /// How the best are confirmed; nil if they are not.
  ///
  /// - Parameter trials: how many there are.
  package func reevaluation(of trials: Int) -> Reevaluation? {
    guard case .integer(let top) = fixed("search.confirm.top"), trials > 0 else { return nil }
    return Reevaluation(
      top: top, seeds: integer("search.confirm.seeds"), trials: trials, objective: objective)
  }

  /// Whether a report is written at the end of the search.
  package var writesReport: Bool { word("search.report") == "true" }

  /// What is done with rank 1 when the search has ended.
  package struct Final: Hashable, Sendable {
    /// Whether it is trained on the images held out, too.
    package let trainsOnAll: Bool
    /// Whether it is evaluated on the test images.
    package let isTested: Bool
  }

  /// What is done with rank 1 when the search has ended; nil: nothing.
  package var final: Final? {
    guard case .word(let images) = fixed("final.train_on") else { return nil }
    return Final(trainsOnAll: images == "all", isTested: word("final.test") == "true")
  }

  /// How often a worker says that it lives, in seconds.
  package var heartbeatSeconds: Double { real("search.heartbeat") }

  /// How long a silent worker keeps its trials, in seconds; at least twice the heartbeat.
  package var leaseSeconds: Double { real("search.lease") }

  /// How long a trial may go without a training step, in seconds.
  package var progressTimeoutSeconds: Double { real("search.progress_timeout") }

  /// The values of a trial, in the order of the space; 0..<trials. With a sampler that learns they depend on results, and
  /// `Suggestions` tells them.
  package func values(trial: Int) -> [Value] {
    precondition((0..<trials).contains(trial), "trial \(trial) of \(trials)")
    precondition(!sampler.learns, "\(sampler.rawValue) draws from results")
    return sampler.values(seed: seed, trial: trial, in: space)
  }

  /// The seed of a training.
  package func seed(of replicate: Replicate) -> UInt64 {
    trialSeed(searchSeed: seed, trial: replicate.trial, replicate: replicate.index)
  }

  /// The paths of the fields in which two files differ, in the order of the table. Comments,
  /// formatting and defaults that are written out make no difference; the order of searched
  /// parameters does.
  package func differences(from other: SearchFile) -> [String] {
    let changed = Field.table.map(\.path).filter { settings[$0] != other.settings[$0] }
    guard changed.isEmpty else { return changed }
    return zip(space.parameters, other.space.parameters).filter { $0 != $1 }.map(\.0.path)
  }

  /// The paths of the fields because of which a search with results cannot go on by this file. How workers are watched,
  /// what is confirmed and what is done with the best may change, and there may be more trials than before.
  package func obstacles(toGoingOnWith before: SearchFile) -> [String] {
    differences(from: before).filter { path in
      if path == "search.trials" {
        guard isOpenEnded == before.isOpenEnded else { return true }
        // A bracket that has begun cannot get more trials.
        let isWhole = halving == nil || bracket.map { before.trials % $0 == 0 } ?? false
        return trials < before.trials || !isWhole
      }
      let free = [
        "search.heartbeat", "search.lease", "search.progress_timeout", "search.stop_after.",
        "search.confirm.", "search.report",
        "final.",
      ]
      return !free.contains { path.hasPrefix($0) }
    }
  }

  private func fixed(_ path: String) -> Value? {
    if case .fixed(let value) = settings[path] { value } else { nil }
  }

  private func word(_ path: String) -> String {
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

  private func choice<Choice: RawRepresentable<String>>(_ path: String) -> Choice {
    guard let choice = Choice(rawValue: word(path)) else {
      preconditionFailure("\(path) is \(word(path)), which has no case")
    }
    return choice
  }
}
