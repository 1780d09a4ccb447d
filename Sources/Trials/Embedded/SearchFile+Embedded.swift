import Search
import Training

// What `trawl` reads of search files.
extension SearchFile {
  /// The format of a file: that of programs if it has their sections.
  private static let format: @Sendable (FileOutline) -> any TrialFormat = { outline in
    outline.has("program") || outline.has("params") ? ProgramFormat(outline) : EmbeddedFormat.shared
  }

  /// Parses the untrusted bytes of a file; `file` is its name, for errors.
  package static func parse(
    _ bytes: [UInt8], file: String, overrides: [Override] = [], inertKeys: InertKeys = .noted
  ) throws(SearchFileError) -> SearchFile {
    try SearchFileParser(overrides: overrides, inertKeys: inertKeys, Self.format).parse(bytes, file: file)
  }

  /// Parses the text of a file; `file` is its name, for errors and as the default for `name`.
  package static func parse(
    _ text: String, file: String, overrides: [Override] = [], inertKeys: InertKeys = .noted
  ) throws(SearchFileError) -> SearchFile {
    try SearchFileParser(overrides: overrides, inertKeys: inertKeys, Self.format).parse(text, file: file)
  }

  /// The instruction sets that workers may use.
  package var numerics: Numerics { isSet("numerics") ? choice("numerics") : .native }

  /// The precisions that trials of this search can have.
  package var precisions: [Precision] { words("train.precision").sorted().compactMap(Precision.init) }

  /// The folder of a dataset in IDX files; nil for a dataset with a name.
  package var datasetFolder: String? { fixed("dataset.idx").map { "\($0)" } }

  /// The final training of the rank 1 configuration after the search.
  package struct Final: Hashable, Sendable {
    /// Whether the training images include the validation images.
    package let trainsOnAll: Bool
    /// Whether the model is evaluated on the test images.
    package let isTested: Bool
  }

  /// The final training of the rank 1 configuration after the search; nil if disabled.
  package var final: Final? {
    guard fixed("final.train_on") != nil else { return nil }
    let images: FinalImages = choice("final.train_on")
    return Final(trainsOnAll: images == .all, isTested: word("final.test") == "true")
  }
}

/// The instruction sets that workers may use.
package enum Numerics: String, Sendable, CaseIterable {
  /// The fastest instruction set of each processor.
  case native
  /// The common instruction set, which gives the same results on every machine.
  case portable
}

extension SearchFile {
  /// The recipe of a trial.
  ///
  /// `trawl train` reproduces its model bit for bit, or trains a stopped trial to its end. With a program it is a search
  /// file with one trial.
  package func recipe(of configuration: Configuration, seed: UInt64) -> String {
    if runsProgram {
      let key = "search.objective." + (goal.isMaximized ? "maximize" : "minimize")
      return configuration.text(keys, changes: [key: .word(goal.metric)])
    }
    // Keep the weights that the trial was ranked by.
    return configuration.recipe(seed: seed, keep: goal.selection == .best ? "best" : "last")
  }
}

extension Configuration {
  /// The configuration as a recipe for `trawl train`.
  ///
  /// The seed is that of the trial. The split is explicit, so that the validation images are the same. `keep` is the
  /// default for `train.keep`.
  package func recipe(seed: UInt64, keep: String? = nil) -> String {
    precondition(seed <= UInt64(Int.max), "seed \(seed) is too large for a file")
    var changes = ["seed": Value.integer(Int(seed))]
    if let keep, !has("train.keep") { changes["train.keep"] = .word(keep) }
    return text(EmbeddedFormat.shared.keys, changes: changes)
  }
}
