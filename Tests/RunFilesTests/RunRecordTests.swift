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
    try Data(ResultTable.csv(results, of: file).bytes).write(to: URL(filePath: path))
    let read = try RunRecord.results(CSVFile(contentsOf: path), of: file).results
    #expect(read.map(\.values) == results.map(\.values))
  }

  @Test func tablesAreReadAsTheyWereWritten() throws {
    let attempts = (1...2).map { number in
      AttemptRecord(
        number: number, trial: 7, replicate: number - 1, host: "a,b", pid: 11, numerics: "avx2",
        started: 1_795_832_131.25, seconds: number == 1 ? nil : 0.125, inherited: 3, epochs: 4,
        ending: "lost", detail: "no \"heartbeat\"")
    }
    var table = AttemptTable()
    for attempt in attempts { table.append(attempt) }
    #expect(try AttemptTable.attempts(#require(CSVFile(table.bytes))) == attempts)
    // As earlier versions wrote it.
    let text = String(decoding: table.bytes, as: UTF8.self).replacing(",detail", with: ",words")
    #expect(try AttemptTable.attempts(#require(CSVFile(Array(text.utf8)))) == attempts)

    let names = ["train_loss", "val_loss", "auc"]
    var history = HistoryTable(metrics: names)
    let part = TrialMeasurement(step: 0.5, ["auc": 0.5, "val_loss": 0.1 + 0.2])
    let whole = TrialMeasurement(step: 1, ["train_loss": 1, "val_loss": 2, "auc": 1e-9])
    history.append(part, of: Replicate(0, of: 3))
    history.append(whole, of: Replicate(0, of: 3))
    history.append(whole, of: Replicate(1, of: 3))
    #expect(String(decoding: history.bytes, as: UTF8.self).contains("\n3,0,0.5,,0.30000000000000004,0.5\n"))
    let metric = MetricSchema.Definition("val_loss", title: "loss", range: .finite, isPartial: true)
    let schema = MetricSchema([metric], ranked: ["val_loss"], estimated: "val_loss", isOpen: true)
    let curves = try HistoryTable.curves(#require(CSVFile(history.bytes)), of: schema)
    #expect(curves.keys.sorted() == [3] && curves[3]?.count == 2)
    #expect(curves[3]?.last?.metrics == ["val_loss": 2, "train_loss": 1, "auc": 1e-9])
    #expect(curves[3]?.first?.metrics == ["val_loss": 0.1 + 0.2, "auc": 0.5], "those of all columns")
  }

  @Test func statusIsReadAsItWasWritten() throws {
    var status = SearchStatus(name: "x", resume: "trawl search --resume x")
    status.workers = [.init(host: "h", pid: 7, slots: 2, running: 1, secondsSinceHeard: 0.5)]
    status.seconds = 0.1 + 0.2
    let path = NSTemporaryDirectory() + "status-\(UUID().uuidString).json"
    defer { unlink(path) }
    #expect(throws: RunFileError.self) { try SearchStatus(contentsOf: path) }
    try status.bytes.write(to: URL(filePath: path))
    #expect(try SearchStatus(contentsOf: path).bytes == status.bytes)
    try Data("{}".utf8).write(to: URL(filePath: path))
    #expect(throws: RunFileError("\(path) is damaged; resuming the search writes it again")) {
      try SearchStatus(contentsOf: path)
    }
  }
}
