import Randomness
import Testing
import Trials

@testable import Search

/// Samples of a function at random points of the unit cube.
private func samples(
  _ count: Int, sides: Int, of function: ([Double], inout Philox) -> Double
) -> [RegressionTree.Sample] {
  var generator = Philox(seed: 1, stream: 5)
  return (0..<count).map { _ in
    let point = (0..<sides).map { _ in generator.uniform() }
    return .init(point: point, score: function(point, &generator))
  }
}

@Suite struct RegressionTreeTests {
  /// The number of cells per side; the function differs between cells.
  private static let cells = 8
  private let tree: RegressionTree

  init() {
    var generator = Philox(seed: 3, stream: 1)
    let all = (0..<Self.cells * Self.cells).map { index in
      let point = [index / Self.cells, index % Self.cells].map { (Double($0) + 0.5) / Double(Self.cells) }
      return RegressionTree.Sample(point: point, score: point[0] + generator.uniform())
    }
    tree = RegressionTree(all, fewestInLeaf: 3)
  }

  /// The function in each cell, in which it is constant.
  private var lattice: [[Double]] {
    let places = (0..<Self.cells).map { (Double($0) + 0.5) / Double(Self.cells) }
    return places.map { first in places.map { tree.value(at: [first, $0]) } }
  }

  private func variance(_ numbers: [Double]) -> Double {
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    return numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
  }

  @Test func leavesFillTheCubeWithoutOverlap() {
    #expect(abs(tree.leaves.reduce(0) { $0 + $1.volume } - 1) < 1e-12)
    #expect(tree.leaves.count > 4 && lattice.joined().allSatisfy(\.isFinite))
    #expect(tree.value(at: [0, 0]).isFinite && tree.value(at: [1, 1]).isFinite)
  }

  @Test func variancesEqualThoseOfBruteForceIntegration() {
    let rows = lattice.map { $0.reduce(0, +) / Double(Self.cells) }
    let columns = (0..<Self.cells).map { column in
      lattice.reduce(0) { $0 + $1[column] } / Double(Self.cells)
    }
    #expect(abs(tree.variance - variance(lattice.flatMap(\.self))) < 1e-12)
    #expect(abs(tree.variance(along: 0) - variance(rows)) < 1e-12)
    #expect(abs(tree.variance(along: 1) - variance(columns)) < 1e-12)
  }

  @Test func separatesAdjacentNumbers() {
    let high = 0.5.nextUp
    let points = [0.5, 0.5, high, high].map { RegressionTree.Sample(point: [$0], score: $0 == high ? 1 : 0) }
    let tree = RegressionTree(points, fewestInLeaf: 2)
    #expect(tree.value(at: [0.5]) == 0 && tree.value(at: [high]) == 1)
  }
}

@Suite struct ImportanceTests {
  private let numbers: [Int?] = [nil, nil, nil]

  @Test func sharesOfASumAreThoseOfItsTerms() throws {
    let sum = samples(200, sides: 3) { point, _ in 3 * point[0] + point[1] }
    let importance = try #require(Importance(sum, choices: numbers, seed: 7))
    #expect(abs(importance.shares[0] - 0.9) < 0.05)
    #expect(abs(importance.shares[1] - 0.1) < 0.05)
    #expect(importance.shares[2] < 0.01 && importance.interactions < 0.05)
    #expect(importance.rSquared > 0.9 && importance.isReliable && importance.trials == 200)
    #expect(abs(importance.shares.reduce(0, +) + importance.interactions - 1) < 1e-9)
  }

  @Test func productHasOnlyInteractions() throws {
    let product = samples(300, sides: 3) { point, _ in (point[0] - 0.5) * (point[1] - 0.5) }
    let importance = try #require(Importance(product, choices: numbers, seed: 7))
    #expect(importance.interactions > 0.6 && importance.isReliable)
  }

  @Test func noiseIsNotReliable() throws {
    let noise = samples(60, sides: 3) { _, generator in generator.normal() }
    #expect(try !#require(Importance(noise, choices: numbers, seed: 7)).isReliable)
  }

