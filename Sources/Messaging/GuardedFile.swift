import Foundation
import Glibc

/// Reads and writes key files atomically and with restricted permissions at all times.
enum GuardedFile {
  /// Who may read the content.
  enum Secrecy {
    case secret, open

    var mode: mode_t { self == .secret ? 0o600 : 0o644 }
  }

  /// What to do if the file exists.
  enum Existing { case replaced, kept }

  private static let largestFile = 64 * 1024

  // MARK: Reading

  /// The whole content, or nil if the file does not exist. Throws if others can read (secrets) or change the file.
  static func read(_ path: String, _ secrecy: Secrecy) throws(KeyFileError) -> String? {
    // Without O_NONBLOCK, opening a pipe blocks until there is a writer.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    let code = errno
    guard descriptor >= 0 else {
      if code == ENOENT || code == ENOTDIR { return nil }
      throw failure(path, code)
    }
    defer { Glibc.close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .malformed(path, "not a regular file") }
    try check(status, of: path, secrecy)
    return try content(of: descriptor, path)
  }

  private static func content(of descriptor: Int32, _ path: String) throws(KeyFileError) -> String {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      let code = errno
      if count == 0 { return String(decoding: content, as: UTF8.self) }
      if count < 0 {
        if code == EINTR { continue }
        throw failure(path, code)
      }
      content += buffer[..<count]
      guard content.count <= largestFile else { throw .malformed(path, "too large for a key file") }
    }
  }

  /// Owned by this user or root and not accessible to others. Root may make a secret group-readable, as Kubernetes
  /// does when it mounts one for a user other than root.
  private static func check(
    _ status: stat, of path: String, _ secrecy: Secrecy
  ) throws(KeyFileError) {
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreignOwner(path) }
    let isOwnedByRoot = status.st_uid == 0 && (geteuid() != 0 || status.st_gid != 0)
    let readers: mode_t = isOwnedByRoot ? 0o007 : 0o077
    if secrecy == .secret, status.st_mode & (readers | 0o022) != 0 {
      throw .readableByOthers(path)
    }
    if status.st_mode & 0o022 != 0 { throw .writableByOthers(path) }
  }

  // MARK: Writing

  /// Writes the file atomically: readers see the old or the new content, even after a crash. If root had made the
  /// replaced file group-readable, the new file is too.
  static func write(
    _ content: String, to path: String, _ secrecy: Secrecy, existing: Existing
  ) throws(KeyFileError) {
    let draft = "\(path).\(getpid())-\(UInt32.random(in: .min ... .max)).draft"
    defer { unlink(draft) }
    do {
      try writeDraft(Array(content.utf8), to: draft, secrecy.mode)
    } catch .system(_, let words, let code) {
      throw .system(path, words, code: code)
    }
    try share(draft, as: path, secrecy)
    // link fails if the file exists; rename replaces it.
    let result = existing == .kept ? link(draft, path) : rename(draft, path)
    let code = errno
    guard result == 0 else { throw code == EEXIST ? .exists(path) : failure(path, code) }
    try synchronize(folder: parent(of: path))
  }

  private static func writeDraft(
    _ content: [UInt8], to path: String, _ mode: mode_t
  ) throws(KeyFileError) {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure(path, errno) }
    defer { Glibc.close(descriptor) }
    var rest = content[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      let code = errno
      if count < 0 {
        if code == EINTR { continue }
        throw failure(path, code)
      }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw failure(path, errno) }
  }

  /// Makes a file group-readable if root has done so for another file.
  static func share(_ path: String, as other: String, _ secrecy: Secrecy) throws(KeyFileError) {
    var status = stat()
    guard geteuid() == 0, stat(other, &status) == 0, status.st_uid == 0, status.st_gid != 0 else { return }
    let most: mode_t = secrecy == .secret ? 0o640 : 0o644
    guard chown(path, 0, status.st_gid) == 0, chmod(path, status.st_mode & most) == 0 else {
      throw failure(path, errno)
    }
  }

  /// Flushes changed names in the folder to disk (fsync).
  static func synchronize(folder: String) throws(KeyFileError) {
    let folder = folder.isEmpty ? "." : folder
    let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder, errno) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder, errno) }
  }

  // MARK: Folders

  /// Creates a folder that only this user can access, and its parents; throws if it exists and others can change it.
  static func makeFolder(_ path: String) throws(KeyFileError) {
    let parent = parent(of: path)
    if !parent.isEmpty {
      do {
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
      } catch {
        throw .system(parent, "the folder cannot be made")
      }
    }
    let result = mkdir(path, 0o700)
    let code = errno
    guard result == 0 || code == EEXIST else { throw failure(path, code) }
    try checkFolder(path)
  }

  /// The parent folder of a path, empty for the current one. Foundation's own function traps on `k/`.
  private static func parent(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    return (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
  }

  /// Throws if others can change the folder, because they could admit workers. On a read-only file system they
  /// cannot, whatever the modes are; Kubernetes mounts secrets this way.
  static func checkFolder(_ path: String) throws(KeyFileError) {
    var system = statvfs()
    if statvfs(path, &system) == 0, system.f_flag & UInt(ST_RDONLY) != 0 { return }
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path, errno) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .malformed(path, "not a folder") }
    try check(status, of: path, .open)
  }

  static func failure(_ path: String, _ code: Int32) -> KeyFileError {
    .system(path, String(cString: strerror(code)), code: code)
  }
}
