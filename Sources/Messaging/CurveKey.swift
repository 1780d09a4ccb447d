import CZeroMQ

/// A CURVE public key, which identifies a peer: 32 bytes, written as 40 characters of Z85.
package struct CurveKey: Hashable, Sendable, CustomStringConvertible {
  /// The key's bytes in memory order.
  let words: SIMD8<UInt32>

  /// Parses a key; nil unless the text is exactly 40 valid Z85 characters.
  package init?(z85: String) {
    self.init(z85Characters: z85.utf8)
  }

  init?(z85Characters text: some Collection<UInt8>) {
    guard let words = Z85.decode(text) else { return nil }
    self.words = words
  }

  /// The key from 32 raw bytes; nil for any other length.
  init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    words = bytes.withUnsafeBytes { $0.loadUnaligned(as: SIMD8<UInt32>.self) }
  }

  /// The key as 40 characters of Z85.
  package var z85: String { Z85.encode(words) }

  package var description: String { z85 }

  /// The first eight bytes in hexadecimal, for display only, never for comparison.
  package var fingerprint: String {
    withUnsafeBytes(of: words) { bytes in
      bytes.prefix(8).map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
    }
  }
}

/// A CURVE secret key, which proves an identity. It never appears in printed or dumped text.
package struct CurveSecretKey: Equatable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  /// The key's bytes in memory order.
  let words: SIMD8<UInt32>

  /// Parses a key; nil unless the text is exactly 40 valid Z85 characters.
  package init?(z85: String) {
    guard let words = Z85.decode(z85.utf8) else { return nil }
    self.words = words
  }

  /// The key as 40 characters of Z85, for key files only.
  package var revealedZ85: String { Z85.encode(words) }

  package var description: String { "secret key" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A public key and its secret key.
package struct CurveKeyPair: Equatable, Sendable {
  package let publicKey: CurveKey
  package let secretKey: CurveSecretKey

  /// Combines two keys; nil if they do not match.
  package init?(publicKey: CurveKey, secretKey: CurveSecretKey) {
    var derived = [CChar](repeating: 0, count: Z85.keyLength + 1)
    guard zmq_curve_public(&derived, secretKey.revealedZ85) == 0,
      CurveKey(z85Characters: Self.text(derived)) == publicKey
    else { return nil }
    self.publicKey = publicKey
    self.secretKey = secretKey
  }

  private init(generated publicKey: CurveKey, _ secretKey: CurveSecretKey) {
    self.publicKey = publicKey
    self.secretKey = secretKey
  }

  /// Generates a pair from the system's random numbers.
  package static func generate() -> CurveKeyPair {
    var publicText = [CChar](repeating: 0, count: Z85.keyLength + 1)
    var secretText = [CChar](repeating: 0, count: Z85.keyLength + 1)
    let result = zmq_curve_keypair(&publicText, &secretText)
    guard result == 0, let publicKey = CurveKey(z85Characters: text(publicText)),
      let secretKey = CurveSecretKey(z85: String(decoding: text(secretText), as: UTF8.self))
    else { preconditionFailure("libzmq was built without CURVE: \(result)") }
    return CurveKeyPair(generated: publicKey, secretKey)
  }

  private static func text(_ characters: [CChar]) -> [UInt8] {
    characters.prefix(Z85.keyLength).map(UInt8.init(bitPattern:))
  }
}