  @Test func isIndependentOfTheOrderOfCategories() throws {
    let good = [0.0, 1, 0, 1, 0, 1]
    func importance(_ order: [Int]) throws -> Importance {
      var generator = Philox(seed: 2, stream: 2)
      let trials = (0..<120).map { _ in
        let category = Int(generator.below(6))
        let score = good[category] + 0.1 * generator.uniform()
        return RegressionTree.Sample(
          point: [(Double(order[category]) + 0.5) / 6, generator.uniform()], score: score)
      }
      return try #require(Importance(trials, choices: [6, nil], seed: 7))
    }
    let (listed, sorted) = (try importance([0, 1, 2, 3, 4, 5]), try importance([0, 3, 1, 4, 2, 5]))
    #expect(listed.shares[0] > 0.95 && abs(listed.shares[0] - sorted.shares[0]) < 0.02)
  }

  @Test func isDeterministic() {
    let some = samples(40, sides: 3) { point, generator in point[0] + generator.normal() }
    #expect(Importance(some, choices: numbers, seed: 7) == Importance(some, choices: numbers, seed: 7))
    #expect(Importance(some, choices: numbers, seed: 7) != Importance(some, choices: numbers, seed: 8))
  }

  @Test func isNilForTooFewOrEqualTrials() {
    #expect(Importance(samples(9, sides: 3) { point, _ in point[0] }, choices: numbers, seed: 7) == nil)
    #expect(Importance(samples(50, sides: 3) { _, _ in 0.5 }, choices: numbers, seed: 7) == nil)
  }
}

@Suite struct PositionTests {
  private func distribution(_ shape: Distribution.Shape, steps: Int? = nil) throws -> Distribution {
    try Distribution(shape, steps: steps)
  }

  @Test func positionsOfSamplesAreUniform() throws {
    let all = [
      try distribution(.uniform(low: -3, high: 5)), try distribution(.logUniform(low: 1e-7, high: 1e-2)),
      try distribution(.int(low: 2, high: 900)), try distribution(.logInt(low: 1, high: 4096)),
      try distribution(.logUniform(low: 1e-4, high: 1), steps: 9),
      try distribution(.choice([.word("a"), .word("b"), .integers([1, 2])])),
      try distribution(.uniform(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude)),
    ]
    for distribution in all {
      var generator = Philox(seed: 4, stream: 4)
      let positions = (0..<4000).map { _ in
        distribution.position(of: distribution.value(at: generator.next()))
      }
      #expect(positions.allSatisfy { (0...1).contains($0) })
      #expect(abs(positions.reduce(0, +) / 4000 - 0.5) < 0.03, "\(distribution.shape)")
    }
  }

  @Test func positionsOfTheEnds() throws {
    let log = try distribution(.logUniform(low: 0.01, high: 1))
    #expect(log.position(of: .real(0.01)) == 0 && log.position(of: .real(1)) == 1)
    #expect(abs(log.position(of: .real(0.1)) - 0.5) < 1e-12)
    #expect(try distribution(.int(low: 1, high: 4)).position(of: .integer(4)) == 0.875)
  }
}

@Suite struct EdgeWarningTests {
  /// The warnings if the best trials have these values of one parameter, best first, and all others the last of them.
  private func warnings(_ key: String, _ best: [Value], of count: Int = 40) throws -> [EdgeWarning] {
    let file = try parse(file(model: "dropout: 0", train: key))
    let ranked = (0..<count).map { rank in
      TrialResult(
        trial: rank, values: [best[min(rank, best.count - 1)]], status: .done, epochs: 1,
        objective: -Double(rank))
    }
    return EdgeWarning.of(file, ranked: ranked)
  }

  private func ends(_ key: String, _ best: Value) throws -> [EdgeWarning.End] {
    try warnings(key, [best]).map(\.end)
  }

  @Test func warnsIfTheBestTrialIsAtAnEnd() throws {
    #expect(try ends("lr: { uniform: [0.15, 0.25] }", .real(0.248)) == [.upper])
    #expect(try ends("lr: { uniform: [0.15, 0.25] }", .real(0.151)) == [.lower])
    #expect(try ends("lr: { uniform: [0.15, 0.25] }", .real(0.24)) == [])
    #expect(try ends("lr: { log_uniform: [1e-4, 1] }", .real(1.2e-4)) == [.lower])
    #expect(try ends("lr: { log_uniform: [1e-4, 1] }", .real(0.04)) == [])
  }

