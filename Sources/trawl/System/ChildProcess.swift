import Foundation

/// A process that we started, in a process group of its own so that the terminal's Ctrl-C reaches only us, with a pipe as
/// its standard input that closes when we end, however we end.
struct ChildProcess {
  let pid: pid_t
  private let leash: Int32

  /// Starts a program with nothing open but the pipe, our standard output and our standard error.
  init(_ path: String, _ arguments: [String]) throws {
    var pipeEnds: [Int32] = [0, 0]
    guard pipe(&pipeEnds) == 0 else { throw UserError.system("cannot make a pipe") }
    // Nothing else starts processes here, so nobody can inherit them in between.
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

  /// How the process ended.
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// Nil while it runs; to be asked until it has answered once.
  func reap() -> End? {
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    close(leash)
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  func terminate() {
    Glibc.kill(pid, SIGTERM)
  }

  func kill() {
    Glibc.kill(pid, SIGKILL)
  }
}

/// Words for what the system refused.
enum System {
  /// From the errno of the call before.
  static func words(_ call: String) -> String {
    "\(call): \(String(cString: strerror(errno)))"
  }

  /// Makes a folder and those above it; one that is there is fine.
  static func makeFolder(_ path: String) throws {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    var folder = path.hasPrefix("/") ? "" : "."
    for part in parts {
      folder += "/\(part)"
      guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
        let refusal = UserError.system("cannot make the folder \(path)")
        throw UserError("\(refusal.words); choose another with --output", status: refusal.status)
      }
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw UserError("\(path) is not a folder; choose another with --output")
    }
  }

  /// Whoever started this may have closed some: then no other file shall take their place, and what is written there fails.
  static func openStandardStreams() {
    for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// How many processes the system has killed for want of memory since it started.
  static var outOfMemoryKills: Int {
    let counters = (try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8)) ?? ""
    let line = counters.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return line.flatMap { Int($0.dropFirst("oom_kill ".count)) } ?? 0
  }
}
