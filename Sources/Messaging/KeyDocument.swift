import Foundation

/// The format of key files: a JSON object of strings. Errors name the invalid key.
struct KeyDocument {
  let path: String
  private let fields: [String: Any]

  /// Reads a file with secrets; nil if it does not exist.
  init?(reading path: String) throws(KeyFileError) {
    guard let text = try GuardedFile.read(path, .secret) else { return nil }
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    guard let fields = object as? [String: Any] else {
      throw .malformed(path, "not a JSON object")
    }
    self.path = path
    self.fields = fields
  }

  /// Writes a file with secrets.
  static func write(
    _ fields: [String: String], to path: String, existing: GuardedFile.Existing
  ) throws(KeyFileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(fields) else {
      preconditionFailure("texts always have a JSON form")
    }
    let text = String(decoding: data, as: UTF8.self) + "\n"
    try GuardedFile.write(text, to: path, .secret, existing: existing)
  }

  func text(_ name: String) throws(KeyFileError) -> String {
    guard let value = fields[name] else { throw .malformed(path, "\(name): missing") }
    guard let text = value as? String else { throw .malformed(path, "\(name): must be text") }
    return text
  }

  /// A number; nil if it is missing.
  func number(_ name: String) throws(KeyFileError) -> UInt64? {
    guard fields[name] != nil else { return nil }
    guard let number = UInt64(try text(name)) else { throw .malformed(path, "\(name): must be a number") }
    return number
  }

  func endpoint(_ name: String) throws(KeyFileError) -> Endpoint {
    do {
      return try Endpoint(try text(name))
    } catch let error as MessagingError {
      throw .malformed(path, "\(name): \(error)")
    } catch let error as KeyFileError {
      throw error
    } catch {
      preconditionFailure("unexpected type of error: \(error)")
    }
  }

  func publicKey(_ name: String) throws(KeyFileError) -> CurveKey {
    guard let key = CurveKey(z85: try text(name)) else {
      throw .malformed(path, "\(name): must be a key of 40 Z85 characters")
    }
    return key
  }

  func keyPair(public publicName: String, secret secretName: String) throws(KeyFileError)
    -> CurveKeyPair
  {
    let publicKey = try publicKey(publicName)
    guard let secretKey = CurveSecretKey(z85: try text(secretName)) else {
      throw .malformed(path, "\(secretName): must be a key of 40 Z85 characters")
    }
    guard let pair = CurveKeyPair(publicKey: publicKey, secretKey: secretKey) else {
      throw .malformed(path, "\(secretName): does not belong to \(publicName)")
    }
    return pair
  }
}
