import Foundation

/// System calls and their error messages.
package enum System {
  /// The message for the errno of the last system call.
  package static func errorMessage(_ call: String) -> String {
    "\(call): \(String(cString: strerror(errno)))"
  }

  /// Whether errno says that the system failed, which the user did not cause.
  package static func isSystemError(_ code: Int32) -> Bool {
    [EIO, ENOSPC, EDQUOT, EFBIG, ESTALE, EMFILE, ENFILE, ENOMEM].contains(code)
  }

  /// Opens closed standard streams, so that no other file gets their descriptors. Reads and writes on them fail.
  package static func openStandardStreams() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  package static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The number of processes that the system has killed for lack of memory since boot.
  package static var outOfMemoryKills: Int {
    let counters = (try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8)) ?? ""
    let line = counters.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? 0
  }
}
