import Foundation
import Synchronization

/// A process of the `trawl` that was built with these tests. Its output goes into files, so that it never blocks on a
/// full pipe.
final class Program {
  /// The exit status or signal of a process.
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// The exit status and output of an ended process.
  struct Ending {
    let end: End
    let output: String
    let errors: String

    /// The lines on standard error.
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  let pid: pid_t
  private let words: String
  private let outputPath: String
  private let errorPath: String
  private var end: End?

  private static let count = Atomic<Int>(0)

  /// The folder of the tests' executable, which also contains the product.
  static let folder: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let candidates = [own, CommandLine.arguments[0]].map {
      URL(fileURLWithPath: $0).deletingLastPathComponent().path
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: "\($0)/trawl") } ?? candidates[0]
  }()

  /// Starts a program found in `PATH`, to which the product's folder is added. `folder` is its working directory and
  /// receives its output.
  init(_ words: [String], in folder: String, environment: [String: String]) throws {
    let number = Self.count.add(1, ordering: .relaxed).newValue
    outputPath = "\(folder)/.output-\(number)"
    errorPath = "\(folder)/.errors-\(number)"
    self.words = words.joined(separator: " ")
    let launch = Launch(words: words, folder: folder, environment: environment)
    pid = try launch.spawn(output: outputPath, errors: errorPath)
  }

  deinit {
    guard !hasEnded else { return }
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
  }

  func send(_ signal: Int32) {
    if !hasEnded { kill(pid, signal) }
  }

  /// The standard error so far.
  var errors: String { text(errorPath) }

  var hasEnded: Bool {
    if end != nil { return true }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return false }
    let signal = status & 0x7f
    end = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    return true
  }

  /// Waits for the process to end; throws if it does not end in time.
  func ending(within limit: Duration = patience) async throws -> Ending {
    try await eventually("'\(words)' has ended; it said: \(errors)", within: limit) { hasEnded }
    guard let end else { preconditionFailure("\(words) has ended without a status") }
    return Ending(end: end, output: text(outputPath), errors: errors)
  }

  /// The child processes, in the order of their IDs.
  var children: [pid_t] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    return tasks.flatMap { text("/proc/\(pid)/task/\($0)/children").split(separator: " ") }
      .compactMap { pid_t($0) }.sorted()
  }

  /// The peak memory use so far, in bytes.
  var peakMemory: Int? {
    let line = text("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }

  private func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
}

/// Whether a process exists and is not a zombie.
func isAlive(_ pid: pid_t) -> Bool {
  let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") ?? Data()
  // pid (name) state ...: the name may contain any character, even parentheses.
  let state = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
  return state != nil && state != "Z" && state != "X"
}

/// The arguments of posix_spawn.
private struct Launch {
  let words: [String]
  let folder: String
  let environment: [String: String]

  func spawn(output: String, errors: String) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let mode: mode_t = 0o600
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, mode)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, flags, mode)
    var attributes = posix_spawnattr_t()
    prepare(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var environment = environment
    environment["PATH"] = "\(Program.folder):\(environment["PATH"] ?? "/usr/bin:/bin")"
    // The shell execs the program, which thus gets its process ID. (Foundation's Process regards a program as running
    // as long as its children run.)
    let words = ["sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + words
    var pid: pid_t = 0
    let code = withStrings(words) { arguments in
      withStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
        posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, variables)
      }
    }
    guard code == 0 else { throw Failure("cannot start a shell: \(String(cString: strerror(code)))") }
    return pid
  }

  /// Default signal handling and a separate process group, as from a shell in a terminal.
  private func prepare(_ attributes: inout posix_spawnattr_t) {
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigemptyset(&all)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&all, signal) }
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
  }

  private func withStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
  }
}
