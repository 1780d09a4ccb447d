import CProcess
import Foundation
import Platform
import Synchronization

/// The process that starts the programs of one slot, one after the other, and that ends everything they have started:
/// it adopts processes whose parent has ended. When its worker ends, however that happens, it ends the running program
/// and itself.
///
/// It reads requests from standard input and writes answers to standard output, a line each.
package enum ProcessGuard {
  /// The argument of `trawl` with which a process is a guard.
  package static let command = "guard-programs"

  /// The descriptors of pipes to the worker that it passes on.
  enum Descriptor {
    /// The reports of the program, under the same number in the program.
    static let report: Int32 = 3
    /// A byte for each report that the worker has taken, under the same number in the program.
    static let taken: Int32 = 4
    /// The program's standard output.
    static let output: Int32 = 5
    /// The program's standard error.
    static let errors: Int32 = 6

    static let all = report...errors
  }

  /// A request of the worker: one of the two.
  struct Request: Codable {
    /// The program to start.
    var start: Launch?
    /// A signal for the process group of the running program.
    var signal: Int32?
  }

  /// A program to start.
  struct Launch: Codable {
    /// The path of the program.
    var path: String
    /// Its arguments, the first of which is its name.
    var arguments: [String]
    var environment: [String: String]
    /// The working directory.
    var directory: String
    /// The folder to remove if the worker ends first.
    var scratch: String
  }

  /// An answer to the worker: one of the two.
  struct Answer: Codable {
    /// Why the program could not be started.
    var refusal: String?
    /// The status of the ended program as from waitpid. Nothing of it runs any more.
    var ended: Int32?
  }

  private struct Running {
    /// The process of the program, which leads its process group; nil if none runs.
    var leader: pid_t?
    /// The folder of the last program, which its worker removes unless it ends first.
    var scratch: String?
  }

  private static let running = Mutex(Running())

  /// Serves until the worker ends.
  package static func run() -> Never {
    _ = trawl_adopt_orphans()
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { Glibc.signal(signal, SIG_IGN) }
    for descriptor in [STDIN_FILENO, STDOUT_FILENO] + Array(Descriptor.all) {
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
    while let line = readLine() {
      guard let request = try? JSONDecoder().decode(Request.self, from: Data(line.utf8)) else { break }
      if let launch = request.start { start(launch) }
      if let signal = request.signal { send(signal) }
    }
    Descendants.killAll()
    if let scratch = running.withLock(\.scratch) { removeFolder(scratch) }
    _exit(0)
  }

  private static func start(_ launch: Launch) {
    discardConfirmations()
    var leader: pid_t = 0
    let code = launch.spawn(&leader)
    guard code == 0 else {
      return answer(Answer(refusal: "cannot start \(launch.path): \(String(cString: strerror(code)))"))
    }
    running.withLock { $0 = Running(leader: leader, scratch: launch.scratch) }
    let thread = Thread { [leader] in
      let status = reap(leader)
      // Its number may be given to another process from now on.
      running.withLock { $0.leader = nil }
      Descendants.killAll()
      answer(Answer(ended: status))
    }
    thread.start()
  }

  /// Discards what the last program has not read.
  private static func discardConfirmations() {
    var state = pollfd(fd: Descriptor.taken, events: Int16(POLLIN), revents: 0)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while poll(&state, 1, 0) > 0, read(Descriptor.taken, &bytes, bytes.count) > 0 {}
  }

  /// Waits for the program, and for adopted processes that end before it.
  private static func reap(_ leader: pid_t) -> Int32 {
    while true {
      var status: Int32 = 0
      let ended = waitpid(-1, &status, 0)
      if ended == leader { return status }
      if ended < 0, errno != EINTR { return 0 }
    }
  }

  private static func send(_ signal: Int32) {
    running.withLock { running in
      if let leader = running.leader { kill(-leader, signal) }
    }
  }

  private static func answer(_ answer: Answer) {
    guard var line = try? JSONEncoder().encode(answer) else { return }
    line.append(UInt8(ascii: "\n"))
    line.withUnsafeBytes { bytes in _ = write(STDOUT_FILENO, bytes.baseAddress, bytes.count) }
  }
}

extension ProcessGuard.Launch {
  /// Starts the program in a process group of its own.
  ///
  /// - Returns: 0, or the error number.
  fileprivate func spawn(_ pid: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addchdir_np(&actions, directory)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    typealias Descriptor = ProcessGuard.Descriptor
    posix_spawn_file_actions_adddup2(&actions, Descriptor.output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, Descriptor.errors, STDERR_FILENO)
    // The same number: this only keeps it open.
    posix_spawn_file_actions_adddup2(&actions, Descriptor.report, Descriptor.report)
    posix_spawn_file_actions_adddup2(&actions, Descriptor.taken, Descriptor.taken)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    return withStrings(arguments) { arguments in
      withStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&pid, path, &actions, &attributes, arguments, environment)
      }
    }
  }
}

/// Calls the body with a C array of texts.
func withStrings<Result>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
  let copies: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return body(copies)
}
