import Charts
import Foundation
import RunFiles
import Search

/// The content of a search's report, before it is laid out as a page.
package struct SearchReport {
  let record: RunRecord
  let pictures: SearchPictures
  let context: Context

  /// Information for the report that is not in the files of the run directory.
  package struct Context: Sendable {
    /// The path of the run directory, as commands name it.
    package var directory: String
    /// The state of the search: `finished`, `running` and so on.
    package var state: String
    /// The version of the program.
    package var version: String
    /// The versions of the libraries of the machine that writes the report, a line for each.
    package var libraries: String
    /// When the report is written.
    package var time: String
    /// A few sentences about the model of the best configuration; nil if there is none.
    package var finalModel: [String]?

    package init(
      directory: String, state: String, version: String, libraries: String, time: String,
      finalModel: [String]? = nil
    ) {
      (self.directory, self.state, self.version) = (directory, state, version)
      (self.libraries, self.time, self.finalModel) = (libraries, time, finalModel)
    }
  }

  package init(_ record: RunRecord, at context: Context) {
    (self.record, self.context) = (record, context)
    pictures = SearchPictures(record)
  }

  var title: String { "\(record.file.name): search report" }

  /// The state of the search, and when and by which version the report was written.
  var subtitle: String { "\(context.state); written \(context.time) by trawl \(context.version)" }

  var finalModel: [String]? { context.finalModel }

  private var best: SearchPictures.Scored? { pictures.scored.first }

  /// The search in a few sentences.
  var summary: [String] {
    [bestSentence, reevaluationSentence, countSentence, executionSentence, importanceSentence].compactMap(
      \.self)
      + pictures.insight.edges.map(\.sentence)
  }

  private var bestSentence: String? {
    guard let best else { return "No trial has a score." }
    let (done, all) = (record.results.count, record.file.trials)
    let count = done < all && !record.file.isOpenEnded ? "\(done) of \(all) trials so far" : "\(done) trials"
    let settings = zip(record.file.space.parameters, best.result.values).compactMap { parameter, value in
      value.map { "\(parameter.column) \($0.shown)" }
    }
    let configuration = settings.isEmpty ? "" : " with \(settings.joined(separator: ", "))"
    guard done > 1 else {
      return "Trial \(best.result.trial)\(configuration) has the \(record.file.goalTitle) "
        + "\(best.score.label(digits: 6))."
    }
    return "The best of \(count) is trial \(best.result.trial)\(configuration): "
      + "\(record.file.goalTitle) \(best.score.label(digits: 6))."
  }

  private var reevaluationSentence: String? {
    guard let first = record.reevaluations.first, let interval = first.interval95 else { return nil }
    let ties = record.reevaluations.count { $0.tie == first.tie } - 1
    let others =
      ties > 0 ? "; \(ties) other trial\(ties == 1 ? " is" : "s are") not significantly worse (5 %)" : ""
    return
      "Trained again with \(first.seeds) new seeds, trial \(first.trial) has a mean \(record.file.metrics.title(of: record.file.metrics.estimated)) of "
      + "\(first.mean.label(digits: 5)) ± \(interval.label(digits: 2)) (95 % interval)\(others)."
  }

  private var countSentence: String? {
    let counts = TrialResult.Status.allCases.compactMap { status in
      let count = record.results.count { $0.status == status }
      return count == 0 ? nil : "\(count) \(status.rawValue)"
    }
    return counts.isEmpty ? nil : "Trials by status: \(counts.joined(separator: ", "))."
  }

  private var executionSentence: String? {
    guard let start = record.attempts.map(\.started).min(),
      let end = record.attempts.map({ $0.started + max(0, $0.seconds ?? 0) }).max()
    else { return nil }
    let workers = Set(record.attempts.map { "\($0.host) \($0.pid)" }).count
    let hosts = Set(record.attempts.map(\.host)).count
    let hours = record.attempts.reduce(0) { $0 + max(0, $1.seconds ?? 0) } / 3600
    return
      "\(record.attempts.count) attempt\(record.attempts.count == 1 ? "" : "s") ran on \(workers) worker process\(workers == 1 ? "" : "es") of "
      + "\(hosts) host\(hosts == 1 ? "" : "s") in \((end - start).inTime), \(hours.label(digits: 3)) slot hours in all."
  }

  private var importanceSentence: String? {
    guard let importance = pictures.insight.importance, importance.isReliable else { return nil }
    let shares = zip(pictures.insight.parameters, importance.shares).sorted { $0.1 > $1.1 }.prefix(3)
    let names = shares.map { "\($0.column) \($1.inPercent)" }
    let when = pictures.insight.epochs.map { " after \($0.inEpochs)" } ?? ""
    return "Shares of the parameters in the variance of the objective\(when) (fANOVA, R² "
      + "\(importance.rSquared.label(digits: 2)) out of bag): \(names.joined(separator: ", "))."
  }

  /// The ranking, best first.
  var ranking: ReportTable {
    let hasSeeds = !record.reevaluations.isEmpty
    let again = Dictionary(record.reevaluations.map { ($0.trial, $0) }) { first, _ in first }
    let parameters = record.file.space.parameters
    let schema = record.file.metrics
    let columns =
      [ReportTable.Column("rank", isNumber: true), .init("trial", isNumber: true)]
      + (hasSeeds ? [.init("mean with new seeds", isNumber: true), .init("tie group", isNumber: true)] : [])
      + schema.ranked.map { .init(schema.title(of: $0), isNumber: true) }
      + [.init("epochs", isNumber: true), .init("status")]
      + zip(parameters, pictures.axes).map { .init($0.column, isNumber: $1.isOrdered) }
    let rows = record.results.prefix(ReportTable.mostRows).enumerated().map { index, result in
      let numbers = schema.ranked.map { result.metrics?[$0]?.label(digits: 5) ?? "" }
      let mean = again[result.trial].map { row in
        row.mean.label(digits: 5) + (row.interval95.map { " ± \($0.label(digits: 2))" } ?? "")
      }
      let seeds = hasSeeds ? [mean ?? "", again[result.trial]?.tie.map(String.init) ?? ""] : []
      return ReportTable.Row(
        ["\(index + 1)", "\(result.trial)"] + seeds + numbers + [
          result.epochs.label(), result.status.rawValue,
        ]
          + result.values.map { $0?.shown ?? "" }, isFailure: result.objective == nil)
    }
    let more = record.results.count - rows.count
    return ReportTable(
      columns: columns, rows: rows,
      note: more > 0
        ? "The first \(rows.count) of \(record.results.count) trials; all are in results.csv." : nil)
  }

  /// The values of the best trial.
  var bestTable: ReportTable? {
    guard let best, !record.file.space.isEmpty else { return nil }
    let rows = zip(record.file.space.parameters, best.result.values).map { parameter, value in
      ReportTable.Row([parameter.path, value.map { "\($0)" } ?? "no effect", parameter.distribution.summary])
    }
    return ReportTable(columns: [.init("parameter"), .init("value"), .init("searched in")], rows: rows)
  }

  /// The commands that train and test the best configuration.
  var commands: [String] {
    guard best != nil else { return [] }
    guard context.finalModel == nil else {
      return ["trawl test \("\(context.directory)/best/model.safetensors".asShellWord)"]
    }
    let model = "models/\(record.file.name)"
    return [
      "trawl train \("\(context.directory)/best/recipe.yaml".asShellWord) --output \(model.asShellWord)",
      "trawl test \("\(model)/model.safetensors".asShellWord)",
      "trawl plot \(model.asShellWord)",
    ]
  }

  /// The hosts of the attempts.
  var environment: ReportTable? {
    guard !record.attempts.isEmpty else { return nil }
    let hosts = Dictionary(grouping: record.attempts) { [$0.host, $0.numerics] }.sorted {
      ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1])
    }
    let rows = hosts.map { key, attempts in
      ReportTable.Row([
        key[0], key[1], "\(Set(attempts.map(\.pid)).count)", "\(attempts.count)",
        attempts.reduce(0) { $0 + ($1.seconds ?? 0) }.label(digits: 5),
      ])
    }
    return ReportTable(
      columns: [
        .init("host"), .init("instruction set and library"), .init("worker processes", isNumber: true),
        .init("attempts", isNumber: true), .init("seconds", isNumber: true),
      ], rows: rows)
  }

  /// The trials without a score, and the attempts that ended without a result.
  var failures: [(title: String, table: ReportTable)] {
    let attempts = Dictionary(grouping: record.attempts.filter { $0.replicate == 0 }, by: \.trial)
    let trials = pictures.lost.prefix(ReportTable.mostRows).map { trial in
      let last = attempts[trial.trial]?.last { !$0.detail.isEmpty }
      let reason = trial.status == .diverged ? "the loss is not finite after \(trial.epochs.inEpochs)" : ""
      return ReportTable.Row([
        "\(trial.trial)", trial.status.rawValue, "\(attempts[trial.trial]?.count ?? 0)", last?.host ?? "",
        last?.detail ?? reason,
      ])
    }
    let usual: Set = ["finished", "paused", "running"]
    let endings = Dictionary(grouping: record.attempts.filter { !usual.contains($0.ending) }, by: \.ending)
    let counts = endings.sorted { $0.key < $1.key }.map { ending, attempts in
      ReportTable.Row([ending, "\(attempts.count)", attempts.last { !$0.detail.isEmpty }?.detail ?? ""])
    }
    let tables = [
      (
        "Trials without a score",
        ReportTable(
          columns: [
            .init("trial", isNumber: true), .init("status"), .init("attempts", isNumber: true),
            .init("last host"),
            .init("last reason"),
          ], rows: trials)
      ),
      (
        "Attempts that ended without a result",
        ReportTable(
          columns: [.init("ending"), .init("attempts", isNumber: true), .init("last reason")], rows: counts)
      ),
    ]
    return tables.filter { !$0.1.rows.isEmpty }
  }
}

