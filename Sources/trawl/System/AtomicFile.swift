import Foundation

/// Replaces a file as a whole: readers see the old or the new one, never a part. Not for what must outlive a power failure.
enum AtomicFile {
  static func write(_ data: Data, to path: String) throws {
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Complaint(System.words("cannot write \(path)")) }
    do {
      defer { close(descriptor) }
      try writeAll(data, to: descriptor, path)
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      throw Complaint(System.words("cannot write \(path)"))
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
        guard count > 0 else { throw Complaint(System.words("cannot write \(path)")) }
        offset += count
      }
    }
  }
}
