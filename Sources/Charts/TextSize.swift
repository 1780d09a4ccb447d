/// The size of text, estimated with the widest of the usual sans-serif fonts (DejaVu Sans).
package enum TextSize {
  /// The height of text, in user units.
  package static let normal = 12.0
  package static let title = 16.0
  /// From one baseline to the next.
  static let lineHeight = 16.0

  /// The width of one line, in user units.
  package static func width(_ text: String, size: Double = normal) -> Double {
    text.unicodeScalars.reduce(0) { $0 + width($1) } * size
  }

  /// The width of a character as a fraction of the font size.
  private static func width(_ scalar: Unicode.Scalar) -> Double {
    switch scalar {
    case "i", "j", "l", "'", "|", ".", ",", ":", ";", " ", "!": 0.34
    case "f", "t", "r", "(", ")", "[", "]", "/", "-", "I", "\\": 0.42
    case "m", "w", "M", "W", "@", "%": 0.98
    case "A"..."Z": 0.74
    case "\u{0}"..."\u{2FF}": 0.64
    case "\u{370}"..."\u{7FF}": 0.72
    default: 1.05
    }
  }

  /// The text as lines that fit a width. A line ends after a space or one of `.-_/,` if it has one, otherwise between
  /// any two characters.
  static func wrapped(_ text: String, to width: Double, size: Double = normal) -> [String] {
    var lines: [String] = []
    var line = ""
    var breakPlace: String.Index?
    for character in text {
      line.append(character)
      if self.width(line, size: size) > width, line.count > 1 {
        let position = breakPlace ?? line.index(before: line.endIndex)
        lines.append(String(line[..<position]).trimmed)
        line = String(line[position...])
        breakPlace = nil
      }
      if " .-_/,".contains(character), line.count > 1 { breakPlace = line.endIndex }
    }
    return lines + [line.trimmed]
  }

  /// The text, its end replaced by an ellipsis if it is wider than this.
  static func shortened(_ text: String, to width: Double, size: Double = normal) -> String {
    // Sums of the same numbers in another order differ in their last digits.
    let width = width + 1e-6
    var kept = ""
    var (room, end) = (self.width("…", size: size), 0)
    for character in text {
      room += self.width(String(character), size: size)
      if room <= width || kept.isEmpty { end += 1 }
      kept.append(character)
      guard room - self.width("…", size: size) <= width else { return kept.prefix(max(1, end)) + "…" }
    }
    return text
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    while text.first == " " { text.removeFirst() }
    return String(text)
  }
}
