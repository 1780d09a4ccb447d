// Rules that concern more than one field.

extension SearchFile {
  /// Adds the defaults to the settings of a file and checks the rules between fields.
  init(_ read: SearchFileReader, _ source: Source) throws(Fault) {
    var settings = try Self.withDefaults(read)
    if settings["name"] == nil { settings["name"] = .fixed(.word(Self.stem(of: source.name))) }
    if settings["dataset.split"] == nil { settings["dataset.split"] = settings["seed"] }
    if settings["train.decay"] == nil, case .fixed(.word(let optimizer)) = settings["train.optimizer"] {
      settings["train.decay"] = .fixed(SearchFile.decay(optimizer: optimizer))
    }
    try Self.checkDataset(read)
    try Self.checkValidation(settings, read)
    try Self.checkLease(settings, read)
    try Self.checkSchedule(read)
    try Self.checkLag(settings, read)
    try Self.checkLimits(settings, read)
    try Self.checkEarlyStopping(settings, read)
    try Self.checkReevaluation(settings, read)
    if read.places["final"] != nil, settings["final.train_on"] == nil {
      settings["final.train_on"] = .fixed(.word("all"))
    }
    try Self.checkFinal(settings, read)
    try Self.checkFinetune(settings, read)
    try Self.checkPrecision(settings, read)
    try Self.checkModel(settings, read)
    try Self.checkStrengths(settings, read)
    let space = SearchSpace(read.searched)
    let draft = SearchFile(
      space: space, settings: settings, notices: [], source: source, places: read.places)
    let (trials, notices) = try Self.trials(draft, read)
    settings["search.trials"] = .fixed(trials)
    self.init(
      space: space, settings: settings, notices: notices, source: source, places: read.places)
  }

  private static func withDefaults(_ read: SearchFileReader) throws(Fault) -> [String: Setting] {
    var settings = read.settings
    for field in Field.table where settings[field.path] == nil {
      switch field.fallback {
      case .value(let value): settings[field.path] = .fixed(value)
      case .required: throw missing(field.path, "needs \(field.kind)", read)
      case .described: break
      }
    }
    return settings
  }

  private static func missing(_ path: String, _ need: String, _ read: SearchFileReader) -> Fault {
    let section = String(path.prefix { $0 != "." })
    return Fault(read.places[section] ?? .file, path, "is missing; \(need)")
  }

  private static func checkDataset(_ read: SearchFileReader) throws(Fault) {
    switch (read.settings["dataset.name"], read.settings["dataset.idx"]) {
    case (nil, nil):
      throw missing(
        "dataset", "needs a name (mnist, fashion-mnist, digits, ...) or idx: FOLDER", read)
    case (.some, .some):
      throw Fault(read.places["dataset.idx"] ?? .file, "dataset", "takes name or idx, not both")
    default: break
    }
  }

  /// Checks that nothing is selected by the test images.
  private static func checkValidation(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    let path = "dataset.validation"
    guard settings[path]?.words.contains("test") == true else { return }
    if let parameter = read.searched.first {
      throw Fault(
        read.places[path] ?? .file, path,
        "'test' is for a single training run; \(parameter.path) is searched, which needs validation images")
    }
    for selector in ["train.patience", "train.keep"] where settings[selector] != nil {
      if settings[selector]?.words == ["last"] { continue }
      throw Fault(
        read.places[selector] ?? .file, selector,
        "selects by validation accuracy, so it cannot be combined with 'dataset.validation: test'")
    }
  }

  private static func checkLease(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard case .fixed(.real(let heartbeat)) = settings["search.heartbeat"],
      case .fixed(.real(let lease)) = settings["search.lease"],
      case .fixed(.real(let progress)) = settings["search.progress_timeout"],
      lease < 2 * heartbeat || progress < 2 * heartbeat
    else { return }
    // Heartbeats also report training steps.
    let (key, value) = lease < 2 * heartbeat ? ("search.lease", lease) : ("search.progress_timeout", progress)
    let place = read.places[key] ?? read.places["search.heartbeat"] ?? .file
    throw Fault(
      place, key,
      "must be at least twice the heartbeat of \(heartbeat.shortText) s, not \(value.shortText) s")
  }

