/// A key of the search file: its type, default and meaning.
///
/// Parsing, validation, messages, documentation and recipes use the `KeyTable` of all fields.
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

  /// Whether the value may be a distribution.
  package private(set) var isSearchable = false
  /// Whether it is required if another key of its section is present.
  private(set) var isPart = false
  /// The condition under which the field has an effect; nil if it always has one.
  package private(set) var effect: Effect?
  /// Whether the results of trials depend on it.
  private(set) var affectsResults = true
  /// Whether a resumed search may have another value.
  private(set) var mayChange = false

  /// A key that cannot be searched and always has an effect.
  package init(
    _ path: String, _ kind: Kind, _ fallback: Fallback, unit: String? = nil, _ meaning: String
  ) {
    self.path = path
    self.kind = kind
    self.fallback = fallback
    self.unit = unit
    self.meaning = meaning
  }

  /// The field, whose value may be a distribution.
  package var searchable: Field { with { $0.isSearchable = true } }

  /// The field, which is required if another key of its section is present.
  package var part: Field { with { $0.isPart = true } }

  /// The field, which has an effect only under a condition.
  package func acting(_ effect: Effect) -> Field { with { $0.effect = effect } }

  /// The field, on which the results of trials do not depend.
  package var withoutEffectOnResults: Field { with { $0.affectsResults = false } }

  /// The field, which may have another value in a resumed search.
  package var changeable: Field { with { $0.mayChange = true } }

  private func with(_ change: (inout Field) -> Void) -> Field {
    var field = self
    change(&field)
    return field
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
    /// Letters, digits and `.`, `_`, `-`: a valid file name. `folderForm` is how to write a folder instead, with `%`
    /// for its path.
    case name(folderForm: String? = nil)
    /// The path of a folder.
    case folder
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A number in a range.
    case real(RealRange)
    /// A number of trials: a whole number in a range, or `until stopped`.
    case trials(ClosedRange<Int>)
    /// A share between 0 and 1, a count of at least 1, or a word.
    case shareOrCount(orWord: String)
    /// A list of whole numbers, each in a range; a single number is a list of one.
    case integers(ClosedRange<Int>, atMost: Int)
    /// A list of entries that depend on the searched parameters.
    case entries(String)
    /// A number in a range, or a list of such numbers.
    case realOrReals(RealRange, atMost: Int)
    /// Any value that a program understands: a number, a truth value, a text, or a list of them.
    case parameter
    /// A text.
    case text
    /// A list of texts.
    case texts(atMost: Int)
    /// A duration with a unit.
    case duration
  }

  /// Whether `null` in a choice of values leaves the key out. Not for the parts of a section, which belong together.
  var canBeOmitted: Bool {
    if case .required = fallback { return false }
    if case .integers = kind { return false }
    return isSearchable && !isPart
  }
}

/// A range of finite numbers with an open or closed lower end.
package struct RealRange: Hashable, Sendable {
  let low: Double
  let high: Double
  let includesLow: Bool

  package static let all = RealRange(
    low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude, includesLow: true)

  package static func above(_ low: Double, atMost high: Double = .greatestFiniteMagnitude) -> RealRange {
    RealRange(low: low, high: high, includesLow: false)
  }

  package static func atLeast(_ low: Double, atMost high: Double = .greatestFiniteMagnitude) -> RealRange {
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
    case .entries(let what): what
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .real(let range): "\(range)"
    case .trials(let range):
      "a whole number from \(range.lowerBound) to \(range.upperBound), or '\(SearchFile.untilStopped)'"
    case .shareOrCount(let word): "a share between 0 and 1, a count of at least 1, or \(word)"
    case .integers(let range, let most):
      "a list of at most \(most) whole numbers from \(range.lowerBound) to \(range.upperBound)"
    case .realOrReals(let range, let most): "\(range), or a list of 1 to \(most) such numbers"
    case .parameter: "a number, true, false, a text, or a list of them"
    case .text: "a text"
    case .texts(let most): "a list of 1 to \(most) texts, such as [python3, train.py]"
    case .duration: "a duration such as 90s, 30min or 2h"
    }
  }
}