  @Test func firstAndLastValueAreEnds() throws {
    #expect(try ends("lr: { uniform: [0.1, 0.5], steps: 3 }", .real(0.5)) == [.upper])
    #expect(try ends("lr: { uniform: [0.1, 0.5], steps: 3 }", .real(0.3)) == [])
    #expect(try ends("lr: { uniform: [0.1, 0.5], steps: 2 }", .real(0.5)) == [])
    #expect(try ends("lr: 0.1, batch: { int: [16, 20] }", .integer(16)) == [.lower])
    #expect(try ends("lr: 0.1, batch: { int: [16, 17] }", .integer(16)) == [])
    #expect(try ends("lr: { choice: [0.1, 0.2, 0.3] }", .real(0.1)) == [])
  }

  @Test func limitOfTheKeyGivesNoWarning() throws {
    #expect(try ends("lr: 0.1, l2: { uniform: [0, 1] }", .real(0)) == [])
    #expect(try ends("lr: 0.1, l2: { uniform: [0, 1] }", .real(1)) == [.upper])
    #expect(try ends("lr: 0.1, batch: { int: [1, 9] }", .integer(1)) == [])
  }

  @Test func warnsIfMostTopTrialsAreAtAnEnd() throws {
    let key = "lr: { uniform: [0.1, 1] }"
    let warning = try #require(try warnings(key, [0.5, 0.99, 0.98, 0.99, 0.4].map(Value.real)).first)
    #expect(warning.end == .upper && !warning.holdsBest && warning.count == 3 && warning.few == 5)
    #expect(try warnings(key, [0.5, 0.99, 0.98, 0.11, 0.11].map(Value.real)).isEmpty)
  }

  @Test func tooFewTrialsGiveNoWarning() throws {
    #expect(try warnings("lr: { uniform: [0.15, 0.25] }", [.real(0.15)], of: 4).isEmpty)
  }
}

@Suite struct RungAgreementTests {
  private func history(_ scores: [Double]) -> TrialHistory {
    scores.enumerated().reduce(into: TrialHistory()) { history, epoch in
      history.append(
        TrialMeasurement(
          step: Double(epoch.offset + 1), ["val_accuracy": epoch.element, "val_loss": 1 - epoch.element]))
    }
  }

  @Test func tauHandlesTies() throws {
    let pairs = zip([1, 2, 3, 4, 5, 6, 6, 8], [2, 1, 4, 3, 7, 5, 5, 5]).map { (Double($0), Double($1)) }
    // scipy.stats.kendalltau 1.11
    #expect(abs(try #require(KendallTau.of(pairs)) - 0.5773502691896258) < 1e-12)
    #expect(KendallTau.of([(1, 1), (2, 2), (3, 3)]) == 1)
    #expect(KendallTau.of([(1, 3), (2, 2), (3, 1)]) == -1)
    #expect(KendallTau.of([(1, 3), (1, 2)]) == nil && KendallTau.of([]) == nil)
  }

  @Test func comparesEachRungWithTheNextOverPromotedTrials() {
    var histories = Dictionary(uniqueKeysWithValues: (0..<9).map { ($0, history([Double($0) / 10])) })
    for trial in 4..<9 { histories[trial] = history([Double(trial) / 10, 0.5, Double(trial) / 10]) }
    histories[8] = history([0.8, 0.5, 0.8, 0.9, 0.9])
    let rungs = RungAgreement.of(budgets: [1, 3, 5], histories: histories, by: .valAccuracy)
    #expect(rungs == [RungAgreement(epochs: 1, nextEpochs: 3, tau: 1, trials: 5)])
    #expect(RungAgreement.of(budgets: [1, 3, 5], histories: histories, by: .valLoss) == rungs)
    for trial in 0..<9 {
      histories[trial]?.append(
        TrialMeasurement(step: 0.25, ["val_accuracy": -Double(trial), "val_loss": Double(trial)]))
    }
    let withPart = RungAgreement.of(budgets: [0.25, 1, 3, 5], histories: histories, by: .valAccuracy)
    #expect(withPart == [RungAgreement(epochs: 0.25, nextEpochs: 1, tau: -1, trials: 9)] + rungs)
  }

