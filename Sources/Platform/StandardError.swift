import Foundation

/// The standard error of this process, for people or, with `LogFormat.json`, for programs.
package enum StandardError {
  /// Whether it is a terminal that can move the cursor.
  static let isCapable =
    isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(ProcessInfo.processInfo.environment["TERM"] ?? "")

  /// Writes a line, with control characters replaced.
  package static func say(_ line: String) { write(line.asShownText + "\n") }

  /// Writes a text; ignores errors, because there is no other place to report them.
  package static func write(_ text: String) {
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
