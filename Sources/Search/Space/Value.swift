/// The value of a hyperparameter.
package enum Value: Hashable, Sendable {
  case integer(Int)
  case real(Double)
  case word(String)
  /// A list of whole numbers as one value, such as the widths of all hidden layers.
  case integers([Int])
  /// A list of numbers, such as the penalty of each layer. Only its elements can be searched, not the whole list.
  case reals([Double])
  /// True or false.
  case flag(Bool)
  /// A list of other values as one value.
  indirect case list([Value])

  /// The value `null` in a choice: the key is left out.
  static let omitted = Value.word("null")
}

extension Value: CustomStringConvertible {
  /// The shortest text that parses to the same value: `128`, `2.5466e-7`, `relu`, `[128, 64]`.
  package var description: String {
    switch self {
    case .integer(let number): "\(number)"
    case .real(let number): number.shortText
    case .word(let word): word
    case .integers(let numbers): "\(numbers)"
    case .reals(let numbers): "\(numbers)"
    case .flag(let flag): "\(flag)"
    case .list(let values): "\(values)"
    }
  }
}

extension Double {
  /// The shortest usual text that parses to the same number: `2`, `0.1`, `2.5e-7`, `1e99`.
  package var shortText: String {
    let text = "\(self)"
    let digits = text.utf8.prefix { $0 != UInt8(ascii: "e") }
    let whole = digits.suffix(2).elementsEqual(".0".utf8) ? digits.dropLast(2) : digits
    guard let exponent = Int(text[digits.endIndex...].dropFirst()) else { return String(whole)! }
    return "\(Substring(whole))e\(exponent)"
  }
}
