import Search

/// Writes JSON objects without spaces, one a line, into a byte buffer.
struct JSONText {
  /// The text so far, in UTF-8.
  private(set) var bytes: [UInt8] = []
  /// Whether the next member is the first of its object.
  private var isFirst = true

  /// Removes the text so far.
  mutating func clear() { bytes.removeAll(keepingCapacity: true) }

  mutating func beginObject() {
    bytes.append(UInt8(ascii: "{"))
    isFirst = true
  }

  /// Begins an object that is a member.
  mutating func beginObject(_ name: StaticString) {
    begin(name)
    beginObject()
  }

  mutating func endObject() {
    bytes.append(UInt8(ascii: "}"))
    isFirst = false
  }

  mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

  mutating func add(_ name: StaticString, _ number: Int) {
    begin(name)
    bytes.append(contentsOf: "\(number)".utf8)
  }

  mutating func add(_ name: StaticString, _ number: Double) {
    begin(name)
    append(number)
  }

  mutating func add(_ name: StaticString, _ isSet: Bool) {
    begin(name)
    bytes.append(contentsOf: (isSet ? "true" : "false").utf8)
  }

  mutating func add(_ name: StaticString, _ text: String) {
    begin(name)
    append(text)
  }

  /// Adds a member whose name is not known at compile time.
  mutating func add(name: String, _ number: Double) {
    begin(name: name)
    append(number)
  }

  /// Adds a member whose name is not known at compile time.
  mutating func add(name: String, _ text: String) {
    begin(name: name)
    append(text)
  }

  private mutating func begin(name: String) {
    separate()
    append(name)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func separate() {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
  }

  /// Begins a member, whose name needs no escapes.
  private mutating func begin(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  /// JSON has no numbers that are not finite: these are null.
  private mutating func append(_ number: Double) {
    bytes.append(contentsOf: (number.isFinite ? number.shortText : "null").utf8)
  }

  private mutating func append(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    let isPlain = text.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != 0x22 && $0 != 0x5c }
    if isPlain {
      bytes.append(contentsOf: text.utf8)
    } else {
      for scalar in text.unicodeScalars { append(scalar) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Escapes control characters and line separators, so that no text can end a line or change a terminal.
  private mutating func append(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x22, 0x5c: bytes.append(contentsOf: [0x5c, UInt8(scalar.value)])
    case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029:
      let digits = String(scalar.value, radix: 16)
      bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
    default: bytes.append(contentsOf: UTF8.encode(scalar)!)
    }
  }
}
