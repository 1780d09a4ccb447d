import Foundation

/// A temporary folder for a test, deleted with it.
final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "trawl-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
