/// A key of the search file: its type, default and meaning.
///
/// `Field+Table.swift` is the only list of all fields. Parsing, validation, messages, documentation and recipes use it.
package struct Field: Sendable {
  /// The keys of its sections and its own key, joined by dots.
  package let path: String
  /// The type and range of its value.
  package let kind: Kind
  /// The default.
  package let fallback: Fallback
  /// The unit of its value; nil if it has none.
  package let unit: String?
  /// The meaning, in one or two sentences.
  package let meaning: String

  init(
    _ path: String, _ kind: Kind, _ fallback: Fallback, unit: String? = nil, _ meaning: String
  ) {
    self.path = path
    self.kind = kind
    self.fallback = fallback
    self.unit = unit
    self.meaning = meaning
  }

  /// The default of a field.
  package enum Fallback: Sendable {
    /// No default: the field is required.
    case required
    /// A fixed value.
    case value(Value)
    /// A default that depends on other fields, described in words.
    case described(String)
  }

  /// The type and range of a field's value.
  package enum Kind: Sendable {
    /// One of these words.
    case word([String])
    /// Letters, digits and `.`, `_`, `-`: a valid file name.
    case name
    /// The path of a folder.
    case folder
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A number in a range.
    case real(RealRange)
    /// A number of trials: a whole number in a range, or `until stopped`.
    case trials(ClosedRange<Int>)
    /// The images held out for validation: a share between 0 and 1, a count of at least 1, or the word `test`.
    case heldOut
    /// A list of whole numbers, each in a range; a single number is a list of one.
    case integers(ClosedRange<Int>, atMost: Int)
    /// A number in a range, or a list of such numbers.
    case realOrReals(RealRange, atMost: Int)
  }

  /// Whether the value may be a distribution.
  package var isSearchable: Bool {
    ["augment.", "model.", "train."].contains { path.hasPrefix($0) }
  }

  /// Whether `null` in a choice of values leaves the key out. Not for the parts of a section, which belong together.
  var canBeOmitted: Bool {
    if case .required = fallback { return false }
    if case .integers = kind { return false }
    return isSearchable && !path.hasPrefix("train.schedule.")
  }

  /// The field with a path.
  static func named(_ path: String) -> Field? { byPath[path] }

  private static let byPath = Dictionary(uniqueKeysWithValues: table.map { ($0.path, $0) })

  /// The keys allowed in each section, in the order of the table; the section "" is the top level.
  static let sections: [String: [String]] = {
    var sections: [String: [String]] = [:]
    for field in table {
      var section = ""
      for part in field.path.split(separator: ".").map(String.init) {
        if sections[section]?.contains(part) != true { sections[section, default: []].append(part) }
        section = section.isEmpty ? part : "\(section).\(part)"
      }
    }
    return sections
  }()
}

/// A range of finite numbers with an open or closed lower end.
package struct RealRange: Hashable, Sendable {
  let low: Double
  let high: Double
  let includesLow: Bool

  static func above(_ low: Double, atMost high: Double = .greatestFiniteMagnitude) -> RealRange {
    RealRange(low: low, high: high, includesLow: false)
  }

  static func atLeast(_ low: Double, atMost high: Double = .greatestFiniteMagnitude) -> RealRange {
    RealRange(low: low, high: high, includesLow: true)
  }

  func contains(_ number: Double) -> Bool {
    (includesLow ? low <= number : low < number) && number <= high
  }
}

extension RealRange: CustomStringConvertible {
  /// The range as shown in a message: `a number above 0 and at most 1`.
  package var description: String {
    let start = "a number " + (includesLow ? "of at least " : "above ") + short(low)
    return high == .greatestFiniteMagnitude ? start : "\(start) and at most \(short(high))"
  }

  private func short(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }
}

extension Field.Kind: CustomStringConvertible {
  /// The kind as shown in a message after "needs".
  package var description: String {
    switch self {
    case .word(let words): alternatives(words)
    case .name: "1 to 100 characters A-Z a-z 0-9 . _ -, not starting with . or -"
    case .folder: "the path of a folder"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .real(let range): "\(range)"
    case .trials(let range):
      "a whole number from \(range.lowerBound) to \(range.upperBound), or '\(SearchFile.untilStopped)'"
    case .heldOut: "a share between 0 and 1, a count of at least 1, or test"
    case .integers(let range, let most):
      "a list of at most \(most) whole numbers from \(range.lowerBound) to \(range.upperBound)"
    case .realOrReals(let range, let most): "\(range), or a list of 1 to \(most) such numbers"
    }
  }
}
