import Foundation

/// Replaces a file atomically: readers see the old or the new content.
package enum AtomicFile {
  /// The permissions and durability of a file.
  package enum Kind {
    /// At a path that the user chose: readable by all, not synced. Links, devices and pipes are written to.
    case output
    /// A file of a run directory, like `output`, but what is there is replaced, unless it is a folder.
    case runFile
    /// Readable only by its user, synced to disk.
    case privateDurable
  }

  package static func write(_ data: Data, to path: String, as kind: Kind = .output) throws {
    let path = kind == .output ? realPath(path) : path
    if kind == .output, isSpecial(path) { return try writeInPlace(data, to: path) }
    let temporary = "\(path).\(getpid()).tmp"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let descriptor = open(temporary, flags, kind == .privateDurable ? 0o600 : 0o644)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(path)") }
    do {
      defer { close(descriptor) }
      try writeAll(data, to: descriptor, path)
      guard kind != .privateDurable || fsync(descriptor) == 0 else {
        throw UserError.system("cannot write \(path)")
      }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = UserError.system("cannot write \(path)")
      unlink(temporary)
      throw error
    }
  }

  /// The target of a symbolic link; the path itself if it is not a link.
  private static func realPath(_ path: String) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let resolved = realpath(path, nil)
    else {
      return path
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Whether it exists and is neither a file nor a folder.
  private static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  private static func writeInPlace(_ data: Data, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw UserError.system("cannot write \(path)") }
    defer { close(descriptor) }
    try writeAll(data, to: descriptor, path)
  }

  package static func write(_ text: String, to path: String, as kind: Kind = .output) throws {
    try write(Data(text.utf8), to: path, as: kind)
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
