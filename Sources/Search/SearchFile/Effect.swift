/// The condition under which a field has an effect, where that depends on other fields.
package struct Effect: Sendable {
  /// The condition in words, after "it acts only".
  package let condition: String
  /// The fields that the condition reads.
  let fields: [String]
  /// Whether the field has an effect in a configuration with these values. Monotonic in each number, so the ends of
  /// the ranges decide whether it can hold.
  let holds: @Sendable (_ values: [String: Value]) -> Bool

  package init(
    _ condition: String, _ fields: [String], _ holds: @escaping @Sendable ([String: Value]) -> Bool
  ) {
    (self.condition, self.fields, self.holds) = (condition, fields, holds)
  }

  /// Whether the field has an effect in any configuration with these settings.
  func canHold(_ settings: [String: Setting]) -> Bool { combinations(settings).contains(where: holds) }

  /// Whether the field has no effect in some configuration with these settings.
  func canFail(_ settings: [String: Setting]) -> Bool { !combinations(settings).allSatisfy(holds) }

  /// The combinations of the extremes of the fields.
  private func combinations(_ settings: [String: Setting]) -> [[String: Value]] {
    var combinations: [[String: Value]] = [[:]]
    for field in fields {
      guard let values = settings[field]?.extremes else { continue }
      combinations = combinations.flatMap { combination in
        values.map { $0 == .omitted ? combination : combination.merging([field: $0]) { $1 } }
      }
    }
    return combinations
  }
}

extension Value? {
  /// The largest number in the value; 0 without one.
  package var largest: Double { numbers.max() ?? 0 }

  /// The smallest number in the value; infinite without one.
  package var smallest: Double { numbers.min() ?? .infinity }

  private var numbers: [Double] {
    switch self {
    case .integer(let number): [Double(number)]
    case .real(let number): [number]
    case .integers(let numbers): numbers.map(Double.init)
    case .reals(let numbers): numbers
    case .word, .flag, .list, nil: []
    }
  }
}

extension Setting {
  /// The values that decide whether a condition can hold: the words, and the lowest and highest numbers.
  fileprivate var extremes: [Value] {
    switch self {
    case .fixed(let value): [value]
    case .searched(let distribution):
      distribution.ends.map { [$0.low, $0.high] } ?? (distribution.points ?? []).extremes
    case .dependent: alternatives.flatMap(\.extremes)
    case .list(let elements):
      // The lists of all lowest and all highest elements.
      [\[Value].first, \[Value].last].map { end in
        .reals(elements.compactMap { $0.extremes[keyPath: end] }.map { Optional($0).largest })
      }
    }
  }
}

extension [Value] {
  /// All words; of the numbers and lists, only those with the lowest and the highest number, and the empty list. This
  /// limits the number of combinations of several fields.
  fileprivate var extremes: [Value] {
    let words = filter { if case .word = $0 { true } else { false } }
    let others = filter { if case .word = $0 { false } else { true } }
    let ends = [
      others.min { Optional($0).smallest < Optional($1).smallest },
      others.max { Optional($0).largest < Optional($1).largest },
      others.first { $0 == .integers([]) },
    ]
    return words + ends.compactMap(\.self)
  }
}

extension SearchFile {
  /// The values with nil for each parameter that has no effect in the configuration.
  package func effective(_ values: [Value]) -> [Value?] {
    guard !conditional.isEmpty, let given = given(values) else { return values }
    let active = space.active(values)
    var effective = zip(values, active).map { $1 ? $0 : nil }
    for index in conditional where active[index] && values[index] != .omitted {
      let effect = keys[space.parameters[index].field]?.effect
      if effect?.holds(given) == false { effective[index] = nil }
    }
    return effective
  }

  /// The values, with nil (a parameter without an effect) replaced by any value of its distribution.
  package func completed(_ values: [Value?]) -> [Value] {
    zip(space.parameters, values).map { $1 ?? $0.distribution.value(at: 0) }
  }
}

extension SearchFileRules {
  /// The keys in the file that have no effect in any trial.
  var inertKeys: [Fault] {
    read.keys.fields.compactMap { field in
      guard let setting = read.settings[field.path], !isReported(field.path) else { return nil }
      if let fault = inertBrought(field) { return fault }
      let location = read.locations[field.path] ?? read.locations["\(field.path).0"] ?? .file
      if !field.affectsResults, case .searched = setting {
        return Fault(
          location, field.path,
          "is searched, but has no effect on the results of trials; set it to one value")
      }
      guard let effect = field.effect, !effect.fields.contains(where: isReported), !effect.canHold(settings)
      else { return nil }
      let subject = if case .fixed = setting { "has" } else { "is searched, but has" }
      return Fault(location, field.path, "\(subject) no effect: it acts only \(effect.condition); remove it")
    }
  }

  /// The mistake of a key that a value of a choice brings, but that has no effect with that value.
  private func inertBrought(_ field: Field) -> Fault? {
    guard let effect = field.effect else { return nil }
    for brought in read.brought[field.path] ?? [] {
      var settings = settings
      settings[brought.origin.path] = .fixed(brought.origin.value)
      guard !effect.canHold(settings) else { continue }
      return Fault(
        read.locations[brought.path] ?? .file, field.path,
        "has no effect with \(brought.origin.path) \(brought.origin.value): it acts only \(effect.condition); remove it"
      )
    }
    return nil
  }

  /// Whether a key has no effect only because the budget was set on the command line, as for a short try.
  func isShortened(_ fault: Fault) -> Bool {
    read.locations[format.budgetKey] == .option
      && read.keys[fault.key]?.effect?.fields.contains(format.budgetKey) == true
  }
}