  /// Checks that `lag` is only used with a sampler that learns.
  private static func checkLag(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard let place = read.places["search.lag"], settings["search.sampler"]?.words != ["tpe"] else { return }
    throw Fault(place, "search.lag", "is only valid with 'sampler: tpe'")
  }

  private static func checkLimits(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard let place = read.places["search.stop_after"] else { return }
    let limits = ["search.stop_after.epochs", "search.stop_after.hours"]
    guard limits.allSatisfy({ settings[$0] == nil }) else { return }
    throw Fault(place, "search.stop_after", "needs epochs, hours or both")
  }

  /// Checks that at most one rule stops trials early, and that all trials have the same number of epochs.
  private static func checkEarlyStopping(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    let rules = ["search.halving", "search.asha", "search.median_rule"].filter { read.places[$0] != nil }
    guard let rule = rules.first, let place = read.places[rule] else { return }
    guard rules.count == 1 else {
      throw Fault(read.places[rules[1]] ?? place, rules[1], "cannot be combined with \(rule)")
    }
    if settings["train.patience"] != nil {
      throw Fault(
        read.places["train.patience"] ?? .file, "train.patience",
        "cannot be combined with \(rule), which stops trials itself")
    }
    guard case .fixed(.integer(let epochs)) = settings["train.epochs"] else {
      throw Fault(
        read.places["train.epochs"] ?? .file, "train.epochs",
        "must be fixed with \(rule), which sets the budget of each trial itself")
    }
    guard rule == "search.median_rule" else { return try checkRungs(rule, place, epochs, settings, read) }
    if settings["search.median_rule.after"] == nil {
      throw Fault(place, "search.median_rule.after", "is missing; needs a number of trials")
    }
  }

  private static func checkRungs(
    _ rule: String, _ place: SearchFileError.Place, _ epochs: Int, _ settings: [String: Setting],
    _ read: SearchFileReader
  ) throws(Fault) {
    guard case .fixed(.real(let shortest)) = settings["\(rule).min_epochs"] else {
      throw Fault(place, "\(rule).min_epochs", "is missing; needs a number of epochs")
    }
    guard (shortest < 1 ? shortest : shortest.rounded(.up)) < Double(epochs) else {
      throw Fault(
        read.places["\(rule).min_epochs"] ?? place, "\(rule).min_epochs",
        "must be less than train.epochs (\(epochs)); otherwise no trial is stopped")
    }
    guard case .fixed(.real(let factor)) = settings["\(rule).factor"] else { return }
    if rule == "search.halving" { try checkEnd(place, settings, read) }
    let exact = sequence(first: shortest) { $0 * factor }.prefix(Halving.mostRungs)
    guard exact.contains(where: { $0 >= Double(epochs) }) else {
      throw Fault(
        read.places["\(rule).factor"] ?? place, "\(rule).factor",
        "is too small: more than \(Halving.mostRungs) rungs from \(shortest.shortText) to \(epochs) epochs"
      )
    }
  }

  /// Checks that the number of trials is fixed, because halving ranks all of them.
  private static func checkEnd(
    _ place: SearchFileError.Place, _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard
      settings["search.trials"]?.words.contains(untilStopped) == true
        || read.places["search.stop_after"] != nil
    else { return }
    throw Fault(
      place, "search.halving",
      "needs a fixed number of trials; with '\(untilStopped)' or search.stop_after, use search.asha")
  }

  private static func checkReevaluation(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard let place = read.places["search.confirm"], settings["search.confirm.top"] == nil else { return }
    throw Fault(place, "search.confirm.top", "is missing; needs a whole number of trials")
  }

