/// The rules between the fields of a search file, which also set the defaults that depend on other fields.
struct SearchFileRules {
  /// The settings of the file with all defaults.
  private(set) var settings: [String: Setting]
  /// The file as read.
  let read: SearchFileReader
  /// The mistakes of the file: those found while reading, then violated rules.
  private(set) var faults: [Fault]

  /// Adds the defaults to the settings of a file and checks all rules.
  init(_ read: SearchFileReader, name: String) {
    self.read = read
    settings = read.settings
    faults = read.faults
    addDefaults(name: name)
    for rule in rules where !rule.fields.contains(where: isReported) { check(rule.check) }
  }

  /// Each rule, with the fields or sections that it reads. A rule is skipped if one of them has a mistake, so that
  /// each mistake is reported once.
  private var rules: [(fields: [String], check: () throws(Fault) -> Void)] {
    let schedulers = ["search.halving", "search.asha", "search.median_rule"]
    let network = ["model.layers", "model.convolutions", "model.hidden"]
    let combinations = schedulers.dropFirst().map { rule in
      (fields: [rule], check: { () throws(Fault) in try checkCombination(of: rule, in: schedulers) })
    }
    let continuous = read.searched.map { parameter in
      (
        fields: [parameter.path, "search.sampler"],
        check: { () throws(Fault) in try checkSteps(parameter.path, parameter.distribution) }
      )
    }
    return combinations + continuous + [
      (["dataset"], checkDataset),
      (["dataset.validation", "train.patience", "train.keep"], checkValidation),
      (["search.heartbeat", "search.lease", "search.progress_timeout"], checkLease),
      (["train.schedule"], checkSchedule),
      (["search.sampler", "search.lag"], checkLag),
      (["search.stop_after"], checkLimits),
      (
        schedulers + ["train.patience", "train.epochs", "search.trials", "search.stop_after"],
        checkEarlyStopping
      ),
      (["search.confirm"], checkReevaluation),
      (["final", "train.patience", "train.keep", "search.objective"], checkFinal),
      (["train.patience", "train.finetune"], checkFinetune),
      (["numerics", "train.precision"], checkPrecision),
      (network, checkModel),
      (network + ["train.l2"], checkStrengths),
      (["search.sampler", "search.trials"], checkTrials),
      (["augment", "model", "train", "search.sampler", "search.trials"], checkSpace),
    ]
  }

  private mutating func check(_ rule: () throws(Fault) -> Void) {
    do { try rule() } catch { faults.append(error) }
  }

  /// Whether a field or section has a mistake, or contains or is part of one that has.
  func isReported(_ path: String) -> Bool {
    (faults.map(\.key) + read.guesses).contains { key in
      key == path || key.hasPrefix("\(path).") || path.hasPrefix("\(key).")
    }
  }

  private mutating func addDefaults(name: String) {
    for field in Field.table where settings[field.path] == nil {
      switch field.fallback {
      case .value(let value): settings[field.path] = .fixed(value)
      case .required:
        if !isReported(field.path) { faults.append(missing(field.path, "needs \(field.kind)")) }
      case .described: break
      }
    }
    if settings["name"] == nil { settings["name"] = .fixed(.word(SearchFile.stem(of: name))) }
    if settings["dataset.split"] == nil { settings["dataset.split"] = settings["seed"] }
    if settings["train.decay"] == nil, case .fixed(.word(let optimizer)) = settings["train.optimizer"] {
      settings["train.decay"] = .fixed(SearchFile.decay(optimizer: optimizer))
    }
    if read.locations["final"] != nil, settings["final.train_on"] == nil {
      settings["final.train_on"] = .fixed(.word("all"))
    }
  }

  /// The mistake of a missing key, at the line of its section.
  func missing(_ path: String, _ need: String) -> Fault {
    let section = String(path.prefix { $0 != "." })
    return Fault(read.locations[section] ?? .file, path, "is missing; \(need)")
  }
}

// The section `search`.
extension SearchFileRules {
  private func checkLease() throws(Fault) {
    guard case .fixed(.real(let heartbeat)) = settings["search.heartbeat"],
      case .fixed(.real(let lease)) = settings["search.lease"],
      case .fixed(.real(let progress)) = settings["search.progress_timeout"],
      lease < 2 * heartbeat || progress < 2 * heartbeat
    else { return }
    // Heartbeats also report training steps.
    let (key, value) = lease < 2 * heartbeat ? ("search.lease", lease) : ("search.progress_timeout", progress)
    let location = read.locations[key] ?? read.locations["search.heartbeat"] ?? .file
    throw Fault(
      location, key,
      "must be at least twice the heartbeat of \(heartbeat.shortText) s, not \(value.shortText) s")
  }

