import Randomness
import Testing

@testable import Search

/// Tests for all samplers; a new sampler needs a row.
@Suite struct SamplerConformanceTests {
  /// The spread of the points without observations.
  enum Spread {
    case independent, stratified, everyPointOnce
  }

  struct Row: CustomTestStringConvertible, Sendable {
    let sampler: Sampler
    let spread: Spread
    /// Whether the points depend on the seed.
    var isSeeded = true

    var testDescription: String { sampler.rawValue }
  }

  static let rows = [
    Row(sampler: .random, spread: .independent),
    Row(sampler: .randomGrid, spread: .everyPointOnce),
    Row(sampler: .grid, spread: .everyPointOnce, isSeeded: false),
    Row(sampler: .sobol, spread: .stratified),
    Row(sampler: .tpe, spread: .independent),
  ]

  @Test func everySamplerHasARow() {
    #expect(Self.rows.map(\.sampler) == Sampler.allCases)
  }

  @Test(arguments: rows)
  func configurationsAreInTheSpace(row: Row) throws {
    let file = try row.search(seed: 1)
    #expect(SimulatedSearch(file).run(workers: 3).allSatisfy(file.space.contains))
  }

  @Test(arguments: rows)
  func configurationsDependOnlyOnTheSeed(row: Row) throws {
    let lists = try [1, 1, 2].map { SimulatedSearch(try row.search(seed: $0)).run(workers: 1) }
    #expect(lists[0] == lists[1])
    #expect((lists[0] != lists[2]) == row.isSeeded)
  }

  @Test(arguments: rows, [2, 5, 9])
  func configurationsAreIndependentOfWorkersAndOrderOfArrival(row: Row, workers: Int) throws {
    let file = try row.search(seed: 3)
    let alone = SimulatedSearch(file).run(workers: 1)
    for order in 0..<3 as Range<UInt64> {
      let simulation = SimulatedSearch(file, order: order)
      #expect(simulation.run(workers: workers) == alone)
    }
  }

  @Test(arguments: rows)
  func resumedSearchHasTheSameConfigurations(row: Row) throws {
    let file = try row.search(seed: 4)
    let uncut = SimulatedSearch(file).run(workers: 1)
    for done in [1, 13, 40] {
      #expect(SimulatedSearch(file).run(workers: 4, knowing: uncut.prefix(done)) == uncut)
    }
    var suggestions = SimulatedSearch(file).suggestions(knowing: uncut[...])
    let backwards = uncut.indices.reversed().map { suggestions.values(trial: $0) }
    #expect(backwards.reversed() == uncut)
  }

