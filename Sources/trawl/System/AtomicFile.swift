import Foundation

/// Replaces a file atomically: readers see the old or the new content.
enum AtomicFile {
  /// The permissions and durability of a file.
  enum Kind {
    /// Readable by all, not synced.
    case output
    /// Readable only by its user, synced to disk.
    case privateDurable
  }

  static func write(_ data: Data, to path: String, as kind: Kind = .output) throws {
    let temporary = "\(path).\(getpid()).tmp"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let descriptor = open(temporary, flags, kind == .output ? 0o644 : 0o600)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(path)") }
    do {
      defer { close(descriptor) }
      try writeAll(data, to: descriptor, path)
      guard kind == .output || fsync(descriptor) == 0 else {
        throw UserError.system("cannot write \(path)")
      }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      throw UserError.system("cannot write \(path)")
    }
  }

  static func write(_ text: String, to path: String) throws {
    try write(Data(text.utf8), to: path)
  }

  private static func writeAll(_ data: Data, to descriptor: Int32, _ path: String) throws {
    try data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw UserError.system("cannot write \(path)") }
        offset += count
      }
    }
  }
}
