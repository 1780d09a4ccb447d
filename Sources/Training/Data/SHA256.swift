import CSodium

/// SHA-256 (FIPS 180-4), by libsodium.
package struct SHA256: Sendable {
  private var state = crypto_hash_sha256_state()

  package init() {
    crypto_hash_sha256_init(&state)
  }

  /// The hash of the bytes as 64 hexadecimal digits.
  package static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexadecimal()
  }

  /// The hash of the bytes, 32 bytes.
  package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.bytes()
  }

  /// Adds bytes to the hash.
  package mutating func update(_ bytes: some Collection<UInt8>) {
    let taken: Void? = bytes.withContiguousStorageIfAvailable {
      _ = crypto_hash_sha256_update(&state, $0.baseAddress, UInt64($0.count))
    }
    if taken == nil { update(Array(bytes)) }
  }

  /// The hash of all added bytes; must be the last call.
  package mutating func hexadecimal() -> String {
    bytes().reduce(into: "") { $0 += ($1 < 16 ? "0" : "") + String($1, radix: 16) }
  }

  /// The hash of all added bytes; must be the last call.
  package mutating func bytes() -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    crypto_hash_sha256_final(&state, &hash)
    return hash
  }
}
