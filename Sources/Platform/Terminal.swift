import Foundation

/// Standard error: permanent lines, and on a terminal a block of lines at the bottom that is redrawn.
///
/// The cursor rests at the start of the block. So what another process prints, such as a worker in the background of
/// the same terminal, begins on a line of its own and stays; the block continues below it. Width changes need no
/// handling.
package struct Terminal {
  /// Whether this is a terminal that can move the cursor, and this process runs in its foreground.
  package var isInteractive: Bool {
    StandardError.isCapable && !LogFormat.isJSON && tcgetpgrp(STDERR_FILENO) == getpgrp()
  }
  private var hasBlock = false

  /// The look of a terminal.
  package struct Style {
    /// The number of columns and rows.
    package var width: Int
    package var height: Int
    package var hasColour: Bool
    /// Whether it shows characters other than ASCII.
    package var isUnicode: Bool

    package init(width: Int, height: Int, hasColour: Bool = false, isUnicode: Bool = true) {
      (self.width, self.height, self.hasColour, self.isUnicode) = (width, height, hasColour, isUnicode)
    }
  }

  /// A terminal without a block.
  package init() {}

  /// Prints a permanent line.
  package mutating func say(_ line: String) {
    clear()
    StandardError.say(line)
  }

  /// Redraws the block; does nothing without a terminal. No line may be wider than the terminal.
  package mutating func show(_ lines: [String]) {
    guard isInteractive, !lines.isEmpty else { return }
    let up = lines.count > 1 ? "\u{1b}[\(lines.count - 1)A" : ""
    StandardError.write("\r" + lines.joined(separator: "\n") + "\u{1b}[J\(up)\r")
    hasBlock = true
  }

  /// Erases the block.
  package mutating func clear() {
    if hasBlock { StandardError.write("\r\u{1b}[J") }
    hasBlock = false
  }

  /// The size and abilities of the terminal. The last column stays empty, because some terminals wrap after it.
  package var style: Style {
    let size = Self.size(of: STDERR_FILENO) ?? (80, 24)
    let environment = ProcessInfo.processInfo.environment
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    return Style(
      width: max(1, size.columns - 1), height: size.rows, hasColour: environment["NO_COLOR"] ?? "" == "",
      isUnicode: locale.lowercased().filter { $0 != "-" }.contains("utf8"))
  }

  /// The columns and rows of the terminal at a descriptor; nil if it is none or has no size.
  package static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1, size.ws_row > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
