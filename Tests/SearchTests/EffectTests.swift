import RunFiles
import Testing
import Trials

@testable import Search

/// Keys without an effect.
@Suite struct EffectTests {
  private func mistakes(_ text: String, _ overrides: [SearchFile.Override] = []) -> [String] {
    do {
      _ = try SearchFile.parse(text, file: "search.yaml", overrides: overrides, inertKeys: .rejected)
      return []
    } catch {
      return error.mistakes.map { "\($0.key): \($0.message)" }
    }
  }

  /// Keys of `train` that have no effect, and the reason.
  static let inert = [
    ("momentum: 0.9", "has no effect: it acts only with 'optimizer: momentum' or 'nesterov'; remove it"),
    (
      "momentum: { uniform: [0.5, 0.9] }",
      "is searched, but has no effect: it acts only with 'optimizer: momentum' or 'nesterov'; remove it"
    ),
    (
      "optimizer: { choice: [sgd, adamw] }, momentum: { choice: [0.5, 0.9] }",
      "is searched, but has no effect: it acts only with 'optimizer: momentum' or 'nesterov'; remove it"
    ),
    ("decay: decoupled", "has no effect: it acts only with 'l2' above 0; remove it"),
    ("l2: [0, 0], decay: norm", "has no effect: it acts only with 'l2' above 0; remove it"),
    (
      "schedule: { exponential: 0.5 }, epochs: 1",
      "has no effect: it acts only with at least 2 epochs; remove it"
    ),
    (
      "schedule: { step: { every: 3, gamma: 0.5 } }",
      "has no effect: it acts only if 'every' is less than 'epochs'; remove it"
    ),
    (
      "schedule: { milestones: { at: [3, 5], gamma: 0.5 } }",
      "has no effect: it acts only if 'at' is less than 'epochs'; remove it"
    ),
    ("patience: 2", "has no effect: it acts only if it is at most 'epochs' - 2; remove it"),
    (
      "keep: { choice: [last, best] }",
      "is searched, but has no effect on the results of trials; set it to one value"
    ),
  ]

  private func text(_ train: String) -> String {
    let text = file(train: "lr: 1, \(train)")
    return train.contains("epochs: 1") ? text.replacing("epochs: 3, ", with: "") : text
  }

  @Test(arguments: inert)
  func inertKeyIsRejected(train: String, message: String) throws {
    let found = mistakes(text(train))
    #expect(!found.isEmpty && found.allSatisfy { $0.hasSuffix(": \(message)") }, "\(found)")
    // Searches of earlier versions still open.
    #expect(try parse(text(train)).inertKeys.contains { $0.hasSuffix(message) })
  }

  /// Keys of `train` that have an effect in at least one trial.
  static let active = [
    "optimizer: nesterov, momentum: 0.9",
    "optimizer: { choice: [sgd, momentum] }, momentum: { choice: [0.5, 0.9] }",
    "l2: { uniform: [0, 1] }, decay: norm", "l2: [0, 1e-3], decay: norm",
    "l2: [0, { uniform: [0, 1] }], decay: norm",
    "schedule: { step: { every: { int: [2, 9] }, gamma: 0.5 } }",
    "schedule: { milestones: { at: [2, 5], gamma: 0.5 } }",
    "patience: 1", "patience: { int: [1, 5] }", "schedule: { cosine: { warmup: 5 } }",
  ]

  @Test(arguments: active)
  func keyWithAnEffectIsAccepted(train: String) { #expect(mistakes(text(train)) == []) }

  @Test func keysOfOtherSectionsAreChecked() {
    let base = file()
    func with(_ section: String) -> [String] { mistakes(base + "\n" + section) }
    #expect(with("augment: { mode: online, probability: 0.3 }").count == 2)
    #expect(with("augment: { mode: online, shift: { choice: [0, 0.1] } }") == [])
    #expect(with("augment: { mode: online, shift: 0.1, rotate: 9, probability: 0 }").count == 2)
    #expect(with("augment: { shift: 0.1, probability: 0 }") == [], "the copies have an effect")
    let linear = base.replacing("hidden: [32]", with: "hidden: [], activation: tanh, dropout: 0.5")
    #expect(mistakes(linear).count == 1, "the activation selects the initialisation")
    #expect(mistakes(linear.replacing("tanh", with: "tanh, init: he")).count == 2)
    #expect(
      mistakes(base.replacing("digits", with: "{ name: digits, validation: test, split: 3 }")).count == 1)
  }

