import CZeroMQ
import Glibc

/// Pauses a listening TCP socket, which libzmq itself cannot: at the limit of open files it would try to accept without
/// end.
enum ListeningSocket {
  private static let attachFilter: Int32 = 26  // SO_ATTACH_FILTER
  private static let detachFilter: Int32 = 27  // SO_DETACH_FILTER

  /// Has the system drop all that arrives at the socket, or lets it in again; open connections go on. False if it refuses.
  static func setDeaf(_ listener: Int32, _ isDeaf: Bool) -> Bool {
    // One instruction: return 0, of a packet keep nothing.
    var drop = sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0)
    return withUnsafeMutablePointer(to: &drop) { drop in
      var program = sock_fprog(len: 1, filter: drop)
      return setsockopt(
        listener, SOL_SOCKET, isDeaf ? attachFilter : detachFilter, &program,
        socklen_t(MemoryLayout<sock_fprog>.size)) == 0
    }
  }
}
