import RunFiles
import Search
import Testing

/// A viewer that follows a search.
struct Viewer {
  struct End {
    let attempt: Int
    /// Status, epochs, validation accuracy and loss.
    let cells: [String]
  }

  private var reader: EventReader
  private(set) var batches = 0
  /// How often the file was read from its start.
  private(set) var starts = 0
  private(set) var number = 0
  private(set) var ends: [Replicate: End] = [:]
  /// The metrics of the epochs of each attempt.
  private(set) var curves: [Int: [Int: [String: Double]]] = [:]
  /// The searched values of each trial.
  private(set) var parameters: [Int: [String: SearchStatus.Setting]] = [:]
  private(set) var endings: [Int: String] = [:]
  /// The number of epochs that were trained.
  private(set) var epochCount = 0
  /// The trials whose results were deleted.
  private(set) var reopened: [Int] = []

  init(_ run: Run) { reader = EventReader("\(run.scratch.path)/\(run.name)/events.jsonl") }

  /// Reads the new events. The file may not be there yet.
  mutating func look() throws {
    do {
      while let batch = try reader.next() {
        batches += 1
        if batch.isFromStart {
          starts += 1
          (number, ends, curves) = (0, [:], [:])
          (parameters, endings, reopened, epochCount) = ([:], [:], [], 0)
        }
        for event in batch.events { apply(event) }
      }
    } catch {
      guard error.description.hasSuffix("no such file") else { throw error }
    }
  }

  private mutating func apply(_ event: SearchEvent) {
    #expect(event.number == number + 1)
    number = event.number
    switch event.content {
    case .attemptStarted(let attempt, _, let parameters):
      #expect(ends[attempt.trial] == nil, "a cause comes before its effect")
      endings[attempt.number] = "running"
      self.parameters[attempt.trial.trial] = Dictionary(
        uniqueKeysWithValues: parameters.map { ($0.column, $0.value) })
    case .attemptResumed(let attempt):
      #expect(ends[attempt.trial] == nil, "a cause comes before its effect")
      endings[attempt.number] = "running"
    case .epochsInherited(let attempt, let source, let epochs):
      curves[attempt.number] = curves[source]?.filter { $0.key <= epochs }
      #expect(curves[attempt.number]?.count == epochs)
    case .epochEnded(let attempt, let epoch, _, let metrics):
      #expect(endings[attempt.number] != nil)
      epochCount += 1
      curves[attempt.number, default: [:]][epoch] = Dictionary(
        uniqueKeysWithValues: metrics.map { ($0.name, $0.value) })
    case .attemptEnded(let attempt, let cause, _): endings[attempt.number] = cause
    case .trialEnded(let attempt, let status, let epochs, let metrics):
      let cells = ["val_accuracy", "val_loss"].map { name in
        metrics.first { $0.name == name }?.value.shortText ?? ""
      }
      ends[attempt.trial] = End(
        attempt: attempt.number, cells: [status.rawValue, epochs.shortText] + cells)
    case .trialReopened(let trial):
      ends[trial] = nil
      reopened.append(trial.trial)
    case .workerJoined, .workerExcluded, .rungReached, .checkpointStored, .dataKnown, .trialsComplete: break
    case .other(let type): Issue.record("an event of the type \(type)")
    }
  }

  /// Expects that results.csv, history.csv and attempts.csv show what this viewer derived.
  func expectTables(of run: Run) throws {
    let results = try run.results().map { row in
      ["trial", "status", "epochs", "val_accuracy", "val_loss"].map { row[$0] ?? "" }
    }
    let trials = ends.filter { $0.key.index == 0 }
    #expect(
      Set(results) == Set(trials.map { [$0.key.trial.description] + $0.value.cells })
        && results.count == trials.count)
    for row in try run.results() {
      let searched = row["trial"].flatMap { Int($0) }.flatMap { parameters[$0] }
      for (column, value) in try #require(searched) {
        switch value {
        case .number(let number): #expect(row[column] == number.shortText)
        case .text(let text): #expect(row[column] == text)
        }
      }
    }
    let columns = ["train_loss", "train_accuracy", "val_loss", "val_accuracy"]
    let history = try run.history().map { row in
      (["trial", "replicate", "epoch"] + columns).map { row[$0] ?? "" }
    }
    let rows = ends.flatMap { trial, end in
      (curves[end.attempt] ?? [:]).map { epoch, metrics in
        ["\(trial.trial)", "\(trial.index)", "\(epoch)"] + columns.map { metrics[$0]?.shortText ?? "" }
      }
    }
    #expect(Set(history) == Set(rows) && history.count == rows.count)
    let attempts = try run.attempts().map { "\($0.number) \($0.ending)" }
    #expect(attempts == endings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
  }
}
