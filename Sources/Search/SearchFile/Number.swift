// YAML parses 010 as eight, 1:30 as ninety and 1e-7 as a word. A number in a search file has an optional sign, decimal
// digits with at most one point, and an optional exponent.

/// Parses the numbers of a search file.
enum Number {
  /// The real number in a text; nil if it is not a number or out of the range of Double.
  static func real(_ text: String) -> Double? {
    guard isDecimal(text), let number = Double(text), number.isFinite else { return nil }
    // Adding zero converts -0 to 0.
    return number + 0
  }

  /// The whole number in a text, such as `1000` or `1e3`; nil if it is not one or out of range.
  static func integer(_ text: String) -> Int? {
    if let integer = Int(text) { return integer }
    guard let real = real(text), real.magnitude <= 0x1p53 else { return nil }
    return Int(exactly: real)
  }

  private static func isDecimal(_ text: String) -> Bool {
    var rest = Substring(text).utf8
    skipSign(&rest)
    var digits = skipDigits(&rest)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      digits += skipDigits(&rest)
    }
    guard digits > 0 else { return false }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      skipSign(&rest)
      guard skipDigits(&rest) > 0 else { return false }
    }
    return rest.isEmpty
  }

  private static func skipSign(_ rest: inout Substring.UTF8View) {
    if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
  }

  private static func skipDigits(_ rest: inout Substring.UTF8View) -> Int {
    let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
    rest.removeFirst(count)
    return count
  }
}
