/// Parses a requirement, such as `hidden.1 <= hidden.0` or `optimizer != adam or lr < 0.01`.
///
/// The grammar: comparisons joined by `or`; a comparison has two terms; a term has numbers, names and words, `+ - * /`
/// and parentheses.
struct RequirementParser {
  /// The meaning of a name.
  enum Meaning {
    /// A searched parameter, by its index in the space, with the words it can be; nil for a number.
    case parameter(Int, words: Set<String>?)
    /// A key that is set to one value.
    case fixed(Value)
    /// A parameter that has neither numbers nor words, such as a list.
    case incomparable
  }

  /// A mistake in words.
  struct Mistake: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  /// A term with its words; nil if it is a number.
  private typealias Operand = (term: Requirement.Term, words: Set<String>?)

  private let text: String
  private let tokens: [Token]
  private var position = 0
  private let meaning: (String) -> Meaning?
  /// The columns of the searched parameters, for messages.
  private let columns: [String]
  private var depth = 0
  private static let mostDepth = 32

  private enum Token: Hashable {
    case number(Double)
    case name(String)
    case symbol(String)

    var text: String {
      switch self {
      case .number(let number): number.shortText
      case .name(let text), .symbol(let text): text
      }
    }
  }

  /// A parser of a text, in which names have a meaning; nil means that a name is unknown.
  ///
  /// - Parameter columns: those of the searched parameters, for messages.
  init(_ text: String, columns: [String], meaning: @escaping (String) -> Meaning?) throws(Mistake) {
    self.text = text
    tokens = try Self.tokens(text)
    self.columns = columns
    self.meaning = meaning
  }

  /// The requirement in the text.
  mutating func requirement() throws(Mistake) -> Requirement {
    var comparisons = [try comparison()]
    while pass(.name("or")) { comparisons.append(try comparison()) }
    guard position == tokens.count else {
      throw surplus(tokens[position].text)
    }
    return Requirement(text: text, comparisons: comparisons)
  }
}

