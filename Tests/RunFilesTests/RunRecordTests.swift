import Foundation
import Search
import Testing
import Trials

@testable import RunFiles

@Suite struct RunRecordTests {
  /// The conditions of some keys read the key itself, so that another value could not stand in for an empty cell.
  @Test func emptyCellsOfKeysWithoutEffectAreRead() throws {
    let file = try SearchFile.parse(
      """
      dataset: digits
      model: { hidden: [16] }
      train: { epochs: 2, lr: 0.1, schedule: { step: { every: { int: [1, 3] }, gamma: 0.5 } } }
      search: { sampler: grid }
      """, file: "search.yaml")
    let results = (0..<3).map { trial in
      file.result(
        of: TrialEnd(trial: trial, status: .done, epochs: 2, metrics: ["val_accuracy": 0.5, "val_loss": 1]),
        file.values(trial: trial))
    }
    #expect(results.map(\.values) == [[.integer(1)], [nil], [nil]])
    let path = NSTemporaryDirectory() + "results-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(Results.csv(results, of: file).bytes).write(to: URL(filePath: path))
    let read = try RunRecord.results(CSVFile(contentsOf: path), of: file).results
    #expect(read.map(\.values) == results.map(\.values))
  }
}
