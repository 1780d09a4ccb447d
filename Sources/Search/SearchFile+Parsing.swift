extension SearchFile {
  /// The maximum size of a file, in bytes.
  package static let mostBytes = 32 * 1024
  /// The maximum number of trials in a search.
  package static let mostTrials = 10_000_000

  /// A value from the command line that overrides the file: `--set train.lr=0.1`.
  package struct Override: Hashable, Sendable {
    /// The path of the field.
    package let key: String
    /// The value as YAML.
    package let value: String

    /// An override of a field.
    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// Parses the untrusted bytes of a file; `file` is its name, for errors.
  package static func parse(
    _ bytes: [UInt8], file: String, overrides: [Override] = []
  ) throws(SearchFileError) -> SearchFile {
    guard bytes.count <= mostBytes else {
      throw SearchFileError(file: file, place: .file, key: "", message: tooLarge.message)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let intact = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
      let line = 1 + intact.utf8.count { $0 == UInt8(ascii: "\n") }
      throw SearchFileError(file: file, place: .line(line), key: "", message: "is not UTF-8 text")
    }
    return try parse(text, file: file, overrides: overrides)
  }

  /// Parses the text of a file; `file` is its name, for errors and as the default for `name`.
  package static func parse(
    _ text: String, file: String, overrides: [Override] = []
  ) throws(SearchFileError) -> SearchFile {
    do throws(Fault) {
      guard text.utf8.count <= mostBytes else { throw tooLarge }
      var root = try Node(yaml: text) { .line($0) }
      root.expandShortForm()
      for override in overrides { try root.apply(override) }
      let text = overrides.isEmpty ? text : root.yaml
      guard text.utf8.count <= mostBytes else { throw tooLarge }
      return try SearchFile(SearchFileReader(root), Source(name: file, text: text))
    } catch {
      throw SearchFileError(
        file: file, place: error.place, key: error.key, message: error.message)
    }
  }

  private static var tooLarge: Fault { Fault(.file, "", "is larger than \(mostBytes / 1024) KiB") }

  /// The file name without folder and extension, with invalid characters replaced.
  static func stem(of file: String) -> String {
    var stem = file.split(separator: "/").last ?? ""
    if let dot = stem.lastIndex(of: "."), dot != stem.startIndex { stem = stem[..<dot] }
    let bytes = stem.utf8.prefix(100).map { isNameByte($0) ? $0 : UInt8(ascii: "-") }
    let name = String(decoding: bytes, as: UTF8.self)
    return isName(name) ? name : "search"
  }
}

extension Node {
  /// Applies an override.
  fileprivate mutating func apply(_ override: SearchFile.Override) throws(Fault) {
    guard override.value.utf8.count <= SearchFile.mostBytes else {
      throw Fault(.option, override.key, "the value is too long")
    }
    let path = override.key.split(separator: ".", omittingEmptySubsequences: false)
    guard path.count <= 8, !path.contains("") else {
      throw Fault(.option, override.key, "needs the path of a key, such as train.lr")
    }
    guard Field.named(override.key) != nil || Field.sections[override.key] != nil
    else { throw unknown(override.key) }
    var value: Node
    do {
      value = try Node(yaml: override.value) { _ in .option }
    } catch {
      value = Node(content: .scalar("", isQuoted: false), place: .option)
      guard override.value.allSatisfy(\.isWhitespace) else {
        throw Fault(.option, override.key, error.message)
      }
    }
    set(path.map(String.init)[...], to: value)
    expandShortForm()
  }

  private func unknown(_ key: String) -> Fault {
    let guess = nearest(to: key, among: Field.table.map(\.path)).map { "; did you mean '\($0)'?" }
    return Fault(.option, key, "unknown key\(guess ?? "")")
  }
}
