/// The rules between the fields of a search file, which also set the defaults that depend on other fields.
package struct SearchFileRules {
  /// A rule, with the fields or sections that it reads. It is skipped if one of them has a mistake, so that each mistake
  /// is reported once.
  package typealias Rule = (fields: [String], check: () throws(Fault) -> Void)

  /// The settings of the file with all defaults.
  package private(set) var settings: [String: Setting]
  /// The file as read.
  package let read: SearchFileReader
  let format: any TrialFormat
  /// The mistakes of the file: those found while reading, then violated rules.
  private(set) var faults: [Fault]

  /// Adds the defaults to the settings of a file and checks all rules.
  init(_ read: SearchFileReader, _ format: any TrialFormat, name: String) {
    self.read = read
    self.format = format
    settings = read.settings
    faults = read.faults
    addDefaults(name: name)
    for rule in rules + (read.brought.isEmpty ? format.rules(self) : [])
    where !rule.fields.contains(where: isReported) {
      check(rule.check)
    }
    if !read.brought.isEmpty { checkVariants(name: name) }
  }

  /// Checks the rules of the trial bodies with each combination of the keys that choices bring.
  private mutating func checkVariants(name: String) {
    let (before, variants) = (faults, read.variants)
    guard variants.count <= SearchFileReader.mostVariants else {
      let (key, brought) = read.brought.min { $0.key < $1.key } ?? ("", [])
      let message = "choices bring keys in more than \(SearchFileReader.mostVariants) combinations"
      faults.append(Fault(brought.first.flatMap { read.locations[$0.path] } ?? .file, key, message))
      return
    }
    for variant in variants {
      let rules = SearchFileRules(variant.reader, format, name: name)
      for fault in rules.faults where !before.contains(where: { $0.key == fault.key }) {
        guard !faults.contains(where: { $0.key == fault.key }) else { continue }
        faults.append(Fault(fault.location, fault.key, "\(fault.message) (with \(variant.summary))"))
      }
    }
  }

  private var rules: [Rule] {
    let schedulers = ["search.halving", "search.asha", "search.median_rule"]
    let combinations = schedulers.dropFirst().map { rule in
      (fields: [rule], check: { () throws(Fault) in try checkCombination(of: rule, in: schedulers) })
    }
    let continuous = read.searched.map { parameter in
      (
        fields: [parameter.field, "search.sampler"],
        check: { () throws(Fault) in try checkSteps(parameter.path, parameter.distribution) }
      )
    }
    return combinations + continuous + [
      (["search.heartbeat", "search.lease", "search.progress_timeout"], checkLease),
      (["search.sampler", "search.lag"], checkLag),
      (["search.stop_after"], checkLimits),
      (schedulers + [format.budgetKey, "search.trials", "search.stop_after"], checkEarlyStopping),
      (["search.confirm"], checkReevaluation),
      (searchedSections + ["search.start", "search.sampler", "search.trials"], checkStart),
      (searchedSections + ["search.require"], checkRequirements),
      (["search.sampler", "search.trials"], checkTrials),
      (searchedSections + ["search.sampler", "search.trials"], checkSpace),
    ]
  }

  /// The sections whose keys may be searched.
  private var searchedSections: [String] {
    Set(read.keys.fields.filter(\.isSearchable).map { String($0.path.prefix { $0 != "." }) }).sorted()
  }

  /// The searched parameters.
  var space: SearchSpace {
    SearchSpace(read.searched, reserved: ResultColumns.leading + ResultColumns.trailing(format.metrics))
  }

  /// The early-stopping rule of the search, with its position; nil if it has none.
  package var earlyStopping: (rule: String, location: SearchFileError.Location)? {
    ["search.halving", "search.asha", "search.median_rule"].lazy.compactMap { rule in
      read.locations[rule].map { (rule, $0) }
    }.first
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
    for field in read.keys.fields {
      if case .dependent(let brought, nil)? = settings[field.path], case .value(let value) = field.fallback {
        settings[field.path] = .dependent(brought, otherwise: .fixed(value))
      }
      guard settings[field.path] == nil else { continue }
      switch field.fallback {
      case .value(let value): settings[field.path] = .fixed(value)
      case .required:
        if !isReported(field.path) { faults.append(missing(field.path, "needs \(field.kind)")) }
      case .described: break
      }
    }
    if settings["name"] == nil { settings["name"] = .fixed(.word(SearchFile.stem(of: name))) }
    format.addDefaults(to: &settings, of: read)
  }

  /// The mistake of a missing key, at the line of its section.
  package func missing(_ path: String, _ need: String) -> Fault {
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

  /// Checks that all trials have the same budget with a rule that stops trials early.
  private func checkEarlyStopping() throws(Fault) {
    guard let (rule, location) = earlyStopping else { return }
    let key = format.budgetKey
    guard case .fixed(.integer(let epochs)) = settings[key] else {
      throw Fault(
        read.locations[key] ?? .file, key,
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
        "must be less than \(format.budgetKey) (\(epochs)); otherwise no trial is stopped")
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
