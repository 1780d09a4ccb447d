// The number of trials, which depends on the sampler and the space.
extension SearchFileRules {
  private var sampler: Sampler? { settings["search.sampler"]?.words.first.flatMap(Sampler.init) }

  private var isOpenEnded: Bool { settings["search.trials"]?.words == [SearchFile.untilStopped] }

  /// The number of trials in the file; nil if it has none.
  private var requested: Int? {
    if case .fixed(.integer(let number)) = read.settings["search.trials"] { number } else { nil }
  }

  /// Checks that the number of trials is set if the sampler needs it, and not too large for the sampler.
  func checkTrials() throws(Fault) {
    guard let sampler, !sampler.isWithoutReplacement, !read.searched.isEmpty, !isOpenEnded else { return }
    guard let requested else {
      throw missing(
        "search.trials",
        "needs a whole number from 1 to \(SearchFile.mostTrials), or '\(SearchFile.untilStopped)'")
    }
    guard !sampler.learns || requested <= TPESampler.mostTrials else {
      throw Fault(
        read.locations["search.trials"] ?? .file, "search.trials",
        "'tpe' supports at most \(TPESampler.mostTrials) trials, not \(requested)")
    }
  }

  /// Checks that a parameter of a grid is not continuous.
  func checkSteps(_ path: String, _ distribution: Distribution) throws(Fault) {
    guard sampler?.isWithoutReplacement == true, distribution.count == nil else { return }
    throw Fault(
      read.locations[path] ?? .file, path, "is continuous; add 'steps: N', or use 'sampler: random'")
  }

  /// Checks that the sampler supports the space.
  func checkSpace() throws(Fault) {
    let parameters = read.searched
    guard let sampler, !parameters.isEmpty else { return }
    let dimensions = (space.dimensions.max() ?? 0) + 1
    if sampler == .sobol, dimensions > SobolSampler.mostDimensions {
      throw Fault(
        read.locations["search.sampler"] ?? .file, "search.sampler",
        "'sobol' supports at most \(SobolSampler.mostDimensions) parameters, not \(dimensions)")
    }
    guard sampler.isWithoutReplacement else { return }
    guard let size = space.gridSize else { return }
    guard size < .max else {
      throw Fault(
        read.locations["search"] ?? .file, "search.sampler",
        "the grid has more than 2^64 points; use 'sampler: random'")
    }
    guard requested != nil || size <= UInt64(SearchFile.mostTrials) else {
      throw missing(
        "search.trials", "the grid has \(size) points, but at most \(SearchFile.mostTrials) can run")
    }
  }

  /// The value of `search.trials` for a valid file, with notices to the user about it.
  func trials(in space: SearchSpace) -> (Value, notices: [String]) {
    let key = "search.trials:"
    if space.isEmpty {
      if isOpenEnded { return (.integer(1), ["\(key) no parameter is searched; 1 trial runs"]) }
      guard let requested, requested > 1 else { return (.integer(1), []) }
      return (.integer(1), ["\(key) \(requested) requested, but no parameter is searched; 1 trial runs"])
    }
    let size = space.gridSize.map { Int(clamping: $0) }
    guard sampler?.isWithoutReplacement == true, let size else {
      let value = requested.map(Value.integer) ?? .word(SearchFile.untilStopped)
      guard let size, size < requested ?? .max, size < SearchFile.mostTrials,
        read.entries["search.require"] == nil
      else { return (value, []) }
      let remedy = "so some repeat; 'sampler: random-grid' runs each once"
      return (value, ["\(key) the space has only \(counted(size, "configuration")), \(remedy)"])
    }
    guard let requested else {
      let notice = "\(key) the search ends after the \(counted(size, "point")) of the grid"
      return (.integer(size), isOpenEnded ? [notice] : [])
    }
    guard size < requested else { return (.integer(requested), []) }
    let outcome =
      "the grid has \(counted(size, "point")); \(counted(size, "trial")) run\(size == 1 ? "s" : "")"
    return (.integer(size), ["\(key) \(requested) requested, but \(outcome)"])
  }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
