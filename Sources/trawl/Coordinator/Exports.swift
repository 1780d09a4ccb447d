import Coordination
import Foundation
import Search
import Storage

/// Writes what people read out of a search into its run directory, whole files at a time.
struct Exports {
  private let directory: RunDirectory
  private let resume: String
  private var lastStatus = Duration.zero
  private var lastTables = Duration.zero
  private var lastCost = Duration.zero
  private var writtenResults = -1
  private var writtenBest: Int?

  private static let interval = Duration.seconds(1)

  /// Files of a search in its directory, which this command goes on with.
  init(_ directory: RunDirectory, resume: String) {
    self.directory = directory
    self.resume = resume
  }

  /// Writes what has changed, not too often, and the tables the less often the longer they take.
  mutating func writeIfDue(
    _ coordinator: Coordinator, _ study: StudyDatabase, at now: Duration
  ) throws {
    guard now - lastStatus >= Self.interval else { return }
    lastStatus = now
    if coordinator.results.count != writtenResults, now - lastTables >= lastCost * 50 {
      lastTables = now
      try writeTables(coordinator, study)
      lastCost = monotonicNow() - now
    }
    try Status(coordinator, isRunning: true, resume: resume).write(to: directory.status)
  }

  /// Writes everything, for the last time.
  mutating func writeAll(_ coordinator: Coordinator, _ study: StudyDatabase) throws {
    try writeTables(coordinator, study)
    try Status(coordinator, isRunning: false, resume: resume).write(to: directory.status)
  }

  private mutating func writeTables(_ coordinator: Coordinator, _ study: StudyDatabase) throws {
    let file = coordinator.file
    let ranked = Ranking.ranked(coordinator.results.values.map(file.result(of:)), by: file.objective)
    try AtomicFile.write(Data(Results.csv(ranked, of: file.space).bytes), to: directory.results)
    try AtomicFile.write(attempts(study), to: directory.attempts)
    try AtomicFile.write(history(study), to: directory.history)
    try writeBest(coordinator)
    writtenResults = coordinator.results.count
  }

  private func attempts(_ study: StudyDatabase) throws -> Data {
    var csv = CSV(columns: [
      "attempt", "trial", "host", "pid", "numerics", "started", "seconds", "inherited", "epochs", "ending",
      "words",
    ])
    for row in try Complaint.asking({ try study.attempts() }) {
      let started = Date(timeIntervalSince1970: row.started)
      csv.append([
        .integer(Int(row.attempt)), .integer(row.trial), .text(row.host), .integer(row.pid),
        .text(row.numerics), .text(started.formatted(.iso8601)),
        seconds(row), .integer(row.inherited),
        .integer(row.epochs), .text(row.ending?.rawValue ?? "running"), .text(row.words),
      ])
    }
    return Data(csv.bytes)
  }

  /// Nobody saw when an attempt ended that went down with its coordinator.
  private func seconds(_ row: AttemptRow) -> CSV.Cell {
    guard let ended = row.ended, row.ending != .interrupted else { return .empty }
    return .real(((ended - row.started) * 1000).rounded() / 1000)
  }

  private func history(_ study: StudyDatabase) throws -> Data {
    var csv = CSV(columns: ["trial", "epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy"])
    try Complaint.asking {
      try study.history { trial, number, epoch in
        csv.append([
          .integer(trial), .integer(number), .real(epoch.trainLoss), .real(epoch.trainAccuracy),
          .real(epoch.valLoss), .real(epoch.valAccuracy),
        ])
      }
    }
    return Data(csv.bytes)
  }

  /// The recipe of the best trial: `trawl train` makes its model from it, bit for bit.
  private mutating func writeBest(_ coordinator: Coordinator) throws {
    guard let best = coordinator.best, best.trial != writtenBest, best.status == .done else { return }
    try System.makeFolder(directory.best)
    let file = coordinator.file
    guard let configuration = file.configuration(values: file.values(trial: best.trial)) else { return }
    let seed = file.seed(trial: best.trial)
    // The network that the trial was ranked by.
    let keep = file.objective == .bestValAccuracy ? "best" : "last"
    try AtomicFile.write(configuration.recipe(seed: seed, keep: keep), to: directory.bestRecipe)
    writtenBest = best.trial
  }
}