  @Test func epochsShortenedByAnOptionAreNoMistake() {
    let scheduled = file(train: "lr: 1, schedule: { step: { every: 2, gamma: 0.1 } }")
    let override = SearchFile.Override(key: "train.epochs", value: "1")
    #expect(mistakes(scheduled) == [])
    #expect(mistakes(scheduled, [override]) == [])
  }

  @Test func nullTakesAKeyBack() {
    let text = file(train: "lr: 1, optimizer: momentum, momentum: 0.5")
    let sgd = SearchFile.Override(key: "train.optimizer", value: "sgd")
    #expect(mistakes(text, [sgd]).count == 1)
    #expect(mistakes(text, [sgd, .init(key: "train.momentum", value: "null")]) == [])
  }

  @Test func manyChoicesAreCheckedQuickly() {
    let many = (1...2000).map(String.init).joined(separator: ",")
    let text = """
      dataset: digits
      model: { hidden: [3] }
      train: { lr: 1, keep: last, epochs: { choice: [\(many)] }, patience: { choice: [\(many)] } }
      search: { trials: 5 }
      """
    #expect(mistakes(text) == [])
  }

  private static let conditional = file(
    train:
      "lr: { choice: [1, 2] }, optimizer: { choice: [sgd, momentum] }, momentum: { uniform: [0.5, 0.9] }",
    search: "trials: 40")

  @Test func parameterWithoutEffectIsAnEmptyCell() throws {
    let file = try parse(Self.conditional)
    let results = (0..<40).map { trial in
      file.result(
        of: TrialEnd(trial: trial, status: .done, epochs: 3, metrics: ["val_accuracy": 0.5]),
        file.values(trial: trial))
    }
    let sgd = results.filter { $0.values[1] == .word("sgd") }
    #expect((1..<40).contains(sgd.count))
    #expect(results.allSatisfy { ($0.values[2] == nil) == ($0.values[1] == .word("sgd")) })
    let rows = String(decoding: ResultTable.csv(results, of: file).bytes, as: UTF8.self).split(
      separator: "\n")
    #expect(rows.count { $0.contains(",sgd,,") } == sgd.count)
    #expect(file.configuration(values: file.completed(sgd[0].values)) != nil)
    #expect(file.conditional == [2])
    // The activation and dropout always have an effect with a hidden layer.
    let always = SearchTests.file(
      model: "activation: { choice: [relu, tanh] }, dropout: { uniform: [0, 0.5] }")
    #expect(try parse(always).conditional == [])
  }

  @Test func trialsWithoutEffectDoNotCountForImportanceAndEdges() throws {
    let file = try parse(Self.conditional)
    // All good trials use sgd, and the sampled momentum of sgd would be at the upper edge.
    let results = (0..<40).map { trial in
      let values = file.values(trial: trial)
      let isPlain = values[1] == .word("sgd")
      return file.result(
        of: TrialEnd(trial: trial, status: .done, epochs: 3, metrics: ["val_accuracy": isPlain ? 0.9 : 0.5]),
        isPlain ? [values[0], values[1], .real(0.9)] : [values[0], values[1], .real(0.7)])
    }
    let insight = Insight(file, ranked: Ranking.ranked(results, by: file.goal), histories: [:])
    #expect(insight.edges.isEmpty)
    #expect(insight.importance?.shares[1] ?? 0 > 0.9)
    #expect(insight.conditional == ["momentum"])
  }

  @Test func manyChoicesOfSeveralKeysStayFew() {
    func choices(_ scale: Double) -> String {
      (0..<330).map { "\(Double($0) * scale)" }.joined(separator: ",")
    }
    let text =
      file() + """

        augment: { rotate: { choice: [\(choices(0.5))] }, shift: { choice: [\(choices(0.001))] }, scale: { choice: [\(choices(0.001))] }, mode: online }
        """
    #expect(mistakes(text) == [])
  }

  @Test func activationSelectsTheInitialisationOfALinearModel() throws {
    let text = file(model: "activation: { choice: [relu, tanh] }").replacing("[32]", with: "[]")
    let linear = try parse(text)
    #expect(linear.effective([.word("tanh")]) == [.word("tanh")])
    let fixed = try parse(text.replacing("activation", with: "init: he, activation"))
    #expect(fixed.effective([.word("tanh")]) == [nil])
  }

  @Test func nullIsAnAlternativeEvenWithoutEffect() throws {
    let file = try parse(file(train: "lr: 1, keep: last, patience: { choice: [null, 1, 9] }"))
    #expect(file.effective([.omitted]) == [.omitted])
    #expect(file.effective([.integer(1)]) == [.integer(1)])
    #expect(file.effective([.integer(9)]) == [nil])
  }
}