extension RequirementParser {
  private static func tokens(_ text: String) throws(Mistake) -> [Token] {
    var tokens: [Token] = []
    var rest = text[...]
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if first.isASCII, first.isNumber || first == "." {
        var digits = rest.prefix { $0.isASCII && ($0.isNumber || $0.isLetter || $0 == ".") }
        if digits.last == "e" || digits.last == "E", let sign = rest.dropFirst(digits.count).first,
          "+-".contains(sign)
        {
          digits = rest.prefix(
            digits.count + 1 + rest.dropFirst(digits.count + 1).prefix { $0.isNumber }.count)
        }
        guard let number = Number.real(String(digits)) else {
          throw Mistake("\(quoted(String(digits))) is not a number")
        }
        tokens.append(.number(number))
        rest.removeFirst(digits.count)
      } else if first.isLetter || first == "_" {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        tokens.append(.name(String(name)))
        rest.removeFirst(name.count)
      } else if let word = quotedWord(rest) {
        tokens.append(.name(word))
        rest.removeFirst(word.count + 2)
      } else if let symbol = symbols.first(where: { rest.hasPrefix($0) }) {
        tokens.append(.symbol(symbol))
        rest.removeFirst(symbol.count)
      } else {
        let advice = first == "=" ? "; compare with ==" : ""
        throw Mistake("has \(quoted(String(first))), which has no meaning here\(advice)")
      }
    }
    return tokens
  }

  /// The word in quotes at the start of a text.
  private static func quotedWord(_ text: Substring) -> String? {
    guard let quote = text.first, quote == "'" || quote == "\"" else { return nil }
    let word = text.dropFirst().prefix { $0 != quote }
    return word.endIndex < text.endIndex ? String(word) : nil
  }

  private static let symbols = Requirement.Relation.allCases.map(\.rawValue) + ["+", "-", "*", "/", "(", ")"]

  /// Whether the next token is this one, which is then passed.
  private mutating func pass(_ token: Token) -> Bool {
    guard position < tokens.count, tokens[position] == token else { return false }
    position += 1
    return true
  }

  private mutating func comparison() throws(Mistake) -> Requirement.Comparison {
    let start = position
    var left = try sum()
    let name = word(start..<position)
    guard let relation = Requirement.Relation.allCases.first(where: { pass(.symbol($0.rawValue)) }) else {
      throw Mistake(
        "needs a comparison after \(quoted(tokens[..<position].map(\.text).joined(separator: " "))): "
          + alternatives(Requirement.Relation.allCases.map(\.rawValue)))
    }
    let middle = position
    var right = try sum()
    if word(middle..<position) == "null", case .parameter = left.term,
      relation == .equal || relation == .different
    {
      return Requirement.Comparison(left: left.term, relation: relation, right: .value(.omitted))
    }
    // The words of a parameter go before keys of the same name: optimizer == momentum.
    if let word = word(middle..<position), left.words?.contains(word) == true {
      right = (.value(.word(word)), [word])
    } else if let name, right.words?.contains(name) == true {
      left = (.value(.word(name)), [name])
    }
    try check(left, relation, right)
    return Requirement.Comparison(left: left.term, relation: relation, right: right.term)
  }

  /// The name at these tokens; nil if they are more than a name.
  private func word(_ range: Range<Int>) -> String? {
    if range.count == 1, case .name(let name) = tokens[range.lowerBound] { name } else { nil }
  }

  private func check(_ left: Operand, _ relation: Requirement.Relation, _ right: Operand) throws(Mistake) {
    guard left.term.isVariable || right.term.isVariable else {
      throw Mistake("compares no searched parameter; searched are \(columns.joined(separator: ", "))")
    }
    guard left.words != nil || right.words != nil else { return }
    guard let words = left.words, let others = right.words else {
      throw noNumber((left.words ?? right.words ?? []).first ?? "")
    }
    guard relation == .equal || relation == .different else {
      throw Mistake("words are compared with == or !=, not \(relation.rawValue)")
    }
    // A word that the parameter cannot have is a misspelling.
    for (side, other) in [(left, others), (right, words)] where !side.term.isVariable {
      guard let word = side.words?.first, !other.contains(word) else { continue }
      throw Mistake("\(quoted(word)) is not one of \(other.sorted().joined(separator: ", "))")
    }
  }

  /// The mistake in a text that does not end after a comparison.
  private func surplus(_ text: String) -> Mistake {
    if text == "and" { return Mistake("write each condition as an entry of its own, not 'and'") }
    if text.lowercased() == "or" { return Mistake("write 'or' in lower case") }
    guard Requirement.Relation(rawValue: text) == nil else {
      return Mistake("has two comparisons in a row; write each as an entry of its own")
    }
    return Mistake("does not end before \(quoted(text))")
  }

  private func noNumber(_ word: String) -> Mistake {
    Mistake(
      "\(quoted(word)) is neither a number nor a searched parameter that has numbers; searched are "
        + columns.joined(separator: ", "))
  }

  private mutating func sum() throws(Mistake) -> Operand {
    var result = try product()
    while true {
      if pass(.symbol("+")) {
        result = try numbers(result, try product(), Requirement.Term.sum)
      } else if pass(.symbol("-")) {
        result = try numbers(result, try product(), Requirement.Term.difference)
      } else {
        return result
      }
    }
  }

  private mutating func product() throws(Mistake) -> Operand {
    var result = try factor()
    while true {
      if pass(.symbol("*")) {
        result = try numbers(result, try factor(), Requirement.Term.product)
      } else if pass(.symbol("/")) {
        result = try numbers(result, try factor(), Requirement.Term.quotient)
      } else {
        return result
      }
    }
  }

  private func numbers(
    _ left: Operand, _ right: Operand, _ combine: (Requirement.Term, Requirement.Term) -> Requirement.Term
  ) throws(Mistake) -> Operand {
    if let word = (left.words ?? right.words)?.first { throw noNumber(word) }
    return (combine(left.term, right.term), nil)
  }

  private mutating func factor() throws(Mistake) -> Operand {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.mostDepth else { throw Mistake("has too many parentheses or signs") }
    guard position < tokens.count else { throw Mistake("ends too early") }
    let token = tokens[position]
    position += 1
    switch token {
    case .number(let number): return (.value(.real(number)), nil)
    case .symbol("-"): return try numbers((.value(.real(0)), nil), try factor(), Requirement.Term.difference)
    case .symbol("+"): return try numbers((.value(.real(0)), nil), try factor(), Requirement.Term.sum)
    case .symbol("("):
      let inner = try sum()
      guard pass(.symbol(")")) else {
        let isComparison =
          position < tokens.count && Requirement.Relation(rawValue: tokens[position].text) != nil
        throw Mistake(
          isComparison ? "has a comparison in parentheses; write it without" : "lacks a closing parenthesis")
      }
      return inner
    case .symbol(let symbol): throw Mistake("needs a name or number, not \(quoted(symbol))")
    case .name(let name): return try operand(name)
    }
  }

  /// A parameter or key; any other name is a word.
  private func operand(_ name: String) throws(Mistake) -> Operand {
    switch meaning(name) {
    case .parameter(let index, let words): return (.parameter(index), words)
    case .fixed(.word(let word)): return (.value(.word(word)), [word])
    case .fixed(let value) where value.number != nil: return (.value(value), nil)
    case .fixed, .incomparable: throw Mistake("\(quoted(name)) is neither a number nor a word")
    case nil: return (.value(.word(name)), [name])
    }
  }
}
