import CZeroMQ
import Glibc

/// The one ZeroMQ context of the process, made with its first socket and never ended: libzmq 4.3.4
/// has teardown races when contexts come and go, and its sockets linger for nobody here.
enum Context {
  private static let ioThreads: Int32 = 2
  private static let socketLimit: Int32 = 8_192

  // Contexts are the one thing in libzmq that threads may share.
  private nonisolated(unsafe) static let handle: UnsafeMutableRawPointer? = {
    guard OpenFiles.raisedLimit >= OpenFiles.least else { return nil }
    seedRoutingIds()
    guard let handle = zmq_ctx_new() else { return nil }
    zmq_ctx_set(handle, ZMQ_IO_THREADS, ioThreads)
    zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, socketLimit)
    return handle
  }()

  /// A new socket of libzmq's type number.
  static func makeSocket(_ type: Int32) throws(MessagingError) -> UnsafeMutableRawPointer {
    guard let handle else { throw .tooManyOpenFiles }
    let socket = zmq_socket(handle, type)
    let code = zmq_errno()
    guard let socket else { throw MessagingError("making a socket", code: code) }
    return socket
  }

  /// libzmq draws the routing ids of peers and the jitter of reconnecting from `rand()`, which it
  /// never seeds; a peer that guesses the next id brings the process down.
  private static func seedRoutingIds() {
    srand(.random(in: .min ... .max))
  }
}

/// The process's limit of open files: libzmq spins without a word when it is reached.
package enum OpenFiles {
  /// With fewer, libzmq ends the process, or nobody could connect.
  static let least = 128

  /// Raises the limit to what the system allows; done with the first socket too.
  package static func raiseLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < limit.rlim_max
    else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// How many files the process may have open when the limit is as high as it can be.
  package static var raisedLimit: Int {
    raiseLimit()
    return limit
  }

  /// How many files the process may have open.
  package static var limit: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}