  @Test func ignoresTrialsWithoutAScore() {
    var histories = Dictionary(
      uniqueKeysWithValues: (0..<6).map { ($0, history([Double($0) / 10, -Double($0) / 10])) })
    histories[6] = history([0.1, .nan])
    let rungs = RungAgreement.of(budgets: [1, 2], histories: histories, by: .valAccuracy)
    #expect(rungs == [RungAgreement(epochs: 1, nextEpochs: 2, tau: -1, trials: 6)])
  }
}

@Suite struct InsightTests {
  private let lr = "lr: { log_uniform: [1e-3, 1] }, l2: { uniform: [0, 1] }"

  private func score(_ values: [Value]) -> Double {
    if case .real(let lr) = values[0] { lr } else { 0 }
  }

  /// The results of all trials of a file, best first.
  private func ranked(_ file: SearchFile, diverging: Set<Int> = []) -> [TrialResult] {
    let results = (0..<file.trials).map { trial in
      let values = file.values(trial: trial)
      return TrialResult(
        trial: trial, values: values, status: diverging.contains(trial) ? .diverged : .done, epochs: 1,
        objective: diverging.contains(trial) ? nil : score(values))
    }
    return Ranking.ranked(results, by: file.goal)
  }

  @Test func computesImportanceAndEdgesFromTheRanking() throws {
    let file = try parse(file(train: lr, search: "trials: 80"))
    let insight = Insight(file, ranked: ranked(file), histories: [:])
    let shares = try #require(insight.importance).shares
    #expect(shares[0] > 0.9 && shares[1] < 0.05)
    #expect(insight.edges.map(\.parameter.column) == ["lr"] && insight.rungs.isEmpty)
  }

  @Test func divergedTrialsGetTheWorstScore() throws {
    let file = try parse(file(train: lr, search: "trials: 60"))
    let all = ranked(file)
    let best = Set(all.prefix(20).map(\.trial))
    let insight = Insight(file, ranked: ranked(file, diverging: best), histories: [:])
    #expect(insight.divergedCount == 20 && insight.importance?.trials == 60)
    let without = Insight(file, ranked: Array(all.dropFirst(20)), histories: [:])
    #expect(insight.importance != without.importance && without.divergedCount == 0)
    let lost = all.map { result in
      var result = result
      result.status = .failed
      return result
    }
    #expect(Insight(file, ranked: lost, histories: [:]).importance == nil)
  }

  @Test func halvingUsesScoresOfTheFirstRung() throws {
    let file = try parse(
      file(train: lr, search: "trials: 60, halving: { min_epochs: 1, factor: 2 }"))
    // The score after the first epoch depends on the learning rate, the final objective does not.
    let ranked = (0..<60).map { trial in
      TrialResult(
        trial: trial, values: file.values(trial: trial), status: .stopped, epochs: 1, objective: Double(trial)
      )
    }
    let histories = Dictionary(
      uniqueKeysWithValues: ranked.map {
        var history = TrialHistory()
        history.append(
          TrialMeasurement(step: 1, ["val_accuracy": score($0.values.compactMap(\.self)), "val_loss": 0]))
        return ($0.trial, history)
      })
    let insight = Insight(file, ranked: ranked, histories: histories)
    #expect(insight.epochs == 1 && insight.importance?.shares[0] ?? 0 > 0.9)
    #expect(Insight(file, ranked: ranked, histories: [:]).importance == nil)
    let stopped = Insight(file, ranked: Array(ranked.dropLast()), histories: histories)
    #expect(stopped.importance == nil && stopped.edges.isEmpty)
  }

  @Test func oneParameterHasNoImportance() throws {
    let file = try parse(file(train: "lr: { log_uniform: [1e-3, 1] }", search: "trials: 60"))
    #expect(Insight(file, ranked: ranked(file), histories: [:]).importance == nil)
  }
}
