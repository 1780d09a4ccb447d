import ArgumentParser
import Foundation
import Platform
import RunFiles
import Search
import Synchronization
import Trials

/// `trawl bench search`
struct BenchSearchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract:
      "Replay search strategies on recorded learning curves and print their cost in epochs.",
    discussion: """
      RUN is the directory of a search without halving, with the learning curves of all its trials. Each strategy is \
      replayed on them with many seeds; nothing is trained. The cost is the number of epochs until a configuration is fully \
      trained whose accuracy is within the tolerance of the best of all. When a replayed search ends before that, its \
      stopped trials are trained to their end, best ranked first. After 'trawl bench first-epoch', strategies with rungs \
      within the first epoch are replayed too. See the article Evidence.
      """)

  @Argument(help: .init("Run directories.", valueName: "run"), completion: .directory)
  var directories: [String]

  @Flag(help: "Combine the runs, which may differ only in their seeds, into one.")
  var pool = false

  @Option(help: "The number of seeds.")
  var seeds = 50

  @Option(help: "The difference from the best accuracy that counts as success.")
  var tolerance = 0.0005

  @Option(help: "Replay on N configurations, sampled for each seed, instead of all.")
  var configurations: Int?

  @Option(help: "The number of trials that train at the same time.")
  var slots = 1

  @Flag(help: "Print the times of halving and ASHA on several slots instead.")
  var makespan = false

  @Option(help: "The output format.")
  var format = TableFormat.table

  func validate() throws {
    if directories.isEmpty { throw ValidationError("name at least one run directory") }
    if !(2...100_000).contains(seeds) { throw ValidationError("--seeds must be a number from 2 to 100000") }
    if !(0...1).contains(tolerance) { throw ValidationError("--tolerance must be a number from 0 to 1") }
    if !(1...10_000).contains(slots) { throw ValidationError("--slots must be a number from 1 to 10000") }
    if let configurations, configurations < 2 {
      throw ValidationError("--configurations must be a number of at least 2")
    }
  }

  func run() throws {
    var runs = try directories.map { try RecordedRun(RunDirectory(path: $0)) }
    if pool { runs = [try RecordedRun(pooling: runs)] }
    for run in runs where configurations ?? 0 > run.curves.curves.count {
      throw UserError("\(run.name) has only \(run.curves.curves.count) configurations")
    }
    let table = makespan ? makespans(of: runs) : costs(of: runs)
    switch format {
    case .table: print(table.text)
    case .csv: print(table.csv, terminator: "")
    case .json: print("{\n  \"results\": \(table.json)\n}")
    }
  }
}

extension BenchSearchCommand {
  private func costs(of runs: [RecordedRun]) -> Table {
    var table = Table(columns: [
      "run", "method", "seeds", "epochs_mean", "ci_low", "ci_high", "q25", "median", "q75", "reached", "work",
      "regret_5", "regret_10",
    ])
    for run in runs {
      let samples = (0..<UInt64(seeds)).map { seed in
        configurations.map { run.curves.sample($0, seed: seed) } ?? run.curves
      }
      for method in ReplayMethod.compared(on: run.curves) {
        let summary = ReplaySummary(replays(method, on: samples), tolerance: tolerance)
        table.rows.append([run.name, method.name, "\(seeds)"] + cells(summary))
      }
    }
    return table
  }

  /// One replay for each seed, in parallel on all cores.
  private func replays(_ method: ReplayMethod, on samples: [LearningCurves]) -> [Replay] {
    let replays = Mutex([Replay?](repeating: nil, count: samples.count))
    DispatchQueue.concurrentPerform(iterations: samples.count) { seed in
      let replay = Replay(method, on: samples[seed], seed: UInt64(seed), slots: slots)
      replays.withLock { $0[seed] = replay }
    }
    return replays.withLock(\.self).compactMap(\.self)
  }

