import Foundation
import Testing

@testable import Search

/// What every sampler promises; a new one need only be a case of `Sampler`.
@Suite struct SamplerTests {
  /// 1,024 points, with a parameter of each kind that a grid can have.
  private static func space() throws -> SearchSpace {
    try SearchSpace([
      ("train.lr", Distribution(.logUniform(low: 1e-6, high: 1), steps: 32)),
      ("train.batch", Distribution(.int(low: 1, high: 8))),
      (
        "model.activation", Distribution(.choice(["relu", "tanh", "sigmoid", "x"].map(Value.word)))
      ),
    ])
  }

  private static let count = 1024

  private func list(_ sampler: Sampler, seed: UInt64, _ space: SearchSpace) -> [[Value]] {
    (0..<Self.count).map { sampler.values(seed: seed, trial: $0, in: space) }
  }

  @Test(arguments: Sampler.allCases)
  func everyConfigurationBelongsToTheSpace(sampler: Sampler) throws {
    let space = try Self.space()
    #expect(list(sampler, seed: 1, space).allSatisfy(space.contains))
  }

  @Test(arguments: Sampler.allCases)
  func theListIsFixedByTheSeedAndNotByTheOrderOfAsking(sampler: Sampler) throws {
    let space = try Self.space()
    let forwards = list(sampler, seed: 1, space)
    let backwards = (0..<Self.count).reversed().map { trial in
      sampler.values(seed: 1, trial: trial, in: space)
    }
    #expect(forwards == backwards.reversed())
    #expect((list(sampler, seed: 2, space) == forwards) == (sampler == .grid))
  }

  @Test(arguments: Sampler.allCases)
  func everyValueOfEachParameterIsDrawnInItsShare(sampler: Sampler) throws {
    let space = try Self.space()
    let drawn = list(sampler, seed: 3, space)
    for (column, parameter) in space.parameters.enumerated() {
      let points = try #require(parameter.distribution.count)
      let counts = Dictionary(grouping: drawn) { $0[column] }.mapValues(\.count)
      let expected = Double(Self.count) / Double(points)
      let chiSquare = counts.values.reduce(0.0) { sum, count in
        sum + (Double(count) - expected) * (Double(count) - expected) / expected
      }
      #expect(counts.count == Int(points))
      // The mean is points - 1, the variance twice that: four standard deviations.
      #expect(chiSquare < Double(points) + 4 * (2 * Double(points)).squareRoot())
    }
  }

  @Test(arguments: Sampler.allCases)
  func drawsAreEvenOnALogarithmicScale(sampler: Sampler) throws {
    let space = try Self.space()
    let logs = list(sampler, seed: 4, space).compactMap { real($0[0]) }.map { log10($0) / 6 + 1 }
    #expect(logs.count == Self.count)
    // One point in 32 is itself a step of 1/32.
    #expect(distanceFromUniform(logs) < 1.63 / Double(Self.count).squareRoot() + 1.0 / 32)
  }

  @Test(arguments: Sampler.allCases.filter(\.walksTheGrid))
  func aWalkOfTheGridVisitsEveryPointOnce(sampler: Sampler) throws {
    let space = try Self.space()
    #expect(space.gridSize == UInt64(Self.count))
    #expect(Set(list(sampler, seed: 5, space)).count == Self.count)
  }

  @Test func randomDrawsFromEndlessRangesAreDifferentAndEven() throws {
    let space = try SearchSpace([
      ("train.lr", Distribution(.logUniform(low: 1e-6, high: 1))),
      ("train.l2", Distribution(.uniform(low: 2, high: 3))),
    ])
    let drawn = (0..<4000).map { Sampler.random.values(seed: 6, trial: $0, in: space) }
    #expect(Set(drawn).count == 4000)
    let numbers = drawn.map { $0.compactMap(real) }
    let limit = 1.63 / (4000.0).squareRoot()
    let first = numbers.map { log10($0[0]) / 6 + 1 }
    let second = numbers.map { $0[1] - 2 }
    #expect(distanceFromUniform(first) < limit)
    #expect(distanceFromUniform(second) < limit)
    let covariance = zip(first, second).reduce(0.0) { $0 + ($1.0 - 0.5) * ($1.1 - 0.5) } / 4000
    // Of independent numbers the covariance has a standard deviation of 1/12 / √n.
    #expect(abs(covariance) < limit / 4)
  }

  @Test func anotherParameterLeavesTheDrawsOfTheFirstAsTheyAre() throws {
    let lr = try Distribution(.uniform(low: 0, high: 1))
    let alone = SearchSpace([("train.lr", lr)])
    let together = SearchSpace([("train.l2", lr), ("train.lr", lr)])
    for trial in 0..<20 {
      let values = Sampler.random.values(seed: 8, trial: trial, in: together)
      #expect(values[1] == Sampler.random.values(seed: 8, trial: trial, in: alone)[0])
      #expect(values[0] != values[1])
    }
  }

