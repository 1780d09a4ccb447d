import Foundation
import Platform
import Synchronization
import Training

/// The datasets of this process, each loaded once and shared by all slots.
package final class DatasetStore: TrainingDataSource {
  private struct Entry {
    let selection: DatasetSelection
    let data: TrainingData
    /// The SHA-256 of its dataset; nil before the first request.
    var digest: [UInt8]?
  }

  private let catalog = DatasetCatalog(.ofThisMachine)
  private let entries = Mutex<[Entry]>([])
  private let report: @Sendable (String) -> Void

  /// - Parameter report: called with each line that the user should know about a dataset when it is loaded.
  package init(report: @escaping @Sendable (String) -> Void = { _ in }) {
    self.report = report
  }

  /// The training and validation images of a selection. Loads them at the first call.
  package func data(for selection: DatasetSelection) throws -> TrainingData {
    try withEntry(selection) { $0.data }
  }

  /// The SHA-256 of the whole dataset of a selection.
  package func digest(of selection: DatasetSelection) throws -> [UInt8] {
    try withEntry(selection) { entry in
      if let digest = entry.digest { return digest }
      var hash = entry.data.dataset.hash()
      let digest = hash.bytes()
      entry.digest = digest
      return digest
    }
  }

  /// Removes all datasets, so that the next request loads them again.
  package func forget() {
    entries.withLock { $0 = [] }
  }

  private func withEntry<Answer>(
    _ selection: DatasetSelection, _ body: (inout Entry) -> Answer
  ) throws -> Answer {
    try entries.withLock { entries in
      if let index = entries.firstIndex(where: { $0.selection == selection }) { return body(&entries[index]) }
      let data = try TrainingData(catalog.load(selection.source), selection)
      data.notes.forEach(report)
      // Keep only two: a worker may serve many searches.
      entries = entries.suffix(1) + [Entry(selection: selection, data: data)]
      return body(&entries[entries.count - 1])
    }
  }
}

extension DatasetLocations {
  /// The locations from the environment: TRAWL_DATA_PATH, XDG_CACHE_HOME, HOME.
  package static var ofThisMachine: DatasetLocations {
    let environment = ProcessInfo.processInfo.environment
    let path = environment["TRAWL_DATA_PATH"] ?? ""
    let caches = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let home = System.home
    return DatasetLocations(
      dataPath: path.split(separator: ":").map(String.init),
      cache: (caches ?? home.map { "\($0)/.cache" }).map { "\($0)/trawl" }, home: home)
  }
}
