import Coordination
import Foundation
import Platform
import RunFiles
import Search
import Storage
import Trials

/// Writes the status, tables and best recipe of a search into its run directory. Each file is replaced atomically.
struct Exports {
  private let directory: RunDirectory
  private let resume: String
  /// The start time of this coordinator and the number of trials that had ended then.
  private let begin: Duration
  private let endedBefore: Int
  /// The seconds for which earlier coordinators ran the search.
  private let secondsBefore: Double
  private var lastStatus = Duration.zero
  private var lastTables = Duration.zero
  private var lastCost = Duration.zero
  private var lastStatusCost = Duration.zero
  private var writtenResults = -1
  private var writtenBest: Int?
  /// The best trials of the tables written last, best first.
  private(set) var leaders: [TrialResult] = []

  private static let interval = Duration.milliseconds(250)

  /// - Parameter resume: the command that resumes the search.
  init(_ directory: RunDirectory, of coordinator: Coordinator, resume: String) {
    self.directory = directory
    self.resume = resume
    (begin, endedBefore) = (monotonicNow(), coordinator.results.count)
    secondsBefore = directory.secondsRun
  }

  /// Writes changed files. The interval grows with the time that writing takes.
  mutating func writeIfDue(
    _ coordinator: Coordinator, _ study: StudyDatabase, at now: Duration
  ) throws {
    guard now - lastStatus >= max(Self.interval, lastStatusCost * 50) else { return }
    lastStatus = now
    if coordinator.changeCount != writtenResults, now - lastTables >= lastCost * 50 {
      lastTables = now
      try writeTables(coordinator, study)
      lastCost = monotonicNow() - now
    }
    let begin = monotonicNow()
    try writeStatus(coordinator, isRunning: true)
    lastStatusCost = monotonicNow() - begin
  }

  /// Writes all files at the end.
  mutating func writeAll(_ coordinator: Coordinator, _ study: StudyDatabase) throws {
    try writeTables(coordinator, study)
    try writeStatus(coordinator, isRunning: false)
  }

  private func writeStatus(_ coordinator: Coordinator, isRunning: Bool) throws {
    let ended = coordinator.results.count - endedBefore
    let seconds = (monotonicNow() - begin).seconds
    var status = SearchStatus(coordinator, isRunning: isRunning, resume: resume)
    status.seconds = ((secondsBefore + seconds) * 1000).rounded() / 1000
    if ended > 0, isRunning { status.trialsPerHour = Double(ended) / seconds * 3600 }
    try AtomicFile.write(status.bytes, to: directory.status, as: .runFile)
  }

  private mutating func writeTables(_ coordinator: Coordinator, _ study: StudyDatabase) throws {
    let file = coordinator.file
    let ranked = coordinator.ranking
    try AtomicFile.write(Data(ResultTable.csv(ranked, of: file).bytes), to: directory.results, as: .runFile)
    try AtomicFile.write(attempts(study), to: directory.attempts, as: .runFile)
    try AtomicFile.write(history(study, of: coordinator), to: directory.history, as: .runFile)
    try writeBest(ranked.first, of: file)
    leaders = Array(ranked.prefix(SearchNews.mostLeaders))
    writtenResults = coordinator.changeCount
  }

  private func attempts(_ study: StudyDatabase) throws -> Data {
    var table = AttemptTable()
    for row in try UserError.wrapping({ try study.attempts() }) { table.append(AttemptRecord(row)) }
    return Data(table.bytes)
  }

  private func history(_ study: StudyDatabase, of coordinator: Coordinator) throws -> Data {
    let schema = coordinator.file.metrics
    let names = schema.metrics.map(\.name)
    var others: Set<String> = []
    if schema.isOpen {
      try forEachPoint(in: study, of: coordinator) { others.formUnion($1.metrics.all.map(\.name)) }
    }
    var table = HistoryTable(metrics: names + others.subtracting(names).sorted())
    try forEachPoint(in: study, of: coordinator) { table.append($1, of: $0) }
    return Data(table.bytes)
  }

  /// The diagnostics of the search.
  func insight(_ coordinator: Coordinator, _ study: StudyDatabase) throws -> Insight {
    let file = coordinator.file
    var curves: [Int: [TrialMeasurement]] = [:]
    if !file.rungs.isEmpty {
      try forEachPoint(in: study, of: coordinator) { trial, point in
        if trial.index == 0 { curves[trial.trial, default: []].append(point) }
      }
    }
    return RunRecord(file: file, results: coordinator.ranking, curves: curves).insight
  }

  /// Calls the body with the points of the learning curves, trial by trial.
  private func forEachPoint(
    in study: StudyDatabase, of coordinator: Coordinator, _ body: (Replicate, TrialMeasurement) -> Void
  ) throws {
    let budgets = coordinator.file.rungs
    try UserError.wrapping {
      try study.history { trial, moment in
        guard coordinator.isWanted(trial) else { return }
        let replicate = Replicate(number: trial)
        switch moment {
        case .rung(let rung, let metrics):
          // Rungs at whole epochs are in the epochs' rows.
          guard rung < budgets.count, budgets[rung] < 1 else { return }
          body(replicate, TrialMeasurement(step: budgets[rung], metrics))
        case .epoch(let number, let metrics):
          body(replicate, TrialMeasurement(step: Double(number), metrics))
        }
      }
    }
  }

  /// Writes the recipe of the best trial.
  private mutating func writeBest(_ best: TrialResult?, of file: SearchFile) throws {
    guard let best, best.trial != writtenBest, best.objective != nil,
      let configuration = file.configuration(values: file.completed(best.values))
    else { return }
    try System.makeFolder(directory.best)
    let recipe = file.recipe(of: configuration, seed: file.seed(of: Replicate(number: best.trial)))
    try AtomicFile.write(recipe, to: directory.bestRecipe, as: .runFile)
    writtenBest = best.trial
  }
}

extension AttemptRecord {
  fileprivate init(_ row: AttemptRow) {
    let replicate = Replicate(number: row.trial)
    // The end of an attempt that was interrupted with its coordinator is unknown.
    let ended = row.ending == .interrupted ? nil : row.ended
    self.init(
      number: Int(row.attempt), trial: replicate.trial, replicate: replicate.index, host: row.host,
      pid: row.pid, numerics: row.numerics, started: row.started,
      seconds: ended.map { (($0 - row.started) * 1000).rounded() / 1000 }, inherited: row.inherited,
      epochs: row.epochs, ending: row.ending?.rawValue ?? "running", detail: row.detail)
  }
}
