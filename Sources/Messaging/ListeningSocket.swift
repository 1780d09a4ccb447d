import CZeroMQ
import Glibc

/// Pauses a listening TCP socket. libzmq cannot: at the limit of open files it retries accept endlessly.
enum ListeningSocket {
  private static let attachFilter: Int32 = 26  // SO_ATTACH_FILTER
  private static let detachFilter: Int32 = 27  // SO_DETACH_FILTER

  /// Makes the kernel drop or accept everything that arrives at the socket; open connections are not affected. False
  /// if the system call fails.
  static func setDeaf(_ listener: Int32, _ isDeaf: Bool) -> Bool {
    // One instruction, return 0: keep no byte of a packet.
    var drop = sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0)
    return withUnsafeMutablePointer(to: &drop) { drop in
      var program = sock_fprog(len: 1, filter: drop)
      return setsockopt(
        listener, SOL_SOCKET, isDeaf ? attachFilter : detachFilter, &program,
        socklen_t(MemoryLayout<sock_fprog>.size)) == 0
    }
  }
}
