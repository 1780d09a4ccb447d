import Foundation

/// Reads the files of a run directory. Another program or user may have put something else in their place: opening a
/// named pipe would wait for its writer, and a device may never end.
package enum RegularFile {
  /// The contents of a file.
  ///
  /// Throws if it is not a regular file (links are followed), is larger than the limit in bytes, or cannot be read.
  package static func contents(of path: String, limit: Int = .max) throws(RunFileError) -> Data {
    let (file, size) = try open(path)
    guard size <= limit else { throw RunFileError("\(path) is larger than \(limit) bytes") }
    do { return try file.readToEnd() ?? Data() } catch { throw RunFileError("\(path): cannot be read") }
  }

  /// At most `count` bytes from an offset on; fewer at the end of the file.
  package static func contents(
    of path: String, from offset: Int, count: Int
  ) throws(RunFileError) -> Data {
    let (file, _) = try open(path)
    do {
      try file.seek(toOffset: UInt64(offset))
      return try file.read(upToCount: count) ?? Data()
    } catch {
      throw RunFileError("\(path): cannot be read")
    }
  }

  private static func open(_ path: String) throws(RunFileError) -> (file: FileHandle, size: Int) {
    let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw RunFileError("\(path): \(errno == ENOENT ? "no such file" : String(cString: strerror(errno)))")
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw RunFileError("\(path) is not a regular file")
    }
    return (file, Int(status.st_size))
  }
}