  /// Checks that `lag` is only used with a sampler that learns.
  private func checkLag() throws(Fault) {
    guard let location = read.locations["search.lag"], settings["search.sampler"]?.words != ["tpe"] else {
      return
    }
    throw Fault(location, "search.lag", "is only valid with 'sampler: tpe'")
  }

  private func checkLimits() throws(Fault) {
    guard let location = read.locations["search.stop_after"] else { return }
    let limits = ["search.stop_after.epochs", "search.stop_after.hours"]
    guard limits.allSatisfy({ settings[$0] == nil }) else { return }
    throw Fault(location, "search.stop_after", "needs epochs, hours or both")
  }

  /// Checks that none of the rules before `rule` in the list is also in the file.
  private func checkCombination(of rule: String, in rules: [String]) throws(Fault) {
    guard let location = read.locations[rule],
      let other = rules.prefix(while: { $0 != rule }).first(where: { read.locations[$0] != nil })
    else { return }
    throw Fault(location, rule, "cannot be combined with \(other)")
  }

  /// Checks that all trials have the same number of epochs with a rule that stops trials early.
  private func checkEarlyStopping() throws(Fault) {
    let rules = ["search.halving", "search.asha", "search.median_rule"]
    guard let rule = rules.first(where: { read.locations[$0] != nil }), let location = read.locations[rule]
    else { return }
    if settings["train.patience"] != nil {
      throw Fault(
        read.locations["train.patience"] ?? .file, "train.patience",
        "cannot be combined with \(rule), which stops trials itself")
    }
    guard case .fixed(.integer(let epochs)) = settings["train.epochs"] else {
      throw Fault(
        read.locations["train.epochs"] ?? .file, "train.epochs",
        "must be fixed with \(rule), which sets the budget of each trial itself")
    }
    guard rule == "search.median_rule" else { return try checkRungs(rule, location, epochs) }
    if settings["search.median_rule.after"] == nil {
      throw Fault(location, "search.median_rule.after", "is missing; needs a number of trials")
    }
  }

  private func checkRungs(
    _ rule: String, _ location: SearchFileError.Location, _ epochs: Int
  ) throws(Fault) {
    guard case .fixed(.real(let shortest)) = settings["\(rule).min_epochs"] else {
      throw Fault(location, "\(rule).min_epochs", "is missing; needs a number of epochs")
    }
    guard (shortest < 1 ? shortest : shortest.rounded(.up)) < Double(epochs) else {
      throw Fault(
        read.locations["\(rule).min_epochs"] ?? location, "\(rule).min_epochs",
        "must be less than train.epochs (\(epochs)); otherwise no trial is stopped")
    }
    guard case .fixed(.real(let factor)) = settings["\(rule).factor"] else { return }
    if rule == "search.halving" { try checkEnd(location) }
    let exact = sequence(first: shortest) { $0 * factor }.prefix(Halving.mostRungs)
    guard exact.contains(where: { $0 >= Double(epochs) }) else {
      throw Fault(
        read.locations["\(rule).factor"] ?? location, "\(rule).factor",
        "is too small: more than \(Halving.mostRungs) rungs from \(shortest.shortText) to \(epochs) epochs"
      )
    }
  }

  /// Checks that the number of trials is fixed, because halving ranks all of them.
  private func checkEnd(_ location: SearchFileError.Location) throws(Fault) {
    guard
      settings["search.trials"]?.words.contains(SearchFile.untilStopped) == true
        || read.locations["search.stop_after"] != nil
    else { return }
    throw Fault(
      location, "search.halving",
      "needs a fixed number of trials; with '\(SearchFile.untilStopped)' or search.stop_after, use search.asha"
    )
  }

  private func checkReevaluation() throws(Fault) {
    guard let location = read.locations["search.confirm"], settings["search.confirm.top"] == nil else {
      return
    }
    throw Fault(location, "search.confirm.top", "is missing; needs a whole number of trials")
  }
}
