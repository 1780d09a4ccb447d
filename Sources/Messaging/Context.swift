import CZeroMQ
import Glibc

/// The only ZeroMQ context of the process, created with the first socket and never terminated: libzmq 4.3.4 has
/// teardown races when contexts are created and destroyed, and no socket lingers.
enum Context {
  private static let ioThreads: Int32 = 2
  private static let socketLimit: Int32 = 8_192

  // Contexts are the only libzmq objects that threads may share.
  private nonisolated(unsafe) static let handle: UnsafeMutableRawPointer? = {
    guard OpenFiles.raisedLimit >= OpenFiles.least else { return nil }
    seedRoutingIds()
    guard let handle = zmq_ctx_new() else { return nil }
    zmq_ctx_set(handle, ZMQ_IO_THREADS, ioThreads)
    zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, socketLimit)
    return handle
  }()

  /// Creates a socket of the given libzmq type.
  static func makeSocket(_ type: Int32) throws(MessagingError) -> UnsafeMutableRawPointer {
    guard let handle else { throw .tooManyOpenFiles }
    let socket = zmq_socket(handle, type)
    let code = zmq_errno()
    guard let socket else { throw MessagingError("making a socket", code: code) }
    return socket
  }

  /// libzmq takes the routing ids of peers and the reconnect jitter from `rand()`, which it never seeds; a peer that
  /// guesses the next id crashes the process.
  private static func seedRoutingIds() {
    srand(.random(in: .min ... .max))
  }
}

/// The process's limit of open files: libzmq spins silently when it is reached.
package enum OpenFiles {
  /// With fewer files, libzmq aborts or no peer can connect.
  static let least = 128

  /// Raises the soft limit to the hard limit; also called when the first socket is created.
  package static func raiseLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < limit.rlim_max
    else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// The hard limit of open files.
  package static var raisedLimit: Int {
    raiseLimit()
    return limit
  }

  /// The current limit of open files.
  package static var limit: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
