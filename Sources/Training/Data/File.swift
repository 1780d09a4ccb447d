import Glibc

/// An error of the operating system.
struct SystemError: Error, Equatable, CustomStringConvertible {
  let operation: String
  let path: String
  /// The message of the system or of this module, without context.
  let reason: String

  /// The last error of the calling thread (`errno`); create it before any other call.
  init(_ operation: String, _ path: String) {
    let code = errno
    self.init(operation, path, reason: String(cString: strerror(code)))
  }

  init(_ operation: String, _ path: String, reason: String) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  /// One line: "cannot open /data/x: No such file or directory".
  var description: String { "cannot \(operation) \(path): \(reason)" }
}

/// An open file; closed when the last reference is released.
final class File {
  let path: String
  let descriptor: Int32

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// Opens an existing file for reading. Does not block, whatever the file type.
  static func open(_ path: String) throws(SystemError) -> File {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw SystemError("open", path) }
    return File(path: path, descriptor: descriptor)
  }

  static let temporaryPrefix = ".trawl-"

  /// Creates an empty file with a unique name, readable only by its owner.
  static func temporary(in folder: String) throws(SystemError) -> File {
    var template = Array("\(folder)/\(temporaryPrefix)XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError("write into", folder) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    let path = template.withUnsafeBufferPointer { characters in
      String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return File(path: path, descriptor: descriptor)
  }

  /// Creates an empty file without a name; it is deleted with its last reference and last memory map.
  static func unnamed(in folder: String) throws(SystemError) -> File {
    let file = try temporary(in: folder)
    unlink(file.path)
    return file
  }

  /// Size in bytes and modification time in nanoseconds since 1970; regular files only.
  func status() throws(SystemError) -> (size: Int, changed: Int) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("examine", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw SystemError(
        "read", path, reason: isFolder ? "a folder, not a file" : "not a regular file")
    }
    return (Int(status.st_size), status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
  }

  /// Reads the next bytes, at most the buffer's size; returns 0 at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw SystemError("read", path) }
    }
  }

  /// The next bytes, at most as many as given; empty at the end.
  func read(atMost count: Int) throws(SystemError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { buffer.deallocate() }
    return Array(buffer.prefix(try read(into: buffer)))
  }

  /// Whether the file begins with these bytes.
  func starts(with bytes: [UInt8]) throws(SystemError) -> Bool {
    var start = [UInt8](repeating: 0, count: bytes.count)
    let count = pread(descriptor, &start, start.count, 0)
    guard count >= 0 else { throw SystemError("read", path) }
    return count == bytes.count && start == bytes
  }

  /// All bytes up to the current size of the file, or fewer if it ends early.
  func contents() throws(SystemError) -> [UInt8] {
    let size = try status().size
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while bytes.count < size {
      let piece = try read(atMost: min(1 << 20, size - bytes.count))
      if piece.isEmpty { break }
      bytes += piece
    }
    return bytes
  }

  /// Appends all bytes.
  func write(_ bytes: some Collection<UInt8>) throws(SystemError) {
    let done =
      bytes.withContiguousStorageIfAvailable(writeAll)
      ?? Array(bytes).withUnsafeBufferPointer(writeAll)
    guard done else { throw SystemError("write", path) }
  }

  private func writeAll(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(
        descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return false }
      rest = rest.dropFirst(written)
    }
    return true
  }

  /// Flushes written data to disk (fsync).
  func sync() throws(SystemError) {
    guard fsync(descriptor) == 0 else { throw SystemError("write", path) }
  }
}

/// Creates a folder and its missing parents.
func makeFolder(_ path: String) throws(SystemError) {
  if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
  guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
    throw SystemError("make the folder", path)
  }
  try makeFolder(String(path[..<slash]))
  guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
    throw SystemError("make the folder", path)
  }
}

/// The path, which may be relative to the working directory, as an absolute path.
func absolutePath(_ path: String) -> String {
  guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
  defer { free(folder) }
  let rest = path.hasPrefix("./") ? path.dropFirst(2) : path[...]
  return "\(String(cString: folder))/\(rest)"
}

/// Whether a file exists at the path, readable or not.
func exists(_ path: String) -> Bool {
  access(path, F_OK) == 0
}

/// The names in a folder, in no order.
func entries(of folder: String) throws(SystemError) -> [String] {
  guard let entries = opendir(folder) else { throw SystemError("read", folder) }
  defer { closedir(entries) }
  var names: [String] = []
  while let entry = readdir(entries) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names
}

/// Removes temporary files of killed processes from a folder: those last modified an hour or more before this file
/// was created.
func removeAbandonedFiles(in folder: String, before file: File) {
  guard let now = try? file.status().changed, let names = try? entries(of: folder) else { return }
  for name in names where name.hasPrefix(File.temporaryPrefix) {
    let path = "\(folder)/\(name)"
    guard let changed = try? File.open(path).status().changed else { continue }
    if now - changed > 3_600_000_000_000 { unlink(path) }
  }
}

/// Replaces the contents of a file atomically, also across a machine failure.
func replaceFile(at path: String, with bytes: some Collection<UInt8>) throws(SystemError) {
  let file = try File.temporary(in: folder(of: path))
  do throws(SystemError) {
    try file.write(bytes)
    try publish(file, as: path)
  } catch {
    unlink(file.path)
    throw error
  }
}

/// Renames a temporary file to its final name after flushing its contents to disk.
func publish(_ file: File, as path: String) throws(SystemError) {
  fchmod(file.descriptor, 0o644)
  try file.sync()
  guard rename(file.path, path) == 0 else { throw SystemError("write", path) }
  let directory = try File.open(folder(of: path))
  try directory.sync()
}

private func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