  /// Checks that nothing selects an epoch if the final training has no validation images.
  private static func checkFinal(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard settings["final.train_on"]?.words == ["all"] else { return }
    if settings["final.test"]?.words == ["false"] {
      throw Fault(
        read.places["final.test"] ?? .file, "final.test",
        "must be true with 'train_on: all', which leaves no validation images")
    }
    let selectors = [
      ("train.patience", settings["train.patience"] != nil),
      ("train.keep: best", settings["train.keep"]?.words.contains("best") == true),
      ("search.objective: best_val_accuracy", settings["search.objective"]?.words == ["best_val_accuracy"]),
    ]
    guard let selector = selectors.first(where: \.1)?.0 else { return }
    throw Fault(
      read.places["final.train_on"] ?? read.places["final"] ?? .file, "final.train_on",
      "'all' leaves no validation images, but \(selector) selects an epoch by them; use 'train_on: train'")
  }

  /// Checks that training reaches its last epoch if the last layer is fitted after it.
  private static func checkFinetune(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard settings["train.patience"] != nil,
      settings["train.finetune"]?.words.contains("least_squares") == true
    else { return }
    throw Fault(
      read.places["train.finetune"] ?? .file, "train.finetune",
      "least_squares comes after the last epoch, which may not be reached with patience")
  }

  /// Checks that bf16 is not used with the common instruction set, which does not have it.
  private static func checkPrecision(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard settings["numerics"]?.words == ["portable"],
      settings["train.precision"]?.words.contains("bf16") == true
    else { return }
    throw Fault(
      read.places["train.precision"] ?? .file, "train.precision",
      "bf16 is not available with 'numerics: portable'")
  }

  /// Checks that a schedule has one form with all its keys.
  private static func checkSchedule(_ read: SearchFileReader) throws(Fault) {
    let section = "train.schedule"
    let forms = (Field.sections[section] ?? []).filter { read.places["\(section).\($0)"] != nil }
    guard let form = forms.first.map({ "\(section).\($0)" }) else { return }
    if forms.count > 1 {
      throw Fault(
        read.places["\(section).\(forms[1])"] ?? .file, section,
        "takes one form, not \(forms.joined(separator: " and "))")
    }
    let keys = Field.sections[form] ?? []
    for key in keys where read.settings["\(form).\(key)"] == nil {
      let path = "\(form).\(key)"
      throw Fault(
        read.places[form] ?? .file, path,
        "is missing; needs \(Field.named(path).map { "\($0.kind)" } ?? "a value")")
    }
  }

  /// Checks that each network has the keys it needs, and no others.
  private static func checkModel(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    let kinds = settings["model.layers"]?.words ?? []
    let section = "model.convolutions"
    if kinds != ["lenet5"], settings["model.hidden"] == nil {
      throw missing("model.hidden", "needs \(Field.named("model.hidden").map { "\($0.kind)" } ?? "")", read)
    }
    guard kinds.contains("cnn") else {
      guard let place = read.places[section] else { return }
      throw Fault(place, section, "is only valid with 'layers: cnn'")
    }
    for key in ["channels", "kernel"] where settings["\(section).\(key)"] == nil {
      throw Fault(
        read.places[section] ?? read.places["model"] ?? .file, "\(section).\(key)",
        "is missing; needs \(Field.named("\(section).\(key)").map { "\($0.kind)" } ?? "")")
    }
    for count in settings["\(section).channels"]?.counts ?? [] {
      guard count > 0 else {
        throw Fault(read.places[section] ?? .file, "\(section).channels", "needs at least one number")
      }
      for key in ["kernel", "stride", "padding", "pool"] {
        let path = "\(section).\(key)"
        for given in settings[path]?.counts ?? [] where given != 1 && given != count {
          throw Fault(
            read.places[path] ?? .file, path,
            "needs one number, or one for each of the \(count) convolutions, not \(given)")
        }
      }
    }
  }

  /// Checks that a list of l2 strengths has one for each layer.
  private static func checkStrengths(
    _ settings: [String: Setting], _ read: SearchFileReader
  ) throws(Fault) {
    guard let strengths = settings["train.l2"]?.counts.first else { return }
    for kind in (settings["model.layers"]?.words ?? []).sorted() {
      let convolutions =
        switch kind {
        case "cnn": settings["model.convolutions.channels"]?.counts ?? []
        case "lenet5": [2]
        default: [0]
        }
      for hidden in settings["model.hidden"]?.counts ?? [2] {
        for layers in convolutions.map({ $0 + hidden + 1 }) where strengths != layers {
          throw Fault(
            read.places["train.l2"] ?? .file, "train.l2",
            "needs one number, or one for each of the \(layers) layers, not \(strengths)")
        }
      }
    }
  }