  @Test(arguments: rows)
  func requirementsHoldAndLeaveOtherConfigurationsAsTheyAre(row: Row) throws {
    let file = try row.search(
      seed: 5, requiring: "[hidden.1 * 8 <= hidden.0 + batch, activation != tanh or lr < 1e-2]")
    let alone = SimulatedSearch(file).run(workers: 1)
    #expect(SimulatedSearch(file).run(workers: 5) == alone)
    #expect(SimulatedSearch(file).run(workers: 4, knowing: alone.prefix(20)) == alone)
    let columns = file.space.parameters.map(\.column)
    func isAllowed(_ values: [Value]) -> Bool {
      let named = Dictionary(uniqueKeysWithValues: zip(columns, values))
      func number(_ column: String) -> Double { named[column]!.number! }
      return number("hidden.1") * 8 <= number("hidden.0") + number("batch")
        && (named["activation"] != .word("tanh") || number("lr") < 1e-2)
    }
    #expect(alone.allSatisfy { isAllowed($0) && file.space.contains($0) })
    let plain = SimulatedSearch(try row.search(seed: 5)).run(workers: 1)
    let allowed = plain.filter(isAllowed)
    #expect((5..<55).contains(allowed.count))
    switch row.spread {
    case .stratified, .everyPointOnce: #expect(Array(alone.prefix(allowed.count)) == allowed)
    case .independent where !row.sampler.learns:
      for (values, before) in zip(alone, plain) where isAllowed(before) { #expect(values == before) }
    case .independent: break
    }
    #expect(row.spread != .everyPointOnce || Set(alone).count == alone.count)
  }

  /// Each configuration has the parameters that its choices bring, and only these.
  @Test(arguments: rows)
  func parametersOfChoicesAreAbsentWithOtherValues(row: Row) throws {
    let file = try parse(
      file(
        train: """
          batch: { int: [8, 10] }, optimizer: { choice: [
            { sgd: { lr: { log_uniform: [1e-2, 1], steps: 4 } } },
            { momentum: { lr: { log_uniform: [1e-3, 0.1], steps: 4 }, momentum: { choice: [0.5, 0.9] } } } ] }
          """, search: "trials: 36, sampler: \(row.sampler.rawValue)\(row.sampler.learns ? ", lag: 8" : "")"))
    let alone = SimulatedSearch(file).run(workers: 1)
    for order in 0..<3 as Range<UInt64> {
      #expect(SimulatedSearch(file, order: order).run(workers: 5) == alone)
    }
    #expect(SimulatedSearch(file).run(workers: 4, knowing: alone.prefix(13)) == alone)
    let effective = alone.map(file.effective)
    for values in effective {
      let isMomentum = values[1] == .word("momentum")
      #expect(values.map { $0 != nil } == [true, true, !isMomentum, isMomentum, isMomentum])
    }
    // The grid has 3 * (4 + 4 * 2) points.
    #expect(row.spread != .everyPointOnce || Set(effective).count == 36)
    // Each of two values is the choice of about half the samples, of a third of the points.
    let share = effective.count { $0[1] == .word("sgd") }
    #expect(row.spread == .everyPointOnce ? share == 12 : (5...31).contains(share))
  }

  @Test(arguments: rows)
  func valuesOfEachParameterHaveTheirProbability(row: Row) throws {
    let space = try Self.grid()
    let sampled = list(row, seed: 3, space)
    for (column, parameter) in space.parameters.enumerated() {
      let points = try #require(parameter.distribution.count)
      let counts = Dictionary(grouping: sampled) { $0[column] }.mapValues(\.count)
      let expected = Double(Self.count) / Double(points)
      let chiSquare = counts.values.reduce(0.0) { sum, count in
        sum + (Double(count) - expected) * (Double(count) - expected) / expected
      }
      #expect(counts.count == Int(points))
      // The mean is points - 1 and the variance twice that; the limit is four standard deviations above it.
      #expect(chiSquare < Double(points) + 4 * (2 * Double(points)).squareRoot())
    }
  }

  @Test(arguments: rows)
  func samplesAreUniformOnTheScaleOfTheirRange(row: Row) throws {
    let space = try row.spread == .everyPointOnce ? Self.grid() : Self.endless()
    let sampled = list(row, seed: 4, space).map { $0.compactMap(\.number) }
    let lr = sampled.map { portableLog($0[0]) / portableLog(1e6) + 1 }
    let tolerance = 1.63 / Double(Self.count).squareRoot()
    // On the grid of 32 points each step is 1/32.
    #expect(distanceFromUniform(lr) < tolerance + (row.spread == .everyPointOnce ? 1.0 / 32 : 0))
    guard row.spread != .everyPointOnce else { return }
    #expect(distanceFromUniform(sampled.map { $0[1] - 2 }) < tolerance)
    // Rounding extends the range of whole numbers by half a unit at either end.
    let width = sampled.map { portableLog($0[2] / 0.5) / portableLog(100_000.5 / 0.5) }
    #expect(distanceFromUniform(width) < tolerance + 0.06)
  }

  @Test(arguments: rows)
  func pointsHaveTheSpreadOfTheSampler(row: Row) throws {
    switch row.spread {
    case .everyPointOnce:
      let space = try Self.grid()
      #expect(space.gridSize == UInt64(Self.count))
      #expect(Set(list(row, seed: 5, space)).count == Self.count)
    case .stratified:
      let sampled = try list(row, seed: 5, Self.square())
      for columns in [1, 4, 32, 256, 1024] {
        #expect(Set(sampled.map { cell(of: $0, columns: columns) }).count == Self.count)
      }
    case .independent:
      let sampled = try list(row, seed: 5, Self.square()).map { $0.compactMap(\.number) }
      #expect(Set(sampled).count == Self.count)
      let covariance = sampled.reduce(0.0) { $0 + ($1[0] - 0.5) * ($1[1] - 0.5) } / Double(Self.count)
      // The covariance of independent numbers has a standard deviation of 1/12 / √n.
      #expect(abs(covariance) < 3.0 / 12 / Double(Self.count).squareRoot())
    }
  }
}

extension SamplerConformanceTests {
  private static let count = 1024

