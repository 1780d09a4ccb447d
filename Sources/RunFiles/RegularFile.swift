import Foundation

/// Reads the files of a run directory. Another program or user may have put something else in their place: opening a
/// named pipe would wait for its writer, and a device may never end.
package enum RegularFile {
  /// The contents of a file.
  ///
  /// Throws if it is not a regular file (links are followed), is larger than the limit in bytes, or cannot be read.
  package static func contents(of path: String, limit: Int = .max) throws(RunFileError) -> Data {
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw RunFileError("\(path): \(errno == ENOENT ? "no such file" : String(cString: strerror(errno)))")
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw RunFileError("\(path) is not a regular file")
    }
    guard status.st_size <= limit else { throw RunFileError("\(path) is larger than \(limit) bytes") }
    do { return try file.readToEnd() ?? Data() } catch { throw RunFileError("\(path): cannot be read") }
  }
}
