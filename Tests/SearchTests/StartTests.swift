import Testing

@testable import Search

/// The configurations to try first.
@Suite struct StartTests {
  private func text(_ start: String, sampler: Sampler = .random, trials: Int = 40) -> String {
    file(
      model: "activation: { choice: [relu, tanh] }", train: "lr: { log_uniform: [0.01, 1] }",
      search: "trials: \(trials), sampler: \(sampler.rawValue), start: \(start)"
    ).replacing("[32]", with: "[{ int: [8, 64] }]")
  }

  private static let samplers = Sampler.allCases.filter { !$0.isWithoutReplacement }

  private func values(_ file: SearchFile) -> [[Value]] {
    var suggestions = Suggestions(of: file)
    return (0..<file.trials).map { trial in
      let values = suggestions.values(trial: trial)!
      suggestions.report(trial: trial, objective: Double(trial % 7))
      return values
    }
  }

  @Test(arguments: samplers)
  func firstTrialsAreThoseOfTheFile(sampler: Sampler) throws {
    let file = try parse(
      text("[{ lr: 0.1, hidden: 32, activation: tanh }, { model.hidden.0: 64 }]", sampler: sampler))
    let all = values(file)
    let parameters = file.space.parameters.map(\.column)
    func index(_ column: String) -> Int { parameters.firstIndex(of: column)! }
    #expect(all[0][index("lr")] == .real(0.1) && all[0][index("hidden")] == .integer(32))
    #expect(all[0][index("activation")] == .word("tanh"))
    #expect(all[1][index("hidden")] == .integer(64))
    #expect(all.allSatisfy(file.space.contains))
    #expect(values(file) == all)
    // A value that is left out is not that of another trial.
    #expect(Set(all.map { $0[index("lr")] }).count == all.count)
  }

  /// The other trials are those of a search without `start`; those of `tpe` also learn from the first ones.
  @Test(arguments: [Sampler.random, .sobol])
  func otherTrialsAreThoseOfTheSampler(sampler: Sampler) throws {
    let plain = values(try parse(text("null", sampler: sampler)))
    let shifted = values(try parse(text("[{ lr: 0.1 }, { lr: 0.2 }, { lr: 0.3 }]", sampler: sampler)))
    #expect(Array(shifted.dropFirst(3)) == Array(plain.dropLast(3)))
  }

  @Test func nullIsAValueOfAChoiceThatHasIt() throws {
    let file = try parse(
      file(
        train: "lr: 0.1, patience: { choice: [null, 1] }", search: "trials: 3, start: [{ patience: null }]"))
    #expect(file.values(trial: 0) == [.omitted])
  }

  @Test(arguments: [
    ("{ lr: 0.1 }", "search.start: needs a list of configurations, such as [{ hidden: 8 }]"),
    ("[0.1]", "search.start: needs names and values, such as { hidden: 8 }, not '0.1'"),
    ("[{ rate: 0.1 }]", "search.start: unknown parameter 'rate'; searched are hidden, activation, lr"),
    ("[{ lr: 2 }]", "search.start: lr: 2 is not in the search space: 0.01 to 1, logarithmic"),
    ("[{ lr: fast }]", "search.start: lr: needs a number above 0, not 'fast'"),
    ("[{ activation: sigmoid }]", "search.start: activation: sigmoid is not in the search space: relu, tanh"),
    ("[{ hidden: [8] }]", "search.start: hidden: needs a whole number from 1 to 65536, not a list"),
  ])
  func mistakeIsNamed(start: String, message: String) {
    #expect(rejection(text(start)).hasSuffix(message), "\(rejection(text(start)))")
  }

  @Test func gridsAndTooManyConfigurationsAreRejected() {
    let grid = rejection(
      text("[{ hidden: 8 }]", sampler: .randomGrid).replacing("[0.01, 1]", with: "[0.01, 1], steps: 3"))
    #expect(grid.contains("search.start: cannot be combined with 'sampler: random-grid'"))
    #expect(
      rejection(text("[{ lr: 0.1 }, { lr: 0.2 }]", trials: 1)).hasSuffix(
        "search.start: has 2 configurations, but 'trials' is 1"))
  }

  /// A resumed search must have the same first trials.
  @Test func changePreventsResuming() throws {
    let file = try parse(text("[{ lr: 0.1 }]"))
    #expect(try parse(text("[{ lr: 0.2 }]")).changesPreventingResume(of: file) == ["search.start"])
    #expect(try parse(text("[ { \"lr\": 0.1 } ]")).changesPreventingResume(of: file) == [])
  }
}
