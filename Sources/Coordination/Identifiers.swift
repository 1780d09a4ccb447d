/// One execution of a trial by one worker. Numbered from 1 and never reused; serves as the fencing token.
package struct AttemptID: Hashable, Comparable, Sendable {
  package let number: UInt64

  package init(_ number: UInt64) {
    self.number = number
  }

  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// A worker process: 16 random bytes, generated at its start.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
  package static let length = 16

  package let bytes: [UInt8]

  /// Nil unless there are exactly 16 bytes.
  package init?(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
    guard self.bytes.count == Self.length else { return nil }
  }

  /// Nil unless the text is 32 hexadecimal digits.
  package init?(hexadecimal text: String) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count == 2 * Self.length else { return nil }
    bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  /// 32 hexadecimal digits.
  package var description: String { bytes.hexadecimal }
}

extension [UInt8] {
  /// Lowercase, two digits a byte.
  var hexadecimal: String {
    map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}

/// A search: a random number, generated with its run directory; never 0.
package struct SearchID: Hashable, Sendable {
  package let number: UInt64

  package init(_ number: UInt64) {
    self.number = number
  }
}

/// The number that the shell gives a connection. Every message updates the address of its sender.
package struct ReturnAddress: Hashable, Sendable {
  package let number: UInt32

  package init(_ number: UInt32) {
    self.number = number
  }
}
