import Foundation

/// Writes `events.jsonl`. Many events are appended with one write; nothing is synced, because the file can be written
/// again from the study.
package final class EventWriter {
  private let path: String
  private let descriptor: Int32
  /// The path of a new file until it replaces the old one.
  private var draft: String?
  /// The number of events in the file.
  package private(set) var count: Int
  /// The size of the file in bytes, up to the end of its last event.
  private var size: Int
  /// Events that wait for the next write.
  private var text = JSONText()
  /// The first error. After it nothing is written; the file is to be replaced.
  package private(set) var error: RunFileError?

  /// This many bytes are written at once.
  private static let piece = 1 << 16
  /// A longer line is taken for damage.
  private static let longestLine = 1 << 20
  /// The time of the last change of the file, by this writer.
  private var changed = timespec()

  /// Continues a file after its last event; an incomplete last line is removed. Nil if there is no such file, or if
  /// its events do not have the numbers from 1 to `count`: then it is to be replaced.
  package init?(continuing path: String, count: Int?) {
    guard let count else { return nil }
    let flags = O_RDWR | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC
    let descriptor = open(path, flags)
    guard descriptor >= 0 else { return nil }
    guard let end = Self.end(of: descriptor), end.number == count, ftruncate(descriptor, off_t(end.size)) == 0
    else {
      close(descriptor)
      return nil
    }
    (self.path, self.descriptor, self.count, size) = (path, descriptor, count, end.size)
    changed = Self.changeTime(of: descriptor)
  }

  /// Begins a file that replaces another one when it is published.
  package init(replacing path: String) throws(RunFileError) {
    let draft = "\(path).\(getpid()).tmp"
    let flags = O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC
    descriptor = open(draft, flags, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
    (self.path, self.draft, count, size) = (path, draft, 0, 0)
  }

  deinit {
    if let draft { unlink(draft) }
    close(descriptor)
  }

  /// Replaces the old file by the new one.
  package func publish() throws(RunFileError) {
    flush()
    if let error { throw error }
    guard let draft else { return }
    guard rename(draft, path) == 0 else { throw Self.failure(path) }
    self.draft = nil
  }

  /// Appends events of the same time, in seconds since 1970. `flush` makes them visible.
  package func append(_ contents: some Sequence<SearchEvent.Content>, at time: Double) {
    let time = UTCTime.text(of: time)
    for content in contents {
      count += 1
      text.add(count, at: time, content)
    }
    if text.bytes.count >= Self.piece { flush() }
  }

  /// Whether the file is where it was written, with the content that was written.
  package var isInPlace: Bool {
    var (there, own) = (stat(), stat())
    return lstat(path, &there) == 0 && fstat(descriptor, &own) == 0 && there.st_ino == own.st_ino
      && there.st_dev == own.st_dev && own.st_size == off_t(size)
      && own.st_mtim.tv_sec == changed.tv_sec && own.st_mtim.tv_nsec == changed.tv_nsec
  }

  private static func changeTime(of descriptor: Int32) -> timespec {
    var status = stat()
    fstat(descriptor, &status)
    return status.st_mtim
  }

  /// Writes the appended events.
  package func flush() {
    defer { text.clear() }
    guard error == nil, !text.bytes.isEmpty else { return }
    text.bytes.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let written = write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else {
          error = Self.failure(path)
          return
        }
        offset += written
      }
    }
    size += text.bytes.count
    changed = Self.changeTime(of: descriptor)
  }

  private static func failure(_ path: String) -> RunFileError {
    RunFileError("cannot write \(path): \(String(cString: strerror(errno)))")
  }

  /// The number of the last event, 0 for none, and the offset of its end; nil if the file is damaged: its lines are not
  /// numbered from 1 on.
  private static func end(of descriptor: Int32) -> (number: Int, size: Int)? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var (number, size) = (0, 0)
    var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: longestLine))
    while true {
      let count = pread(descriptor, &piece, piece.count, off_t(size + bytes.count))
      guard count > 0 else { return count == 0 ? (number, size) : nil }
      bytes += piece[..<count]
      var start = 0
      while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
        number += 1
        let line = bytes[start..<end]
        guard line.starts(with: "{\"number\":\(number),".utf8), line.last == UInt8(ascii: "}") else {
          return nil
        }
        start = end + 1
      }
      size += start
      bytes.removeFirst(start)
      guard bytes.count <= longestLine else { return nil }
    }
  }
}
