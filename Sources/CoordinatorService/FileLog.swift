import Foundation
import Logging
import Platform
import Synchronization

/// Writes log lines to a file: `2026-01-31T09:30:00Z info: worker node7 joined`.
struct FileLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.info
  private let file: LogFile

  /// Appends to a file, which is created if needed. Write errors are ignored.
  init(appendingTo path: String, sizeLimit: Int = 32 << 20) {
    file = LogFile(path, sizeLimit: sizeLimit)
  }

  func log(event: LogEvent) {
    let time = Date().formatted(.iso8601)
    let line =
      LogFormat.isJSON
      ? LogFormat.json("\(event.message)", level: "\(event.level)")
      : "\(time) \(event.level): \(event.message)"
    file.append(Array("\(line)\n".utf8))
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
}

/// A file that is renamed to `PATH.1`, replacing an earlier one, when it reaches its size limit.
final class LogFile: Sendable {
  private let path: String
  private let sizeLimit: Int
  private let state: Mutex<(descriptor: Int32, size: Int)>

  init(_ path: String, sizeLimit: Int) {
    self.path = path
    self.sizeLimit = sizeLimit
    state = Mutex(Self.end(of: Self.open(path)))
  }

  /// A descriptor for appending; does not wait for a reader if the file is a pipe. Negative if it cannot be opened.
  static func open(_ path: String) -> Int32 {
    Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0o644)
  }

  /// Whether something other than a regular file is at the path.
  static func isBlocked(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
  }

  private static func end(of descriptor: Int32) -> (Int32, Int) {
    (descriptor, max(0, Int(lseek(descriptor, 0, SEEK_END))))
  }

  /// Appends a line with one write, which is atomic.
  func append(_ line: [UInt8]) {
    state.withLock { state in
      if state.size + line.count > sizeLimit, state.size > 0, rename(path, "\(path).1") == 0 {
        close(state.descriptor)
        state = Self.end(of: Self.open(path))
      }
      _ = line.withUnsafeBytes { write(state.descriptor, $0.baseAddress, $0.count) }
      state.size += line.count
    }
  }
}
