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

  /// How to treat keys that have no effect in any trial.
  package enum InertKeys: Sendable {
    /// As mistakes: for a new search.
    case rejected
    /// As notices: for searches and recipes of earlier versions, which may have such keys.
    case noted
  }
}

/// Parses search files.
package struct SearchFileParser: Sendable {
  private let format: @Sendable (FileOutline) -> any TrialFormat
  private let overrides: [SearchFile.Override]
  private let inertKeys: SearchFile.InertKeys

  /// A parser for files of the kinds of trial bodies among which `format` chooses.
  package init(
    overrides: [SearchFile.Override] = [], inertKeys: SearchFile.InertKeys = .noted,
    _ format: @escaping @Sendable (FileOutline) -> any TrialFormat
  ) {
    self.format = format
    self.overrides = overrides
    self.inertKeys = inertKeys
  }

  /// Parses the untrusted bytes of a file; `file` is its name, for errors.
  package func parse(_ bytes: [UInt8], file: String) throws(SearchFileError) -> SearchFile {
    guard bytes.count <= SearchFile.mostBytes else {
      throw SearchFileError(file: file, [SearchFile.tooLarge])
    }
    guard !bytes.starts(with: [0xff, 0xfe]), !bytes.starts(with: [0xfe, 0xff]) else {
      throw SearchFileError(file: file, [Fault(.line(1), "", "is UTF-16 text; save it as UTF-8")])
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let intact = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
      let line = 1 + intact.utf8.count { $0 == UInt8(ascii: "\n") }
      throw SearchFileError(file: file, [Fault(.line(line), "", "is not UTF-8 text")])
    }
    return try parse(text, file: file)
  }

  /// Parses the text of a file; `file` is its name, for errors and as the default for `name`.
  package func parse(_ text: String, file: String) throws(SearchFileError) -> SearchFile {
    var faults: [Fault] = []
    do throws(Fault) {
      guard text.utf8.count <= SearchFile.mostBytes else { throw SearchFile.tooLarge }
      // Editors on Windows begin a file with a byte order mark.
      var text = text.first == "\u{feff}" ? String(text.dropFirst()) : text
      var root = try Node(yaml: text) { .line($0) }
      var format = format(FileOutline(root))
      root.expand(format.shortForms)
      for override in overrides {
        do { try root.apply(override, format) } catch { faults.append(error) }
      }
      if !overrides.isEmpty {
        text = root.yaml
        format = self.format(FileOutline(root))
      }
      guard text.utf8.count <= SearchFile.mostBytes else { throw SearchFile.tooLarge }
      let rules = SearchFileRules(try SearchFileReader(root, format.keys), format, name: file)
      faults += rules.faults
      let inert = rules.inertKeys
      if inertKeys == .rejected { faults += inert.filter { !rules.isShortened($0) } }
      if faults.isEmpty {
        return try SearchFile(
          rules, .init(name: file, text: text), inertKeys: inert.map { "\($0.key): \($0.message)" })
      }
    } catch {
      faults.append(error)
    }
    throw SearchFileError(file: file, faults)
  }
}

extension SearchFile {
  /// A file without mistakes, but for requirements that too few configurations fulfil.
  fileprivate init(_ rules: SearchFileRules, _ source: Source, inertKeys: [String]) throws(Fault) {
    let space = rules.space
    let (trials, notices) = rules.trials(in: space)
    var parts = Parts(
      space: space, settings: rules.settings, start: try rules.startValues(),
      requirements: try rules.requirements(), notices: notices, inertKeys: inertKeys)
    parts.settings["search.trials"] = .fixed(trials)
    self.init(rules, parts, source)
    guard !requirements.isEmpty else { return }
    let allowed: Int
    do { allowed = try allowedTrials() } catch {
      throw rules.requirementFault(error.message)
    }
    guard allowed < self.trials else { return }
    parts.settings["search.trials"] = .fixed(.integer(allowed))
    parts.notices = ["search.trials: \(allowed) points of the grid fulfil search.require; as many trials run"]
    self.init(rules, parts, source)
  }

  fileprivate static var tooLarge: Fault { Fault(.file, "", "is larger than \(mostBytes / 1024) KiB") }

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
  fileprivate mutating func apply(
    _ override: SearchFile.Override, _ format: any TrialFormat
  ) throws(Fault) {
    guard override.value.utf8.count <= SearchFile.mostBytes else {
      throw Fault(.option, override.key, "the value is too long")
    }
    let path = override.key.split(separator: ".", omittingEmptySubsequences: false)
    guard path.count <= 8, !path.contains("") else {
      throw Fault(.option, override.key, "needs the path of a key, such as train.lr")
    }
    let keys = format.keys
    guard keys[override.key] != nil || keys.sections[override.key] != nil
    else { throw unknown(override.key, keys) }
    var value: Node
    do {
      value = try Node(yaml: override.value) { _ in .option }
    } catch {
      value = Node(content: .scalar("", isQuoted: false), location: .option)
      guard override.value.allSatisfy(\.isWhitespace) else {
        throw Fault(.option, override.key, error.message)
      }
    }
    set(path.map(String.init)[...], to: value)
    expand(format.shortForms)
  }

  private func unknown(_ key: String, _ keys: KeyTable) -> Fault {
    // The last part alone, such as lr for train.lr, is the usual mistake.
    let full = keys.fields.map(\.path).filter { $0.hasSuffix(".\(key)") }
    let guess =
      full.isEmpty
      ? nearest(to: key, among: keys.fields.map(\.path)).map { "'\($0)'" }
      : alternatives(full.map { "'\($0)'" })
    return Fault(.option, key, "unknown key\(guess.map { "; did you mean \($0)?" } ?? "")")
  }
}
