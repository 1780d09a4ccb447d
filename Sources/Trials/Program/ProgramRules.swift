import Search

/// The rules between the keys of a search file with a program.
struct ProgramRules {
  private let file: SearchFileRules
  private let metrics: MetricSchema

  init(_ file: SearchFileRules, _ metrics: MetricSchema) {
    (self.file, self.metrics) = (file, metrics)
  }

  var all: [SearchFileRules.Rule] {
    [
      (["search.objective"], checkObjective),
      (["params"], checkNames),
      (["program.env"], checkVariables),
      (["program.command", "program.reads_params", "params"], checkCommand),
      (["program.epochs", "search.halving", "search.asha", "search.median_rule"], checkEpochs),
    ]
  }

  private func location(_ path: String) -> SearchFileError.Location { file.read.locations[path] ?? .file }

  private func checkObjective() throws(Fault) {
    let keys = ["search.objective.maximize", "search.objective.minimize"]
    let given = keys.filter { file.read.settings[$0] != nil }
    guard let key = given.first else {
      throw file.missing("search.objective", "needs { maximize: METRIC } or { minimize: METRIC }")
    }
    guard given.count == 1 else {
      throw Fault(location(key), "search.objective", "takes maximize or minimize, not both")
    }
    let name = metrics.estimated
    guard ReportLine.isName(name) else {
      throw Fault(
        location(key), key,
        "needs a name of at most \(MetricSchema.mostNameBytes) bytes without control characters")
    }
    let taken = ResultColumns.leading + ["epochs", "status", "seeds", "tie", ReportLine.epochKey]
    guard !taken.contains(name) else {
      throw Fault(location(key), key, "'\(name)' has another meaning; rename it")
    }
  }

  private var parameters: [String] {
    file.read.keys.fields.map(\.path).filter { $0.hasPrefix("params.") }
  }

  private func checkNames() throws(Fault) {
    for path in parameters {
      let parts = path.split(separator: ".").dropFirst()
      guard !parts.allSatisfy({ isIdentifier($0) }) else { continue }
      throw Fault(
        location(path), path,
        "needs a name of letters, digits, _ and -, which does not start with - or a digit")
    }
  }

  private func checkVariables() throws(Fault) {
    for path in file.read.keys.fields.map(\.path) where path.hasPrefix("program.env.") {
      let name = path.dropFirst("program.env.".count)
      guard isIdentifier(name), !name.contains("-") else {
        throw Fault(
          location(path), path, "needs a name of letters, digits and _, which does not start with a digit")
      }
      guard !name.hasPrefix("TRAWL_") else {
        throw Fault(location(path), path, "names that start with TRAWL_ are set by Trawl")
      }
    }
  }

  private func isIdentifier(_ name: some StringProtocol) -> Bool {
    guard let first = name.utf8.first, first != UInt8(ascii: "-"), !(0x30...0x39).contains(first) else {
      return false
    }
    return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
  }

  /// Checks that the command passes all searched parameters on, and has only known placeholders.
  private func checkCommand() throws(Fault) {
    let key = "program.command"
    guard case .fixed(.list(let values))? = file.settings[key] else { return }
    let words = values.map { "\($0)" }
    let names = parameters.map { String($0.dropFirst("params.".count)) }
    var passed: Set<String> = []
    for word in words {
      let placeholders = CommandTemplate.placeholders(in: word)
      passed.formUnion(placeholders)
      for name in placeholders where !CommandTemplate.names.contains(name) && !names.contains(name) {
        throw Fault(
          location(key), key,
          "${\(name)} is no parameter; known are \((CommandTemplate.names + names).joined(separator: ", "))")
      }
      if placeholders.contains("args"), word != "${args}" {
        throw Fault(location(key), key, "${args} stands for several arguments; make it an item of its own")
      }
    }
    if words[0].contains(" "), !words[0].contains("/") {
      throw Fault(location(key), key, "'\(words[0])' has spaces; write each argument as an item of its own")
    }
    guard file.settings["program.reads_params"]?.words != ["true"],
      passed.isDisjoint(with: ["args", "params"])
    else { return }
    let searched = file.read.searched.map { String($0.path.dropFirst("params.".count)) }
    guard let missing = searched.first(where: { !passed.contains($0) }) else { return }
    throw Fault(
      location(key), key,
      "does not pass the parameter \(missing) on: add \"${args}\", or set program.reads_params: true if the program "
        + "reads the file TRAWL_PARAMS")
  }

  private func checkEpochs() throws(Fault) {
    guard let (rule, location) = file.earlyStopping else { return }
    guard case .fixed(.integer(let epochs))? = file.settings["program.epochs"], epochs > 1 else {
      throw Fault(location, rule, "needs a program that reports more than one epoch; set program.epochs")
    }
    guard case .fixed(.real(let least))? = file.settings["\(rule).min_epochs"], least < 1 else { return }
    throw Fault(
      self.location("\(rule).min_epochs"), "\(rule).min_epochs",
      "must be at least 1: a program reports whole epochs")
  }
}