  /// The number of trials, with notices to the user about it.
  private static func trials(
    _ file: SearchFile, _ read: SearchFileReader
  ) throws(Fault) -> (Value, notices: [String]) {
    var requested: Int?
    if case .fixed(.integer(let number)) = read.settings["search.trials"] { requested = number }
    if file.space.isEmpty {
      if file.isOpenEnded { return (.integer(1), ["search.trials: no parameter is searched; 1 trial runs"]) }
      guard let requested, requested > 1 else { return (.integer(1), []) }
      return (
        .integer(1), ["search.trials: \(requested) requested, but no parameter is searched; 1 trial runs"]
      )
    }
    if file.sampler == .sobol, file.space.parameters.count > SobolSampler.mostParameters {
      throw Fault(
        read.places["search.sampler"] ?? .file, "search.sampler",
        "'sobol' supports at most \(SobolSampler.mostParameters) parameters, not \(file.space.parameters.count)"
      )
    }
    guard file.sampler.walksTheGrid else {
      if file.isOpenEnded { return (.word(untilStopped), []) }
      guard let requested else {
        throw missing(
          "search.trials", "needs a whole number from 1 to \(mostTrials), or '\(untilStopped)'", read)
      }
      guard !file.sampler.learns || requested <= TPESampler.mostTrials else {
        throw Fault(
          read.places["search.trials"] ?? .file, "search.trials",
          "'tpe' supports at most \(TPESampler.mostTrials) trials, not \(requested)")
      }
      return (.integer(requested), [])
    }
    let size = try gridSize(file, read)
    guard let requested else {
      guard size <= UInt64(mostTrials) else {
        throw missing("search.trials", "the grid has \(size) points, but at most \(mostTrials) can run", read)
      }
      let notice = "search.trials: the search ends after the \(size) point\(size == 1 ? "" : "s") of the grid"
      return (.integer(Int(size)), file.isOpenEnded ? [notice] : [])
    }
    guard size < requested else { return (.integer(requested), []) }
    return (
      .integer(Int(size)),
      [
        "search.trials: \(requested) requested, but the grid has \(size) point\(size == 1 ? "; 1 trial runs" : "s; \(size) trials run")"
      ]
    )
  }

  private static func gridSize(
    _ file: SearchFile, _ read: SearchFileReader
  ) throws(Fault) -> UInt64 {
    for parameter in file.space.parameters where parameter.distribution.count == nil {
      throw Fault(
        read.places[parameter.path] ?? .file, parameter.path,
        "is continuous; add 'steps: N', or use 'sampler: random'")
    }
    guard let size = file.space.gridSize, size < .max else {
      throw Fault(
        read.places["search"] ?? .file, "search.sampler",
        "the grid has more than 2^64 points; use 'sampler: random'")
    }
    return size
  }
}

extension Setting {
  /// The words that the field can take: the fixed one or those of a choice.
  var words: Set<String> {
    var values: [Value] = []
    if case .fixed(let value) = self { values = [value] }
    if case .searched(let distribution) = self, case .choice(let choices) = distribution.shape {
      values = choices
    }
    return Set(values.compactMap { if case .word(let word) = $0 { word } else { nil } })
  }

  /// The possible lengths of a list; empty for a single value.
  fileprivate var counts: [Int] {
    let values: [Value] =
      switch self {
      case .fixed(let value): [value]
      case .searched(let distribution):
        if case .choice(let values) = distribution.shape { values } else { [] }
      case .list(let elements): [.integers(Array(repeating: 0, count: elements.count))]
      }
    return values.compactMap { value in
      switch value {
      case .integers(let numbers): numbers.count
      case .reals(let numbers): numbers.count
      case .integer, .real, .word: nil
      }
    }
  }
}
