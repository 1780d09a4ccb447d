import RunFiles

extension JSON {
  /// Prints a value.
  static func print(_ value: some Encodable) throws {
    Swift.print(String(decoding: try data(value), as: UTF8.self), terminator: "")
  }
}
