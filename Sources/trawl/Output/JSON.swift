import Foundation

/// Writes JSON with sorted keys in snake case.
enum JSON {
  static func data(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  static func print(_ value: some Encodable) throws {
    Swift.print(String(decoding: try data(value), as: UTF8.self), terminator: "")
  }
}