  /// A grid of 1,024 points, with a parameter of each kind that a grid can have.
  private static func grid() throws -> SearchSpace {
    try SearchSpace([
      ("train.lr", Distribution(.logUniform(low: 1e-6, high: 1), steps: 32)),
      ("train.batch", Distribution(.int(low: 1, high: 8))),
      ("model.activation", Distribution(.choice(["relu", "tanh", "sigmoid", "x"].map(Value.word)))),
    ])
  }

  private static func endless() throws -> SearchSpace {
    try SearchSpace([
      ("train.lr", Distribution(.logUniform(low: 1e-6, high: 1))),
      ("train.l2", Distribution(.uniform(low: 2, high: 3))),
      ("train.batch", Distribution(.logInt(low: 1, high: 100_000))),
    ])
  }

  private static func square() throws -> SearchSpace {
    let unit = try Distribution(.uniform(low: 0, high: 1))
    return SearchSpace([("train.lr", unit), ("train.l2", unit)])
  }

  /// The samples without observations.
  private func list(_ row: Row, seed: UInt64, _ space: SearchSpace) -> [[Value]] {
    (0..<Self.count).map { row.sampler.values(seed: seed, trial: $0, in: space) }
  }

  /// The cell of a point in a square that is divided into one cell per point.
  private func cell(of point: [Value], columns: Int) -> [Int] {
    let numbers = point.compactMap(\.number)
    return [Int(numbers[0] * Double(columns)), Int(numbers[1] * Double(Self.count / columns))]
  }

  /// The Kolmogorov-Smirnov statistic against the uniform distribution; above 1.63 / √n with a probability of 1 %.
  private func distanceFromUniform(_ numbers: [Double]) -> Double {
    let count = Double(numbers.count)
    return numbers.sorted().enumerated().map { index, number in
      max(number - Double(index) / count, Double(index + 1) / count - number)
    }.max() ?? 1
  }
}

extension SamplerConformanceTests.Row {
  /// A search of 60 trials with a parameter of each kind that the sampler supports.
  ///
  /// - Parameter requirements: those of the file, in YAML.
  fileprivate func search(seed: Int, requiring requirements: String = "[]") throws -> SearchFile {
    let steps = spread == .everyPointOnce ? ", steps: 5" : ""
    let hidden = "[{ int: [8, 64] }, { log_int: [4, 9], steps: 3 }]"
    let train = """
      lr: { log_uniform: [1e-4, 1]\(steps) }, l2: { uniform: [0, 0.1]\(steps) }, batch: { log_int: [8, 64] }
      """
    let text = file(
      model: "activation: { choice: [relu, tanh, sigmoid] }, dropout: { uniform: [0, 0.5], steps: 3 }",
      train: train,
      search: """
        trials: 60, sampler: \(sampler.rawValue)\(sampler.learns ? ", lag: 8" : ""), require: \(requirements)
        """)
    return try parse("seed: \(seed)\n" + text.replacing("[32]", with: hidden))
  }
}
