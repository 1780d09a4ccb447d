import Foundation

/// Standard error: permanent lines, and on a terminal a status line at the bottom that is redrawn.
struct Terminal {
  /// Whether this is a terminal in whose foreground this process runs.
  var isInteractive: Bool { isTerminal && tcgetpgrp(STDERR_FILENO) == getpgrp() }
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var hasLine = false

  /// Prints a permanent line.
  mutating func say(_ line: String) {
    write((hasLine ? "\r\u{1b}[K" : "") + line + "\n")
    hasLine = false
  }

  /// Redraws the status line; does nothing without a terminal.
  mutating func show(_ line: String) {
    guard isInteractive else { return }
    write("\r\u{1b}[K" + line.prefix(width))
    hasLine = true
  }

  /// Erases the status line.
  mutating func clear() {
    if hasLine { write("\r\u{1b}[K") }
    hasLine = false
  }

  private var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 79 }
    return Int(size.ws_col) - 1
  }

  private func write(_ text: String) {
    StandardError.write(text)
  }
}

enum StandardError {
  /// Writes a text; ignores errors, because there is no other place to report them.
  static func write(_ text: String) {
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
  var words: String {
    let total = Int(seconds.rounded())
    return switch seconds {
    case ..<9.95: "\((seconds * 10).rounded() / 10) s"
    case ..<120: "\(total) s"
    case ..<7200: "\(total / 60) min \(total % 60) s"
    default: "\(total / 3600) h \(total % 3600 / 60) min"
    }
  }
}
