import ArgumentParser
import Foundation
import Platform
import RunFiles
import Search
import Synchronization
import Training
import Trials

/// `trawl bench first-epoch`
struct BenchFirstEpochCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "first-epoch",
    abstract: "Record scores within the first epoch of each trial, for 'trawl bench search'.",
    discussion: """
      Trains the first epoch of every trial again, on all cores, evaluates the trial after each part of the epoch, and \
      writes first-epoch.csv into the run directory. The score after the last part equals the first line of the trial in \
      history.csv, to the last digit.
      """)

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Option(help: "The number of parts of the epoch; each is a whole number of steps.")
  var parts = 32

  func run() throws {
    guard (2...1000).contains(parts) else { throw UserError("--parts must be a number from 2 to 1000") }
    let run = RunDirectory(path: directory)
    let file = try run.fileOfFixedTrials()
    let store = DatasetStore()
    let beginnings = Mutex([[Metrics]](repeating: [], count: file.trials))
    let problem = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: file.trials) { trial in
      do {
        let scores = try beginning(of: trial, in: file, store)
        beginnings.withLock { $0[trial] = scores }
      } catch {
        problem.withLock { $0 = error }
      }
    }
    if let error = problem.withLock(\.self) { throw UserError(error) }
    try AtomicFile.write(Data(csv(beginnings.withLock(\.self)).bytes), to: run.firstEpoch)
  }

  /// The scores of a trial after each part; fewer parts if it diverges.
  private func beginning(of trial: Int, in file: SearchFile, _ store: DatasetStore) throws -> [Metrics] {
    guard let configuration = file.configuration(values: file.values(trial: trial)) else { return [] }
    let recipe = Recipe(configuration, seed: file.seed(of: Replicate(number: trial)))
    let trainer = try Trainer(recipe, data: store.data(for: recipe.dataset))
    var scores: [Metrics] = []
    for part in 1...parts {
      let step = (trainer.stepsPerEpoch * part + parts - 1) / parts
      guard case .reached(let evaluation) = trainer.train(untilStep: step), evaluation.loss.isFinite else {
        break
      }
      scores.append(["val_loss": evaluation.loss, "val_accuracy": evaluation.accuracy])
    }
    return scores
  }

  private func csv(_ beginnings: [[Metrics]]) -> CSV {
    var csv = CSV(columns: ["trial", "part", "val_loss", "val_accuracy"])
    for (trial, scores) in beginnings.enumerated() {
      for (part, score) in scores.enumerated() {
        csv.append([
          .integer(trial), .integer(part + 1), CSV.Cell(score["val_loss"]), CSV.Cell(score["val_accuracy"]),
        ])
      }
    }
    return csv
  }
}
