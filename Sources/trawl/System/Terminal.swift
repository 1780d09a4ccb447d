import Foundation

/// Standard error: permanent lines, and on a terminal a block of lines at the bottom that is redrawn.
///
/// The cursor rests at the start of the block. So what another process prints, such as a worker in the background of
/// the same terminal, begins on a line of its own and stays; the block continues below it. Width changes need no
/// handling.
struct Terminal {
  /// Whether this is a terminal that can move the cursor, and this process runs in its foreground.
  var isInteractive: Bool {
    StandardError.isCapable && !LogFormat.isJSON && tcgetpgrp(STDERR_FILENO) == getpgrp()
  }
  private var hasBlock = false

  /// Prints a permanent line.
  mutating func say(_ line: String) {
    clear()
    StandardError.say(line)
  }

  /// Redraws the block; does nothing without a terminal. No line may be wider than the terminal.
  mutating func show(_ lines: [String]) {
    guard isInteractive, !lines.isEmpty else { return }
    let up = lines.count > 1 ? "\u{1b}[\(lines.count - 1)A" : ""
    StandardError.write("\r" + lines.joined(separator: "\n") + "\u{1b}[J\(up)\r")
    hasBlock = true
  }

  /// Erases the block.
  mutating func clear() {
    if hasBlock { StandardError.write("\r\u{1b}[J") }
    hasBlock = false
  }

  /// The size and abilities of the terminal. The last column stays empty, because some terminals wrap after it.
  var style: ProgressView.Style {
    let size = Self.size(of: STDERR_FILENO) ?? (80, 24)
    let environment = ProcessInfo.processInfo.environment
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    return ProgressView.Style(
      width: max(1, size.columns - 1), height: size.rows, hasColour: environment["NO_COLOR"] ?? "" == "",
      isUnicode: locale.lowercased().filter { $0 != "-" }.contains("utf8"))
  }

  /// The columns and rows of the terminal at a descriptor; nil if it is none or has no size.
  static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1, size.ws_row > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}

enum StandardError {
  /// Whether it is a terminal that can move the cursor.
  static let isCapable =
    isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(ProcessInfo.processInfo.environment["TERM"] ?? "")

  /// Writes a line, with control characters replaced.
  static func say(_ line: String) { write(line.asShownText + "\n") }

  /// Writes a text; ignores errors, because there is no other place to report them.
  static func write(_ text: String) {
    guard !LogFormat.isJSON else { return writeBytes(LogFormat.jsonLines(text)) }
    // Lines may replace the progress of another process on the same terminal; see `Terminal`.
    writeBytes(isCapable ? text.replacing("\n", with: "\u{1b}[K\n") : text)
  }

  private static func writeBytes(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }

  /// A readable text: `0.4 s`, `12 s`, `3 min 20 s`, `5 h 10 min`.
  var text: String {
    let total = Int(seconds.rounded())
    return switch seconds {
    case ..<9.95: "\((seconds * 10).rounded() / 10) s"
    case ..<120: "\(total) s"
    case ..<7200: "\(total / 60) min \(total % 60) s"
    default: "\(total / 3600) h \(total % 3600 / 60) min"
    }
  }
}
