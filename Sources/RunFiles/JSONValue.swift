/// A JSON value (RFC 8259). Numbers are read back to the last bit, and members keep their order.
indirect enum JSONValue: Hashable, Sendable {
  case null
  case flag(Bool)
  /// A number without fraction and exponent.
  case integer(Int)
  case real(Double)
  case text(String)
  case list([JSONValue])
  case object([Member])

  /// A member of an object.
  struct Member: Hashable, Sendable {
    let name: String
    let value: JSONValue
  }

  /// Parses a text that holds one value; nil if it is not JSON.
  init?(_ bytes: ArraySlice<UInt8>) {
    var parser = JSONParser(bytes)
    guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
    self = value
  }
}

/// Parses from the current position, which moves behind what was parsed. Nil means that it is not JSON.
private struct JSONParser {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// Values nested deeper are rejected, so that no text exhausts the stack.
  private static let mostDepth = 16

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Whether only spaces are left.
  var isAtEnd: Bool {
    mutating get {
      skipSpaces()
      return position == bytes.endIndex
    }
  }

  private mutating func skipSpaces() {
    while position < bytes.endIndex {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return
      }
    }
  }

  /// Whether the next byte after spaces is this one, which is then passed.
  private mutating func pass(_ byte: UInt8) -> Bool {
    skipSpaces()
    guard position < bytes.endIndex, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func pass(_ word: StaticString, as value: JSONValue) -> JSONValue? {
    let isHere = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
    guard isHere else { return nil }
    position += word.utf8CodeUnitCount
    return value
  }

  mutating func value(depth: Int) -> JSONValue? {
    skipSpaces()
    guard position < bytes.endIndex, depth <= Self.mostDepth else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return list(depth: depth)
    case UInt8(ascii: "\""): return text().map(JSONValue.text)
    case UInt8(ascii: "t"): return pass("true", as: .flag(true))
    case UInt8(ascii: "f"): return pass("false", as: .flag(false))
    case UInt8(ascii: "n"): return pass("null", as: .null)
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> JSONValue? {
    position += 1
    var members: [JSONValue.Member] = []
    if pass(UInt8(ascii: "}")) { return .object([]) }
    while true {
      skipSpaces()
      guard let name = text(), pass(UInt8(ascii: ":")), let value = value(depth: depth + 1) else {
        return nil
      }
      members.append(JSONValue.Member(name: name, value: value))
      if pass(UInt8(ascii: "}")) { return .object(members) }
      guard pass(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func list(depth: Int) -> JSONValue? {
    position += 1
    var values: [JSONValue] = []
    if pass(UInt8(ascii: "]")) { return .list([]) }
    while true {
      guard let value = value(depth: depth + 1) else { return nil }
      values.append(value)
      if pass(UInt8(ascii: "]")) { return .list(values) }
      guard pass(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func number() -> JSONValue? {
    let start = position
    var isWhole = true
    while position < bytes.endIndex {
      switch bytes[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): isWhole = false
      default: return Self.number(bytes[start..<position], isWhole: isWhole)
      }
      position += 1
    }
    return Self.number(bytes[start...], isWhole: isWhole)
  }

  private static func number(_ bytes: ArraySlice<UInt8>, isWhole: Bool) -> JSONValue? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard !text.hasPrefix("+") else { return nil }
    if isWhole, text != "-0", let integer = Int(text) { return .integer(integer) }
    return Double(text).map(JSONValue.real)
  }

  /// A text, from its quote to the closing quote.
  private mutating func text() -> String? {
    guard position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") else { return nil }
    position += 1
    let start = position
    while position < bytes.endIndex, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\""),
      bytes[position] != UInt8(ascii: "\\")
    {
      position += 1
    }
    var units = Array(bytes[start..<position])
    while position < bytes.endIndex {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(validating: units, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        units.append(contentsOf: UTF8.encode(scalar)!)
      case 0..<0x20: return nil
      default: units.append(byte)
      }
    }
    return nil
  }

  /// The character of an escape sequence, after its backslash.
  private mutating func escape() -> Unicode.Scalar? {
    guard position < bytes.endIndex else { return nil }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return codedScalar()
    default: return nil
    }
  }

  /// The character of four hexadecimal digits, or of a surrogate pair.
  private mutating func codedScalar() -> Unicode.Scalar? {
    guard let high = codeUnit() else { return nil }
    guard (0xd800..<0xdc00).contains(high) else { return Unicode.Scalar(high) }
    guard pass("\\u", as: .null) != nil, let low = codeUnit(), (0xdc00..<0xe000).contains(low) else {
      return nil
    }
    return Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
  }

  private mutating func codeUnit() -> UInt32? {
    guard position + 4 <= bytes.endIndex else { return nil }
    let digits = bytes[position..<position + 4]
    position += 4
    guard digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }) else { return nil }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