  private func cells(_ summary: ReplaySummary) -> [String] {
    let (mean, margin) = (summary.mean, summary.margin)
    let epochs = [mean, mean - margin, mean + margin] + [0.25, 0.5, 0.75].map(summary.quantile)
    return epochs.map { String(format: "%.1f", $0) } + [
      String(format: "%.2f", summary.reached), String(format: "%.1f", summary.work),
    ] + summary.regrets.map { $0.map { String(format: "%.5f", $0) } ?? "" }
  }

  private func makespans(of runs: [RecordedRun]) -> Table {
    var table = Table(columns: [
      "run", "method", "seeds", "trials", "slots", "work", "bound", "makespan", "ratio_mean", "ratio_max",
    ])
    for run in runs {
      for trials in [27, 50, 256] where trials <= run.curves.curves.count {
        for slots in [2, 8, 16] {
          for method in ReplayMethod.timed {
            let times = Makespan(
              method, trials: trials, slots: slots, on: run.curves, seeds: 0..<UInt64(seeds))
            let numbers = [times.epochsTrained.mean, times.bounds.mean, times.times.mean].map {
              String(format: "%.1f", $0)
            }
            let ratios = [times.ratios.mean, times.ratios.max() ?? 0].map { String(format: "%.2f", $0) }
            table.rows.append(
              [run.name, method.name, "\(seeds)", "\(trials)", "\(slots)"] + numbers + ratios)
          }
        }
      }
    }
    return table
  }
}

/// The learning curves of a finished search.
private struct RecordedRun {
  let name: String
  let curves: LearningCurves

  init(_ directory: RunDirectory) throws {
    let file = try directory.fileOfFixedTrials()
    let configuration = file.configuration(values: file.values(trial: 0))
    let stopsEarly = file.comparesTrials || configuration?.has("train.patience") == true
    guard let configuration, !stopsEarly,
      !file.space.parameters.contains(where: { $0.path == "train.epochs" })
    else {
      throw UserError(
        "\(directory.path): needs a search whose trials all train the same number of epochs, without halving or patience"
      )
    }
    guard try Table(file: directory.results).rows.count == file.trials else {
      throw UserError("\(directory.path): the search has not ended; resume it with --resume")
    }
    var curves = (0..<file.trials).map { LearningCurves.Curve(values: file.values(trial: $0)) }
    for (trial, score) in try Self.scores(directory.history) { curves[trial].epochs.append(score) }
    if FileManager.default.fileExists(atPath: directory.firstEpoch) {
      for (trial, score) in try Self.scores(directory.firstEpoch) { curves[trial].beginning.append(score) }
    }
    name = file.name
    self.curves = LearningCurves(
      space: file.space, epochs: configuration.integer("train.epochs"),
      // Methods are compared by accuracies, whatever the search was ranked by.
      goal: file.metrics.goals[0].goal, curves: curves)
  }

  /// Combines the configurations of several runs.
  init(pooling runs: [RecordedRun]) throws {
    let (name, first) = (runs[0].name, runs[0].curves)
    for run in runs
    where run.curves.space != first.space || run.curves.epochs != first.epochs
      || run.curves.partsOfFirstEpoch != first.partsOfFirstEpoch
    {
      throw UserError("\(run.name) and \(name) differ in more than their seeds")
    }
    self.name = name
    curves = LearningCurves(
      space: first.space, epochs: first.epochs, goal: first.goal, curves: runs.flatMap(\.curves.curves))
  }

  private static func scores(_ path: String) throws -> [(trial: Int, score: Metrics)] {
    var table = try Table(file: path)
    if let replicate = table.columns.firstIndex(of: "replicate") {
      table.rows.removeAll { $0[replicate] != "0" }
    }
    let places = ["trial", "val_accuracy", "val_loss"].compactMap(table.columns.firstIndex(of:))
    guard places.count == 3 else { throw UserError("\(path) is damaged: columns are missing") }
    return try table.rows.map { row in
      guard let trial = Int(row[places[0]]), let accuracy = Double(row[places[1]]) else {
        throw UserError("\(path) is damaged: \(row.joined(separator: ","))")
      }
      return (trial, ["val_accuracy": accuracy, "val_loss": Double(row[places[2]]) ?? .nan])
    }
  }
}
