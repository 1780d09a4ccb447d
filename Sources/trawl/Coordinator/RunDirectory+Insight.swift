import Coordination
import Foundation
import Search

extension RunDirectory {
  /// What the search teaches; nil, after a word on standard error, where that cannot be told. The ranking holds without it.
  ///
  /// It is read from the files that are replaced as a whole while the search runs: its record is locked then.
  ///
  /// - Parameter results: the table of `results.csv`.
  func insight(into results: Table) -> Insight? {
    do {
      let file = try SearchFileSource.read(searchFile).parse()
      let histories = file.rungs.isEmpty ? [:] : try Table(file: history).histories
      return Insight(file, ranked: results.results(of: file), histories: histories)
    } catch {
      let words = (error as? Complaint)?.words ?? "\(error)"
      StandardError.write("what mattered cannot be told: \(words.asShownText)\n")
      return nil
    }
  }

  /// Tells on standard error what the search teaches, after what was printed before.
  func tellInsight(into results: Table) throws {
    try Trawl.flushOutput()
    for line in insight(into: results)?.lines ?? [] { StandardError.write("\(line)\n") }
  }
}

extension Table {
  /// The rows of `results.csv`.
  fileprivate func results(of file: SearchFile) -> [TrialResult] {
    let parameters = file.space.parameters
    let names = ["trial", "status", "epochs", "val_accuracy", "val_loss"] + parameters.map(\.column)
    return cells(of: names).compactMap { cells in
      let values = zip(parameters, cells[5...]).compactMap { $0.distribution.value(cell: $1) }
      guard let trial = Int(cells[0]), let status = TrialResult.Status(rawValue: cells[1]),
        let epochs = Double(cells[2]), file.space.contains(values)
      else { return nil }
      let end = TrialEnd(
        trial: trial, status: status, epochs: epochs, valAccuracy: Double(cells[3]), valLoss: Double(cells[4])
      )
      return file.result(of: end, values)
    }
  }

  /// The rows of `history.csv`, without those of replicates, by trial.
  fileprivate var histories: [Int: TrialHistory] {
    var histories: [Int: TrialHistory] = [:]
    for cells in cells(of: ["trial", "replicate", "epoch", "val_accuracy", "val_loss"]) {
      guard let trial = Int(cells[0]), cells[1] == "0", let epoch = Double(cells[2]) else { continue }
      let score = EpochScore(valAccuracy: Double(cells[3]) ?? .nan, valLoss: Double(cells[4]) ?? .nan)
      histories[trial, default: TrialHistory()].append(score, after: epoch)
    }
    return histories
  }

  /// Of each row the cells in these columns; no rows where one of them is missing.
  private func cells(of names: [String]) -> [[String]] {
    let places = names.compactMap(columns.firstIndex(of:))
    return places.count == names.count ? rows.map { row in places.map { row[$0] } } : []
  }
}
