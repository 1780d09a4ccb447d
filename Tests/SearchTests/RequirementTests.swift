import Testing

@testable import Search

/// The conditions that every configuration fulfils (`search.require`).
@Suite struct RequirementTests {
  private func text(
    _ requirements: String, sampler: Sampler = .random, trials: Int? = 40, start: String = "null",
    model: String = "activation: { choice: [relu, tanh] }"
  ) -> String {
    let count = trials.map { "trials: \($0), " } ?? ""
    return file(
      model: model,
      train: "lr: { log_uniform: [0.01, 1], steps: 3 }, batch: 16, patience: { choice: [null, 1, 2] }",
      search: "\(count)sampler: \(sampler.rawValue), start: \(start), require: \(requirements)"
    ).replacing("[32]", with: "[{ int: [1, 4] }, { int: [1, 4] }]")
  }

  /// The values are those of hidden.0, hidden.1, activation, lr and patience; a patience of 2 has no effect.
  @Test(arguments: [
    ("hidden.1 <= hidden.0", [true, false, false, true]),
    ("hidden.0 > model.hidden.1", [true, false, false, false]),
    ("hidden.0 + hidden.1 == 5 ", [true, true, true, false]),
    ("2 * (hidden.0 - 1) >= hidden.1 + 1", [true, false, false, true]),
    ("hidden.0 / -hidden.1 < -0.6", [true, false, true, true]),
    ("lr * 1e1 >= 1.0e0", [false, true, true, false]),
    ("activation == relu", [true, false, true, false]),
    ("activation == 'relu'", [true, false, true, false]),
    ("activation != relu or lr < .05", [true, true, false, true]),
    ("hidden.0 * 4 < train.batch", [true, true, true, true]),
    ("patience > hidden.0", [true, true, false, true]),
    ("patience == null", [true, true, false, true]),
    ("patience != null or lr < +0.05", [true, false, true, true]),
    ("patience != null", [false, false, true, false]),
    ("train.batch - 12 == hidden.1", [false, true, false, false]),
  ])
  func requirementHolds(requirement: String, expected: [Bool]) throws {
    let rows: [[Value]] = [
      [.integer(3), .integer(2), .word("relu"), .real(0.01), .omitted],
      [.integer(1), .integer(4), .word("tanh"), .real(0.1), .integer(2)],
      [.integer(2), .integer(3), .word("relu"), .real(1), .integer(1)],
      [.integer(3), .integer(3), .word("tanh"), .real(0.01), .omitted],
    ]
    let file = try parse(text("[\(requirement)]"))
    #expect(rows.map(file.allows) == expected)
    #expect(try rows.map(parse(text("\"\(requirement)\"")).allows) == expected, "without a list")
  }

  @Test(arguments: [
    (
      "hidden.0 <= hiden.1",
      "'hiden.1' is neither a number nor a searched parameter that has numbers; searched"
    ),
    ("hidden.0 + fast < 3", "'fast' is neither a number nor a searched parameter that has numbers; searched"),
    ("hidden.0 < activation", "is neither a number nor"),
    ("hidden.0", "needs a comparison after 'hidden.0': <=, >=, ==, !=, < or >"),
    ("hidden.0 = 3", "has '=', which has no meaning here; compare with =="),
    ("hidden.0 < 3 and lr < 1", "write each condition as an entry of its own, not 'and'"),
    ("1 < 2", "compares no searched parameter"),
    ("hidden.0 < ", "ends too early"),
    ("(hidden.0 + 3 < 7", "has a comparison in parentheses; write it without"),
    ("3 < (hidden.0", "lacks a closing parenthesis"),
    ("hidden.0 < 3 < 4", "has two comparisons in a row; write each as an entry of its own"),
    ("hidden.0 < 3 lr", "does not end before 'lr'"),
    (
      "Hidden.0 < 3",
      "compares no searched parameter; searched are hidden.0, hidden.1, activation, lr, patience"
    ),
    ("hidden.0 < 3 OR lr < 1", "write 'or' in lower case"),
    ("hidden.0 < search.trials", "'search.trials' is neither a number nor a searched parameter"),
    ("hidden.0 < search.heartbeat", "'search.heartbeat' is neither a number nor a searched parameter"),
    ("hidden.0 < 3x", "'3x' is not a number"),
    ("activation == rely", "'rely' is not one of relu, tanh"),
    ("activation < relu", "words are compared with == or !=, not <"),
    ("train.optimizer == sgd", "compares no searched parameter"),
    ("hidden.0 < * 3", "needs a name or number, not '*'"),
    ("model.hidden == 3", "compares no searched parameter"),
  ])
  func mistakeIsNamed(requirement: String, message: String) {
    let rejection = rejection(text("[\"\(requirement)\"]"))
    #expect(rejection.hasPrefix("search.yaml:4: search.require: '\(requirement)': "), "\(rejection)")
    #expect(rejection.contains(message), "\(rejection)")
  }

