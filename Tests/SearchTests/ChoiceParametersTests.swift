import Testing
import Trials

@testable import Search

/// Parameters that the values of a choice bring.
@Suite struct ChoiceParametersTests {
  private static let optimizer = """
    optimizer: { choice: [
      { sgd: { lr: { log_uniform: [0.01, 1], steps: 3 } } },
      { momentum: { lr: { log_uniform: [0.001, 0.1], steps: 3 }, momentum: { choice: [0.8, 0.9] } } },
      { adamw: { lr: 0.001, l2: { log_uniform: [1e-6, 1e-3], steps: 2 } } } ] }
    """

  private func text(_ train: String = optimizer, sampler: Sampler = .random, trials: String = "60") -> String
  {
    file(train: train, search: "trials: \(trials), sampler: \(sampler.rawValue)")
  }

  private func columns(_ file: SearchFile) -> [String] { file.space.parameters.map(\.column) }

  @Test func columnsNameTheValueWhereTheKeyIsNotUnique() throws {
    let file = try parse(text())
    #expect(columns(file) == ["optimizer", "sgd.lr", "momentum.lr", "momentum", "l2"])
    #expect(
      file.space.parameters.map(\.field) == ["optimizer", "lr", "lr", "momentum", "l2"].map { "train.\($0)" })
    #expect(file.space.parameters[2].path == "train.optimizer.momentum.lr")
  }

  @Test(arguments: Sampler.allCases)
  func configurationHasTheKeysOfItsValue(sampler: Sampler) throws {
    let file = try parse(text(sampler: sampler, trials: sampler.isWithoutReplacement ? "11" : "60"))
    let all = SimulatedSearch(file).run(workers: 3)
    #expect(Set(all.map { $0[0] }).count == 3)
    for values in all {
      let effective = file.effective(values)
      let configuration = try #require(file.configuration(values: values))
      switch values[0] {
      case .word("sgd"):
        #expect(effective == [values[0], values[1], nil, nil, nil])
        #expect(configuration["train.lr"] == values[1])
        #expect(configuration["train.l2"] == .real(0), "the default")
      case .word("momentum"):
        #expect(effective == [values[0], nil, values[2], values[3], nil])
        #expect(configuration["train.lr"] == values[2] && configuration["train.momentum"] == values[3])
      default:
        #expect(effective == [values[0], nil, nil, nil, values[4]])
        #expect(configuration["train.lr"] == .real(0.001) && configuration["train.l2"] == values[4])
      }
    }
  }

  @Test(arguments: [Sampler.grid, .randomGrid])
  func gridHasEachConfigurationOnce(sampler: Sampler) throws {
    let file = try parse(text(sampler: sampler, trials: "1000"))
    #expect(file.trials == 3 + 3 * 2 + 2)
    let all = (0..<file.trials).map { file.effective(file.values(trial: $0)) }
    #expect(Set(all).count == file.trials)
    #expect(
      all.allSatisfy {
        zip(file.space.parameters, $0).allSatisfy { $1.map($0.distribution.contains) ?? true }
      })
  }

  @Test func gridOfSeveralChoicesIsTheirProduct() throws {
    let file = try parse(
      text(
        "batch: { choice: [8, { 16: { l2: { choice: [0, 1e-4] } } }] }, "
          + "optimizer: { choice: [sgd, { momentum: { momentum: { choice: [0.5, 0.8, 0.9] } } }] }, lr: 0.1",
        sampler: .grid, trials: "100"))
    #expect(file.trials == (1 + 2) * (1 + 3))
    #expect(Set((0..<12).map { file.effective(file.values(trial: $0)) }).count == 12)
  }

  @Test func valuesOfASectionHoldForTheOtherValues() throws {
    let file = try parse(
      text("lr: 0.5, optimizer: { choice: [sgd, { adamw: { lr: { uniform: [0.001, 0.01] } } }] }"))
    for trial in 0..<file.trials {
      let values = file.values(trial: trial)
      let rate = file.configuration(values: values)?["train.lr"]
      #expect(rate == (values[0] == .word("sgd") ? .real(0.5) : values[1]))
    }
  }

  @Test func broughtChoicesBringParameters() throws {
    let train = """
      lr: 0.1, optimizer: { choice: [sgd, { momentum: { momentum: { uniform: [0.1, 0.9] },
        batch: { choice: [8, { 16: { l2: { uniform: [0.1, 0.2] } } }] } } }] }
      """
    let file = try parse(text(train))
    #expect(columns(file) == ["optimizer", "momentum", "batch", "l2"])
    var seen: Set<[Bool]> = []
    for trial in 0..<file.trials {
      let values = file.values(trial: trial)
      let present = file.effective(values).map { $0 != nil }
      seen.insert(present)
      let isMomentum = values[0] == .word("momentum")
      #expect(present == [true, isMomentum, isMomentum, isMomentum && values[2] == .integer(16)])
      #expect(file.configuration(values: values)?["train.batch"] == (isMomentum ? values[2] : .integer(128)))
    }
    #expect(seen.count == 3)
  }

  @Test func sectionsAndListsCanBeBrought() throws {
    let file = try parse(
      file(
        model: "activation: { choice: [relu, { tanh: { hidden: [{ int: [4, 8] }, 5] } }] }",
        train: "lr: 0.1, optimizer: { choice: [sgd, { momentum: { schedule: { cosine: { warmup: 1 } } } }] }",
        search: "trials: 40"))
    #expect(columns(file) == ["activation", "hidden", "optimizer"])
    for trial in 0..<file.trials {
      let values = file.values(trial: trial)
      guard case .integer(let width) = values[1] else { throw Failure() }
      let configuration = try #require(file.configuration(values: values))
      #expect(configuration["model.hidden"] == .integers(values[0] == .word("tanh") ? [width, 5] : [32]))
      #expect(configuration.has("train.schedule.cosine.warmup") == (values[2] == .word("momentum")))
    }
  }

  @Test func listsOfSeveralValuesHaveColumnsOfTheirOwn() throws {
    let file = try parse(
      file(
        model: """
          activation: { choice: [
            { relu: { hidden: [{ int: [4, 8] }, { int: [4, 8] }] } }, { tanh: { hidden: [{ int: [4, 8] }] } } ] }
          """
      ).replacing("hidden: [32], ", with: ""))
    #expect(columns(file) == ["activation", "relu.hidden.0", "relu.hidden.1", "tanh.hidden.0"])
  }

  @Test func keysOfDifferentSectionsHaveDifferentPaths() throws {
    let train = """
      lr: 0.1, optimizer: { choice: [
        { sgd: { schedule: { step: { every: 1, gamma: { choice: [0.5, 0.6] } } } } },
        { momentum: { schedule: { milestones: { at: [2], gamma: { choice: [0.7, 0.8] } } } } }] }
      """
    let file = try parse(text(train))
    #expect(Set(file.space.parameters.map(\.path)).count == 3)
    for trial in 0..<file.trials {
      let values = file.values(trial: trial)
      let configuration = try #require(file.configuration(values: values))
      let isStep = values[0] == .word("sgd")
      #expect(configuration["train.schedule.step.gamma"] == (isStep ? values[1] : nil))
      #expect(configuration["train.schedule.milestones.gamma"] == (isStep ? nil : values[2]))
    }
  }

  @Test func givenParameterChoosesItsValue() throws {
    func file(_ start: String) -> String {
      text(trials: "30").replacing("sampler:", with: "start: [\(start)], sampler:")
    }
    for trials in [try parse(file("{ momentum.lr: 0.01 }")), try parse(file("{ momentum: 0.9 }"))] {
      #expect(trials.values(trial: 0)[0] == .word("momentum"))
    }
    #expect(
      rejection(file("{ optimizer: adamw, sgd.lr: 0.1 }")).hasSuffix(
        "search.start: sgd.lr is only in configurations with optimizer sgd, not adamw"))
    #expect(
      rejection(file("{ sgd.lr: 0.1, momentum: 0.9 }")).contains("is only in configurations with optimizer"))
    #expect(
      rejection(file("{ momentum: 0.9, train.optimizer.momentum.momentum: 0.9 }")).contains("is given twice"))
  }

  private struct Failure: Error {}

  @Test func parametersThatExcludeEachOtherShareDimensions() throws {
    let file = try parse(text(Self.optimizer + ", batch: { choice: [8, 16] }", sampler: .sobol))
    #expect(columns(file) == ["optimizer", "sgd.lr", "momentum.lr", "momentum", "l2", "batch"])
    #expect(file.space.dimensions == [0, 1, 1, 2, 1, 3])
  }

  /// TPE learns the best rate of each optimizer, though the ranges differ.
  @Test func densityIgnoresParametersThatAreAbsent() throws {
    let file = try parse(text(sampler: .tpe, trials: "120"))
    var suggestions = Suggestions(of: file)
    var adamw = 0
    for trial in 0..<120 {
      let suggested = suggestions.values(trial: trial)
      let values = try #require(suggested)
      let isBest = values[0] == .word("adamw") && values[4] == .real(1e-6)
      suggestions.report(trial: trial, objective: isBest ? 1 : values[0] == .word("adamw") ? 0.5 : 0)
      if trial >= 60, isBest { adamw += 1 }
    }
    #expect(adamw > 30)
  }

  @Test(arguments: [
    (
      "optimizer: { choice: [sgd, { adamw: { lr: 0.1 } }] }",
      "train.lr: is missing; needs a number above 0 (with another value of train.optimizer)"
    ),
    (
      "lr: 0.1, optimizer: { choice: [sgd, { adamw: { rate: 1 } }] }",
      "train.rate: unknown key; allowed here: epochs,"
    ),
    (
      "lr: 0.1, optimizer: { choice: [sgd, { adamw: {} }] }",
      "needs a value, or one value with the keys that it brings"
    ),
    (
      "lr: 0.1, optimizer: { choice: [{ sgd: { l2: 1 }, adamw: { l2: 1 } }] }",
      "needs a value, or one value with the"
    ),
    ("lr: 0.1, optimizer: { choice: [sgd, { adam: { l2: 1 } }] }", "train.optimizer: needs sgd, momentum"),
    (
      "lr: { uniform: [0.1, 1] }, optimizer: { choice: [sgd, { adamw: { lr: 1 } }] }",
      "train.lr: is searched, and adamw brings it; set it to one value, or list it with each value"
    ),
    (
      "lr: 0.1, optimizer: { choice: [sgd, { adamw: { l2: 1 } }] }, batch: { choice: [8, { 16: { l2: 1 } }] }",
      "train.l2: is brought by train.optimizer (adamw) already"
    ),
    (
      "lr: 0.1, optimizer: { choice: [{ sgd: { momentum: 0.9 } }, momentum] }",
      "train.momentum: has no effect with train.optimizer sgd: it acts only with"
    ),
    (
      "lr: 0.1, optimizer: { choice: [{ sgd: { lr: 1 } }, { adamw: { lr: 0.01 } }] }",
      "train.lr: has no effect: each value of train.optimizer brings it; remove it here"
    ),
    (
      "lr: 0.1, optimizer: { choice: [sgd, { adamw: { schedule: { step: { every: 1 } } } }] }",
      "train.schedule.step.gamma: is missing; needs a number above 0 and at most 1 (with train.optimizer adamw)"
    ),
    (
      "lr: 0.1, schedule: { exponential: 0.9 }, "
        + "optimizer: { choice: [sgd, { adamw: { schedule: { cosine: { warmup: 1 } } } }] }",
      "train.schedule: takes one form, not"
    ),
    (
      "lr: 0.1, optimizer: { choice: [sgd, { adamw: { optimizer: sgd } }] }",
      "train.optimizer: a value cannot bring the key of its own choice"
    ),
    (
      "lr: 0.1, optimizer: { choice: [sgd, { adamw: { lr: { int: [1, 2] } } }] }",
      "train.optimizer.adamw.lr: takes real"
    ),
  ])
  func mistakeIsNamed(train: String, message: String) {
    let rejection = rejectionOfNewSearch(text(train))
    #expect(rejection.contains(message), "\(rejection)")
  }

  private func rejectionOfNewSearch(_ text: String) -> String {
    do {
      _ = try SearchFileParser(inertKeys: .rejected) { _ in EmbeddedFormat.shared }.parse(
        text, file: "search.yaml")
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func startAndRequirementsUseTheColumns() throws {
    let file = try parse(
      file(
        train: Self.optimizer,
        search: """
          trials: 30, start: [{ optimizer: momentum, momentum.lr: 0.01 }], require: [momentum.lr < 0.05, sgd.lr > 0.05]
          """))
    #expect(file.values(trial: 0)[0] == .word("momentum") && file.values(trial: 0)[2] == .real(0.01))
    for trial in 0..<file.trials {
      let values = file.effective(file.values(trial: trial))
      #expect(values[1] == nil || values[1]!.number! > 0.05)
      #expect(values[2] == nil || values[2]!.number! < 0.05)
    }
  }
}
