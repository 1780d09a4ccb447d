import Search

/// Search files whose trials run a program of the user. Each file has its own keys: those of its parameters.
package final class ProgramFormat: TrialFormat {
  package let metrics: MetricSchema
  package let keys: KeyTable
  package let budgetKey = "program.epochs"
  package let isDeterministic: Bool
  package let failureLimit: Int?
  package let shortForms: [String: String] = [:]
  private let objective: Goal
  /// Whether the file compares trials at rungs, so that none may end before its budget by itself.
  private let hasRungs: Bool

  /// The path, in configurations, of whether a program must report all its epochs.
  static let mustReportAll = "program.must_report_all"

  /// The path, in configurations, of the name of the metric that ranks the trials.
  static let metric = "program.metric"

  /// The format of a file with these keys.
  package init(_ outline: FileOutline) {
    let minimized = outline.text("search.objective.minimize")
    let metric = outline.text("search.objective.maximize") ?? minimized ?? "objective"
    objective = Goal(metric, isMaximized: minimized == nil)
    metrics = MetricSchema(
      [.init(metric, title: metric, range: .finite, isPartial: false)], ranked: [metric], estimated: metric,
      isOpen: true)
    let parameters = outline.paths(in: "params").map { path in
      Field(path, .parameter, .described("none"), "A parameter of the program.").searchable
    }
    let variables = outline.paths(in: "program.env").map { path in
      Field(path, .text, .described("none"), "An environment variable of the program.")
    }
    keys = KeyTable(
      Self.fields + variables + parameters, objective: Self.objective,
      optionalSections: ["params", "program.env"], nestsOwnKeys: true)
    isDeterministic = outline.text("program.deterministic") == "true"
    failureLimit =
      outline.text("program.retries").flatMap { Int($0) }.map { $0 + 1 } ?? Self.defaultRetries + 1
    hasRungs = outline.has("search.halving") || outline.has("search.asha")
  }

  private static let defaultRetries = 1

  /// The keys of all these files, but for the parameters and environment variables.
  package static let fields = [
    Field(
      "program.command", .texts(atMost: 1000), .required,
      "The program and its arguments, one item each; no shell reads them. ${args}: --NAME=VALUE for each parameter; ${NAME}: the value of a parameter; ${params}: the path of a JSON file with all parameters; ${checkpoint}, ${trial}, ${seed}, ${epochs}: see Programs.md. Paths are relative to the folder where the search or the worker was started."
    ),
    Field(
      "program.reads_params", .word(["true", "false"]), .value(.word("false")),
      "Whether the program reads its parameters from the JSON file that TRAWL_PARAMS names, so that its command need not have them."
    ),
    Field(
      "program.booleans", .word(["flag", "value"]), .value(.word("flag")),
      "How ${args} passes true and false: flag: --NAME or nothing; value: --NAME=true or --NAME=false."),
    Field(
      "program.epochs", .integer(1...1_000_000), .value(.integer(1)), unit: "epochs",
      "The full budget of a trial; the program reports each epoch. With 1 it reports once and cannot be stopped early."
    ),
    Field(
      "program.directory", .folder, .described("a new folder for each attempt"),
      "The folder in which the program runs, on each machine."),
    Field(
      "program.timeout", .duration, .described("none"),
      "How long an attempt may run; then its trial has failed."),
    Field(
      "program.retries", .integer(0...100), .value(.integer(defaultRetries)),
      "How often a trial is run again after its program failed, on another worker if there is one. Trials of lost workers are always run again."
    ).changeable,
    Field(
      "program.deterministic", .word(["true", "false"]), .value(.word("false")),
      "Whether the same parameters and seed always give the same metrics. Only then a slow trial may run a second time elsewhere, and the first of both results counts."
    ),
  ]

  package static let objective = [
    Field(
      "search.objective.maximize", .text, .described("maximize or minimize is required"),
      "The metric that ranks the trials, higher values first: that of the last epoch."),
    Field(
      "search.objective.minimize", .text, .described("maximize or minimize is required"),
      "The metric that ranks the trials, lower values first: that of the last epoch."),
  ]

  package func goal(_ settings: [String: Setting]) -> Goal { objective }

  package func addDefaults(to settings: inout [String: Setting], of file: SearchFileReader) {}

  package func rules(_ file: SearchFileRules) -> [SearchFileRules.Rule] { ProgramRules(file, metrics).all }

  package func complete(_ values: inout [String: Value]) {
    values[Self.mustReportAll] = .flag(hasRungs)
    values[Self.metric] = .word(objective.metric)
  }

  package func mayEndEarly(_ file: SearchFile) -> Bool {
    !hasRungs && file.fixed(budgetKey).map { $0 != .integer(1) } ?? true
  }

  package func mayEnd(_ configuration: Configuration, after history: [Metrics]) -> Bool {
    !hasRungs && !history.isEmpty
  }
}

extension SearchFile {
  /// Whether its trials run a program of the user.
  package var runsProgram: Bool { format is ProgramFormat }
}