  /// The expected values were computed by a program of its own in another language.
  @Test func theListNeverChanges() throws {
    let file = try parse(twoLayer)
    #expect(
      file.values(trial: 0) == [
        .integer(231), .real(0.15107840635723133), .real(3.738016923501933e-06),
      ])
    #expect(
      file.values(trial: 49) == [
        .integer(218), .real(0.24363042310681365), .real(1.0927415572697861e-06),
      ])
    let space = try Self.space()
    let drawn = (0..<3).map { Sampler.randomGrid.values(seed: 9, trial: $0, in: space)[1] }
    #expect(drawn == [3, 6, 1].map(Value.integer))
    #expect(trialSeed(searchSeed: 2023, trial: 7, replicate: 2) == 3_887_487_332_641_728_851)
  }

  private func real(_ value: Value) -> Double? {
    if case .real(let number) = value { number } else { nil }
  }

  /// The statistic of Kolmogorov and Smirnov against [0, 1]; above 1.63 / √n once in a hundred
  /// times.
  private func distanceFromUniform(_ numbers: [Double]) -> Double {
    let count = Double(numbers.count)
    return numbers.sorted().enumerated().map { index, number in
      max(number - Double(index) / count, Double(index + 1) / count - number)
    }.max() ?? 1
  }
}

@Suite struct SobolTests {
  private func points(_ count: UInt32, _ dimensions: [Int], scale: UInt32) -> Set<[UInt32]> {
    Set((0..<count).map { point in dimensions.map { SobolSampler.point(point, $0) >> (32 - scale) } })
  }

  /// The expected points are those of scipy.stats.qmc.Sobol(scramble=False), which visits them in another order.
  @Test func pointsAreThoseOfJoeAndKuo() {
    let expected: [[UInt32]] = [
      [0, 0, 0, 0, 0, 0], [1, 15, 9, 5, 11, 3], [2, 10, 6, 2, 2, 6], [3, 5, 15, 7, 9, 5],
      [4, 12, 12, 12, 4, 4], [5, 3, 5, 9, 15, 7], [6, 6, 10, 14, 6, 2], [7, 9, 3, 11, 13, 1],
      [8, 8, 8, 8, 8, 8], [9, 7, 1, 13, 3, 11], [10, 2, 14, 10, 10, 14], [11, 13, 7, 15, 1, 13],
      [12, 4, 4, 4, 12, 12], [13, 11, 13, 1, 7, 15], [14, 14, 2, 6, 14, 10], [15, 1, 11, 3, 5, 9],
    ]
    #expect(points(16, Array(0..<6), scale: 4) == Set(expected))
    let later: Set<[UInt32]> = [
      [1, 3, 23], [2, 22, 18], [3, 21, 5], [4, 28, 36], [5, 31, 51], [6, 10, 54],
    ]
    #expect(points(64, [7, 40, 63], scale: 6).isSuperset(of: later))
  }

  @Test func everyCellOfAPlaneHoldsOnePointAlsoWhenScrambled() throws {
    let unit = try Distribution(.uniform(low: 0, high: 1))
    let space = SearchSpace([("train.lr", unit), ("train.l2", unit)])
    for columns in [1.0, 4, 16, 64, 256] {
      let cells = (0..<256).map { trial in
        Sampler.sobol.values(seed: 3, trial: trial, in: space).enumerated().map { dimension, value in
          guard case .real(let number) = value else { return -1 }
          return Int(number * (dimension == 0 ? columns : 256 / columns))
        }
      }
      #expect(Set(cells).count == 256)
    }
  }
}

@Suite struct PermutationTests {
  @Test(arguments: [1, 2, 3, 7, 64, 255, 256, 257, 1000, 5000] as [UInt64])
  func visitsEveryNumberOnce(count: UInt64) {
    let permutation = Permutation(of: count, seed: 3)
    #expect(Set((0..<count).map { permutation($0) }) == Set(0..<count))
  }

  @Test func reachesTheEndsOfTheLargestRange() {
    let count = UInt64.max - 1
    let permutation = Permutation(of: count, seed: 3)
    #expect(permutation(0) < count)
    #expect(permutation(count - 1) < count)
    #expect(permutation(count - 1) != permutation(0))
  }

  @Test func everyOrderOfThreeIsEquallyLikely() {
    var counts: [[UInt64]: Int] = [:]
    for seed in 0..<3000 as Range<UInt64> {
      let permutation = Permutation(of: 3, seed: seed)
      counts[(0..<3).map { permutation($0) }, default: 0] += 1
    }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { abs($0 - 500) < 100 })
  }
}

@Suite struct TrialSeedTests {
  @Test func seedsOfTrialsAndReplicatesDifferAndCanStandInAFile() {
    var seen = Set<UInt64>()
    for search in 0..<3 as Range<UInt64> {
      for trial in 0..<200 {
        for replicate in 0..<5 {
          let seed = trialSeed(searchSeed: search, trial: trial, replicate: replicate)
          #expect((1...UInt64(Int.max)).contains(seed))
          seen.insert(seed)
        }
      }
    }
    #expect(seen.count == 3000)
  }
}