/// Rows of text under column names.
package struct ReportTable: Sendable {
  struct Column: Sendable {
    var name: String
    var isNumber: Bool

    init(_ name: String, isNumber: Bool = false) { (self.name, self.isNumber) = (name, isNumber) }
  }

  struct Row: Sendable {
    var cells: [String]
    /// Whether the row has the colour of failures.
    var isFailure: Bool

    init(_ cells: [String], isFailure: Bool = false) { (self.cells, self.isFailure) = (cells, isFailure) }
  }

  var columns: [Column]
  var rows: [Row]
  /// The note below the table; nil for none.
  var note: String?

  /// The maximum number of rows that are shown.
  static let mostRows = 200
}

extension EdgeWarning {
  /// The warning as a sentence.
  fileprivate var sentence: String {
    let what = holdsBest ? "the best value, \(best)," : "\(count) of the best \(few) values"
    let side = end == .lower ? "lower" : "upper"
    return "\(parameter.column): \(what) \(holdsBest || count == 1 ? "is" : "are") at the \(side) end of "
      + "\(parameter.distribution.summary); a wider range may hold better ones."
  }
}

extension Value {
  /// With five significant digits at most.
  fileprivate var shown: String {
    if case .real(let number) = self { number.label(digits: 5) } else { "\(self)" }
  }
}

extension Double {
  /// A duration in seconds: `12 s`, `3 min 20 s`, `5 h 10 min`.
  fileprivate var inTime: String {
    let total = Int(min(max(rounded(), 0), 1e9))
    return switch total {
    case ..<120: "\(total) s"
    case ..<7200: "\(total / 60) min \(total % 60) s"
    default: "\(total / 3600) h \(total % 3600 / 60) min"
    }
  }
}
