/// One execution of a trial by one worker: the fencing token, never reused.
///
/// A coordinator that starts with an older copy of its database gives the same numbers again. Each start therefore has
/// a random incarnation, which keeps its attempts apart from those that workers remember.
package struct AttemptID: Hashable, Comparable, Sendable {
  /// The incarnation of the start in the upper 32 bits, the number in the lower ones; as in messages.
  package let bits: UInt64

  package init(_ bits: UInt64) {
    self.bits = bits
  }

  package init(_ number: UInt64, incarnation: UInt32) {
    bits = UInt64(incarnation) << 32 | number & 0xffff_ffff
  }

  /// Counts the attempts of a search from 1, in the order of their starts; unique in a database.
  package var number: UInt64 { bits & 0xffff_ffff }
  /// 0 in databases of earlier versions.
  package var incarnation: UInt32 { UInt32(bits >> 32) }

  package static func < (left: Self, right: Self) -> Bool {
    (left.number, left.incarnation) < (right.number, right.incarnation)
  }
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
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
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
