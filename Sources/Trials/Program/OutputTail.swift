/// The last bytes of a program's output, and its last line with text.
struct OutputTail {
  private static let mostBytes = 64 << 10

  private var bytes: [UInt8] = []

  mutating func append(_ new: [UInt8]) {
    bytes += new.suffix(Self.mostBytes)
    // Removed in larger pieces, because each removal moves all bytes.
    if bytes.count > 2 * Self.mostBytes { bytes.removeFirst(bytes.count - Self.mostBytes) }
  }

  /// The last line with text, without what a progress bar has overwritten; nil if there is none.
  var lastLine: String? {
    let text = String(decoding: bytes.suffix(Self.mostBytes), as: UTF8.self)
    let lines = text.split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    return lines.last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
  }
}

/// Splits bytes into lines of bounded length.
struct LineSplitter {
  /// A line that is longer is cut.
  static let mostBytes = 1 << 20

  private var pending: [UInt8] = []

  /// The lines that are complete with these bytes.
  mutating func append(_ bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      pending += rest[..<end].prefix(Self.mostBytes - min(pending.count, Self.mostBytes))
      lines.append(String(decoding: pending, as: UTF8.self))
      pending = []
      rest = rest[(end + 1)...]
    }
    pending += rest.prefix(Self.mostBytes - min(pending.count, Self.mostBytes))
    return lines
  }

  /// The rest, which has no line end.
  mutating func end() -> String? {
    defer { pending = [] }
    return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
  }
}
