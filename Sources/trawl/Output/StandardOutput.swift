import Foundation
import Platform

/// The standard output of this process, for results.
enum StandardOutput {
  /// Flushes what was printed. A closed pipe (EPIPE) or descriptor (EBADF) is not an error: there is no reader.
  static func flush() throws {
    guard fflush(nil) != 0, errno != EPIPE, errno != EBADF else { return }
    throw UserError.system("cannot write the output")
  }
}
