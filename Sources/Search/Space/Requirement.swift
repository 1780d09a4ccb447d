/// A condition that configurations must fulfil (`search.require`): comparisons, of which at least one must hold.
struct Requirement: Hashable, Sendable {
  /// A comparison of two terms.
  struct Comparison: Hashable, Sendable {
    let left: Term
    let relation: Relation
    let right: Term
  }

  enum Relation: String, CaseIterable, Sendable {
    // The longer ones first, as they are looked for in this order.
    case atMost = "<="
    case atLeast = ">="
    case equal = "=="
    case different = "!="
    case below = "<"
    case above = ">"
  }

  /// An expression over the parameters of a space.
  indirect enum Term: Hashable, Sendable {
    case value(Value)
    /// The value of the parameter at this index of the space.
    case parameter(Int)
    case sum(Term, Term)
    case difference(Term, Term)
    case product(Term, Term)
    case quotient(Term, Term)
  }

  /// As in the file.
  let text: String
  let comparisons: [Comparison]

  /// Whether values fulfil it, in the order of the space. A comparison with a parameter that has no value (nil or
  /// `null`) holds, unless it compares with `null` itself.
  func holds(_ values: [Value?]) -> Bool { comparisons.contains { $0.holds(values) } }
}

extension Requirement.Comparison {
  fileprivate func holds(_ values: [Value?]) -> Bool {
    if right == .value(.omitted) { return (left.value(values) == nil) == (relation == .equal) }
    guard let left = left.value(values), let right = right.value(values) else { return true }
    guard let left = left.number, let right = right.number else {
      return (left == right) == (relation == .equal)
    }
    return switch relation {
    case .atMost: left <= right
    case .atLeast: left >= right
    case .equal: left == right
    case .different: left != right
    case .below: left < right
    case .above: left > right
    }
  }
}

extension Requirement.Term {
  /// The value, with the values of the space; nil if it depends on a parameter that has none.
  fileprivate func value(_ values: [Value?]) -> Value? {
    switch self {
    case .value(let value): value
    case .parameter(let index): values[index] == .omitted ? nil : values[index]
    case .sum(let left, let right): Self.combined(left, right, values, +)
    case .difference(let left, let right): Self.combined(left, right, values, -)
    case .product(let left, let right): Self.combined(left, right, values, *)
    case .quotient(let left, let right): Self.combined(left, right, values, /)
    }
  }

  private static func combined(
    _ left: Self, _ right: Self, _ values: [Value?], _ operation: (Double, Double) -> Double
  ) -> Value? {
    guard let left = left.value(values)?.number, let right = right.value(values)?.number else { return nil }
    return .real(operation(left, right))
  }

  /// Whether it contains a parameter.
  var isVariable: Bool {
    switch self {
    case .value: false
    case .parameter: true
    case .sum(let left, let right), .difference(let left, let right), .product(let left, let right),
      .quotient(let left, let right):
      left.isVariable || right.isVariable
    }
  }
}

extension Value {
  /// The number, if it is one.
  var number: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .real(let number): number
    case .word, .integers, .reals, .flag, .list: nil
    }
  }
}
