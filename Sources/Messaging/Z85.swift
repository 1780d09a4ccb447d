/// The text encoding of 32-byte keys in ZeroMQ (RFC 32): five printable characters per four bytes.
///
/// The encoding is unique, so equal texts mean equal keys.
enum Z85 {
  /// Characters in the text of one 32-byte key.
  static let keyLength = 40

  private static let alphabet = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

  private static let values: [UInt8] = {
    var values = [UInt8](repeating: .max, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  /// Decodes 32 bytes, eight 32-bit numbers in network order; nil unless the text is 40 characters of the alphabet
  /// and no group exceeds 32 bits.
  static func decode(_ text: some Collection<UInt8>) -> SIMD8<UInt32>? {
    guard text.count == keyLength else { return nil }
    var words = SIMD8<UInt32>()
    var position = 0
    var group: UInt64 = 0
    for character in text {
      let value = values[Int(character)]
      guard value != .max else { return nil }
      group = group * 85 + UInt64(value)
      if position % 5 == 4 {
        guard let word = UInt32(exactly: group) else { return nil }
        words[position / 5] = word.bigEndian
        group = 0
      }
      position += 1
    }
    return words
  }

  /// Encodes 32 bytes as 40 characters.
  static func encode(_ words: SIMD8<UInt32>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(keyLength)
    for index in words.indices {
      let word = UInt32(bigEndian: words[index])
      for divisor: UInt32 in [52_200_625, 614_125, 7_225, 85, 1] {
        text.append(alphabet[Int(word / divisor % 85)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
