import Foundation

/// A child process in a separate process group, so that the terminal's Ctrl-C does not reach it. Its standard input
/// is a pipe that closes when this process ends.
package struct ChildProcess {
  package let pid: pid_t
  private let leash: Int32

  /// Starts a program with the pipe as its standard input and this process's standard output and error. It inherits no
  /// file that this process opened with O_CLOEXEC, as Trawl opens all files.
  package init(_ path: String, _ arguments: [String]) throws {
    var pipeEnds: [Int32] = [0, 0]
    guard pipe(&pipeEnds) == 0 else { throw UserError.system("cannot make a pipe") }
    // No other thread starts processes, so the descriptors cannot be inherited before this.
    for end in pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(pipeEnds[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipeEnds[0], STDIN_FILENO)
    var attributes = posix_spawnattr_t()
    Self.prepare(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }

    let words: [UnsafeMutablePointer<CChar>?] = (["trawl"] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, path, &actions, &attributes, words, environ)
    guard code == 0 else {
      close(pipeEnds[1])
      throw UserError("cannot start \(path): \(String(cString: strerror(code)))")
    }
    pid = child
    leash = pipeEnds[1]
  }

  private static func prepare(_ attributes: inout posix_spawnattr_t) {
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
  }

  /// The exit status or signal that ended the process.
  package enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// The end of the process; nil while it runs. Do not call again after it has returned an end.
  package func reap() -> End? {
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    close(leash)
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  package func terminate() {
    Glibc.kill(pid, SIGTERM)
  }

  package func kill() {
    Glibc.kill(pid, SIGKILL)
  }
}