  @Test func deepNestingIsRejected() {
    let nested = String(repeating: "(", count: 10_000) + "lr"
    #expect(rejection(text("['\(nested) < 1']")).contains("too many parentheses"))
  }

  @Test(arguments: [Sampler.grid, .randomGrid])
  func gridHasOnlyThePointsThatFulfilThem(sampler: Sampler) throws {
    let file = try parse(text("[hidden.1 <= hidden.0, activation == tanh]", sampler: sampler, trials: nil))
    #expect(file.trials == 10 * 3 * 3)
    #expect(
      file.notices == ["search.trials: 90 points of the grid fulfil search.require; as many trials run"])
    #expect(Set((0..<90).map(file.values)).count == 90)
    let fewer = try parse(text("[hidden.1 <= hidden.0]", sampler: sampler, trials: 7))
    #expect(fewer.trials == 7 && fewer.notices.isEmpty)
  }

  @Test func tooFewConfigurationsAreRejected() {
    #expect(
      rejection(text("[hidden.0 > 4]", sampler: .grid, trials: nil)).hasSuffix(
        "search.require: no point of the grid fulfils it"))
    for sampler in [Sampler.random, .sobol, .tpe] {
      #expect(
        rejection(text("[hidden.0 > 4]", sampler: sampler)).hasSuffix(
          "search.require: no sampled configuration fulfils 'hidden.0 > 4'"))
    }
    let narrow = text("[hidden.0 == 40, hidden.1 == 40]").replacing("int: [1, 4]", with: "int: [1, 40]")
    #expect(rejection(narrow).contains("sampled configurations fulfil all conditions; use narrower ranges"))
    let wide = text("[hidden.0 > 500]", sampler: .grid).replacing("int: [1, 4]", with: "int: [1, 1000]")
    #expect(
      rejection(wide).contains(
        "none of the first 200000 points of the grid fulfil it; use narrower ranges or"))
    #expect(rejection(text("[hidden.0 < 3]", trials: 1, model: "dropout: 0.1")) == "accepted")
    #expect(rejection(file(search: "trials: 1, require: [lr < 1]")).contains("needs a searched parameter"))
  }

  @Test func firstConfigurationsFulfilThem() throws {
    let requirement = "[hidden.1 <= hidden.0]"
    let file = try parse(text(requirement, start: "[{ hidden.1: 4 }, { hidden.1: 2 }]"))
    #expect(file.values(trial: 0).prefix(2) == [.integer(4), .integer(4)])
    #expect(file.values(trial: 1)[1] == .integer(2))
    #expect((0..<file.trials).allSatisfy { file.allows(file.values(trial: $0)) })
    #expect(
      rejection(text(requirement, start: "[{ lr: 0.1 }, { hidden.0: 1, hidden.1: 2 }]")).hasSuffix(
        "search.require: no values complete configuration 2 of search.start"))
  }

  /// A parameter that has no effect is absent.
  @Test func parameterWithoutEffectIsNotCompared() throws {
    let text = file(
      train:
        "lr: { uniform: [0.1, 1] }, optimizer: { choice: [sgd, momentum] }, momentum: { uniform: [0, 0.99] }",
      search: "trials: 60, require: [momentum > lr]")
    let file = try parse(text)
    let columns = file.space.parameters.map(\.column)
    let momentum = columns.firstIndex(of: "momentum")!
    let all = (0..<file.trials).map { file.effective(file.values(trial: $0)) }
    #expect(all.contains { $0[momentum] == nil } && all.contains { $0[momentum] != nil })
    #expect(
      all.allSatisfy {
        $0[momentum] == nil || $0[momentum]!.number! > $0[columns.firstIndex(of: "lr")!]!.number!
      })
  }

  /// A word goes before a key of the same name.
  @Test(arguments: ["optimizer == momentum", "momentum == optimizer"])
  func wordMayBeTheNameOfAKey(requirement: String) throws {
    let text = file(
      train: "lr: 0.1, optimizer: { choice: [sgd, momentum] }, momentum: { uniform: [0, 0.99] }",
      search: "trials: 20, require: [\(requirement)]")
    let file = try parse(text)
    #expect((0..<file.trials).allSatisfy { file.values(trial: $0)[0] == .word("momentum") })
  }

  @Test func changePreventsResuming() throws {
    let file = try parse(text("[hidden.1 <= hidden.0]"))
    #expect(
      try parse(text("[hidden.1 < hidden.0]")).changesPreventingResume(of: file) == ["search.require"])
  }
}
