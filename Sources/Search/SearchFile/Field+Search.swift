// The keys of all search files.
extension Field {
  static let general = [
    Field(
      "name", .name(), .described("the file name without its extension"), "The name of the search."),
    Field(
      "seed", .integer(0...Int.max), .value(.integer(0)),
      "The seed of all random numbers in the search."),
  ]

  /// Sections that may be null, which means the same as leaving them out.
  static let optionalSections: Set<String> = [
    "search.stop_after", "search.halving", "search.asha", "search.median_rule", "search.confirm",
  ]

  /// The keys of the section `search`, with those of the objective.
  static func search(objective: [Field]) -> [Field] { trials + objective + earlyStopping + execution }

  private static let trials = [
    Field(
      "search.sampler", .word(Sampler.allCases.map(\.rawValue)), .value(.word("random")),
      "How configurations are sampled."),
    Field(
      "search.trials", .trials(1...SearchFile.mostTrials),
      .described("the whole grid with grid and random-grid, otherwise required"), unit: "trials",
      "The number of trials; until stopped: an open-ended search, which ends by Ctrl-C or stop_after."),
    Field(
      "search.start",
      .entries("a list of configurations, each with the names and values of searched parameters"),
      .described("none"),
      "The configurations of the first trials, by column, such as [{ lr: 0.1, hidden: 212 }]. Parameters that are left out are sampled. Not with a grid sampler."
    ),
    Field(
      "search.require",
      .entries("a list of comparisons of searched parameters, such as [hidden.1 <= hidden.0]"),
      .described("none"),
      "The conditions that every configuration fulfils, by column or key, such as [hidden.1 <= hidden.0, optimizer != sgd or lr < 0.1]. Others are sampled again, and left out of a grid. A comparison with a parameter that has no effect holds."
    ),
    Field(
      "search.seeds", .word(["per_trial", "shared"]), .value(.word("per_trial")),
      "per_trial: each trial has its own initial weights and batch order; shared: all have the same, so that they differ in their settings only."
    ),
    Field(
      "search.stop_after.epochs", .real(.above(0, atMost: 1e12)), .described("not used"), unit: "epochs",
      "No trial starts after the search has trained this many epochs in total; running trials continue to their next rung or their end."
    ).changeable,
    Field(
      "search.stop_after.hours", .real(.above(0, atMost: 100_000)), .described("not used"), unit: "hours",
      "No trial starts after this many hours since the first trial started; running trials continue to their next rung or their end."
    ).changeable,
    Field(
      "search.lag", .integer(0...10_000), .value(.integer(SearchFile.defaultLag)), unit: "trials",
      "The number of most recent trials that tpe ignores because they may still run; set it to at least the number of slots minus one, otherwise slots wait."
    ),
  ]

  private static let earlyStopping = [
    Field(
      "search.halving.min_epochs", .real(.atLeast(0.001, atMost: 100_000)), .described("not used"),
      unit: "epochs",
      "The budget of the first rung, at which trials are first compared and the best promoted; below 1, it is a fraction of the first epoch, in whole steps. Without halving, all trials train to their end."
    ),
    Field(
      "search.halving.factor", .real(.above(1, atMost: 1000)), .value(.real(3)),
      "The reduction factor (eta): each rung promotes the best 1/eta of its trials and multiplies their budget by eta."
    ),
    Field(
      "search.halving.bracket", .integer(2...SearchFile.mostTrials), .described("all"), unit: "trials",
      "The number of trials, consecutively numbered, that are compared with each other."),
    Field(
      "search.asha.min_epochs", .real(.atLeast(0.001, atMost: 100_000)), .described("not used"),
      unit: "epochs",
      "The budget of the first rung, as with halving. ASHA is asynchronous: a free slot promotes a trial that is among the best 1/eta so far, or else starts a new trial. No slot waits; the outcome depends on the order of arrival."
    ),
    Field(
      "search.asha.factor", .real(.above(1, atMost: 1000)), .value(.real(3)),
      "The reduction factor (eta): each rung promotes the best 1/eta of its trials and multiplies their budget by eta."
    ),
    Field(
      "search.median_rule.after", .integer(1...1_000_000), .described("not used"), unit: "trials",
      "Median stopping rule: once this many trials have completed, a trial stops if its best score is worse than the median of their mean scores up to the same epoch. The outcome depends on the order of arrival."
    ),
  ]

  private static let execution = [
    Field(
      "search.confirm.top", .integer(1...1000), .described("not used"), unit: "trials",
      "The number of best trials whose configurations are re-evaluated with new seeds and ranked by the mean score."
    ).changeable,
    Field(
      "search.confirm.seeds", .integer(2...1000), .value(.integer(5)),
      "The number of new seeds per configuration."
    ).changeable,
    Field(
      "search.heartbeat", .real(.atLeast(0.01, atMost: 3600)), .value(.real(5)), unit: "seconds",
      "The interval between the heartbeats of a worker."
    ).changeable,
    Field(
      "search.lease", .real(.atLeast(0.02, atMost: 86400)), .value(.real(30)), unit: "seconds",
      "How long a worker without heartbeats keeps its trials, at least twice the heartbeat; after a restart of the coordinator, at least 30 s."
    ).changeable,
    Field(
      "search.progress_timeout", .real(.atLeast(1, atMost: 1_000_000)), .value(.real(600)), unit: "seconds",
      "How long a trial may run without a training step before it is taken from its worker, which may hang; at least twice the heartbeat."
    ).changeable,
    Field(
      "search.report", .word(["true", "false"]), .value(.word("false")),
      "Whether the search writes report.html at its end: ranking, pictures and settings on one page."
    ).changeable,
  ]
}
