import Foundation
import Testing

@testable import Search

/// Tests of single samplers; those for all samplers are in `SamplerConformanceTests`.
@Suite struct SamplerTests {
  @Test func otherParametersDoNotChangeTheSamplesOfAParameter() throws {
    let lr = try Distribution(.uniform(low: 0, high: 1))
    let alone = SearchSpace([("train.lr", lr)])
    let together = SearchSpace([("train.l2", lr), ("train.lr", lr)])
    for trial in 0..<20 {
      let values = Sampler.random.values(seed: 8, trial: trial, in: together)
      #expect(values[1] == Sampler.random.values(seed: 8, trial: trial, in: alone)[0])
      #expect(values[0] != values[1])
    }
  }

  /// The expected values were computed by an independent program in another language.
  @Test func valuesMatchRecordedOnes() throws {
    let file = try parse(twoLayer)
    #expect(
      file.values(trial: 0) == [
        .integer(231), .real(0.15107840635723133), .real(3.738016923501933e-06),
      ])
    #expect(
      file.values(trial: 49) == [
        .integer(218), .real(0.24363042310681365), .real(1.0927415572697861e-06),
      ])
    let space = try SearchSpace([
      ("train.lr", Distribution(.logUniform(low: 1e-6, high: 1), steps: 32)),
      ("train.batch", Distribution(.int(low: 1, high: 8))),
      ("model.activation", Distribution(.choice(["relu", "tanh", "sigmoid", "x"].map(Value.word)))),
    ])
    let sampled = (0..<3).map { Sampler.randomGrid.values(seed: 9, trial: $0, in: space)[1] }
    #expect(sampled == [3, 6, 1].map(Value.integer))
    #expect(trialSeed(searchSeed: 2023, trial: 7, replicate: 2) == 3_887_487_332_641_728_851)
  }
}

@Suite struct SobolTests {
  private func points(_ count: UInt32, _ dimensions: [Int], scale: UInt32) -> Set<[UInt32]> {
    Set((0..<count).map { point in dimensions.map { SobolSampler.point(point, $0) >> (32 - scale) } })
  }

  /// The expected points are those of scipy.stats.qmc.Sobol(scramble=False), which has another order.
  @Test func pointsEqualThoseOfJoeAndKuo() {
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
}

@Suite struct PermutationTests {
  @Test(arguments: [1, 2, 3, 7, 64, 255, 256, 257, 1000, 5000] as [UInt64])
  func visitsEveryNumberOnce(count: UInt64) {
    let permutation = Permutation(of: count, seed: 3)
    #expect(Set((0..<count).map { permutation($0) }) == Set(0..<count))
  }

  @Test func permutesTheLargestRange() {
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
  @Test func seedsOfTrialsAndReplicatesAreUniqueAndValidInAFile() {
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

  @Test func sharedSeedsAreTheSameForAllTrialsOfAReplicate() throws {
    let own = try parse(file())
    let shared = try parse(file(search: "trials: 5, seeds: shared"))
    func seeds(_ file: SearchFile, _ index: Int) -> Set<UInt64> {
      Set((0..<5).map { file.seed(of: Replicate(index, of: $0)) })
    }
    #expect(seeds(own, 0).count == 5 && seeds(own, 1).count == 5)
    #expect(seeds(shared, 0).count == 1 && seeds(shared, 1).count == 1)
    #expect(seeds(shared, 0) != seeds(shared, 1))
  }
}
