import Foundation
import Logging

/// Writes log lines to a file: `2026-01-31T09:30:00Z info: worker node7 joined`.
struct FileLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.info
  /// Lives as long as the process; a line is one write, which the system appends as a whole.
  private let descriptor: Int32

  /// Appends to a file, which is made if need be; a log that cannot be written is no reason to stop.
  init(appendingTo path: String) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
  }

  func log(event: LogEvent) {
    let time = Date().formatted(.iso8601)
    let line = Array("\(time) \(event.level): \(event.message)\n".utf8)
    _ = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}
