import Randomness
import Testing

@testable import Search

@Suite struct TPETests {
  private static func space() throws -> SearchSpace {
    try SearchSpace([
      ("train.lr", Distribution(.logUniform(low: 1e-6, high: 1))),
      ("train.batch", Distribution(.int(low: 1, high: 8))),
      ("model.activation", Distribution(.choice(["relu", "tanh", "sigmoid"].map(Value.word)))),
    ])
  }

  private func search(seed: Int, sampler: String) throws -> SearchFile {
    try parse(
      "seed: \(seed)\n"
        + file(
          model: "dropout: { uniform: [0, 0.5] }",
          train: "lr: { log_uniform: [1e-4, 1] }, l2: { uniform: [0, 0.1] }, batch: { int: [8, 512] }",
          search: "trials: 80, sampler: \(sampler)"))
  }

  /// The distance of the best trial of a search from the best point.
  private func regret(seed: Int, sampler: String) throws -> Double {
    let simulation = SimulatedSearch(try search(seed: seed, sampler: sampler))
    return simulation.run(workers: 1).map(simulation.distance).min() ?? .infinity
  }

  @Test func findsBetterPointsThanRandomSampling() throws {
    let seeds = 0..<11
    let tpe = try seeds.map { try regret(seed: $0, sampler: "tpe") }.sorted()
    let random = try seeds.map { try regret(seed: $0, sampler: "random") }.sorted()
    #expect(tpe[5] < random[5] / 2, "medians \(tpe[5]) and \(random[5])")
    #expect(tpe[9] < random[5], "\(tpe) and \(random)")
  }

  @Test func firstTrialsEqualThoseOfRandom() throws {
    let (tpe, random) = (try search(seed: 1, sampler: "tpe"), try search(seed: 1, sampler: "random"))
    let (learned, sampled) = (SimulatedSearch(tpe).run(workers: 1), SimulatedSearch(random).run(workers: 1))
    // Ten scores need eleven trials, because one of them has no score; the trials of the lag follow.
    let first = 11 + tpe.lag
    #expect(learned.prefix(first) == sampled.prefix(first))
    #expect(zip(learned, sampled).dropFirst(first).allSatisfy { $0 != $1 })
  }

  /// The recorded values must not depend on the machine or the version.
  @Test func valuesMatchRecordedOnes() throws {
    let file = try search(seed: 2023, sampler: "tpe")
    let list = SimulatedSearch(file).run(workers: 1)
    #expect(
      list[79] == [
        .real(0.11589025357618915), .real(0.2774542523562003), .real(0.037483282087874874), .integer(137),
      ])
  }

  @Test func samplesWhereGoodTrialsAreDense() throws {
    let space = try Self.space()
    let observations = (0..<100).map { trial in
      let values = Sampler.random.values(seed: 1, trial: trial, in: space)
      let isGood = values[2] == .word("tanh") && (values[0].number ?? 0) > 1e-2
      return Observation(values, in: space, score: isGood ? 1 : 0)
    }
    func sample(_ trial: Int, seed: UInt64) -> [Value] {
      TPESampler.values(seed: seed, trial: trial, in: space, after: observations)
    }
    let sampled = (100..<130).map { sample($0, seed: 1) }
    #expect(Set(sampled).count == 30)
    #expect(Set((0..<30).map { sample(100, seed: $0) }).count == 30)
    #expect(sampled.count { $0[2] == .word("tanh") } > 20)
    #expect(sampled.count { ($0[0].number ?? 0) > 1e-2 } > 20)
  }

  @Test func staysInRangeWhenAllGoodTrialsAreAtItsEnds() throws {
    let space = try Self.space()
    let ends: [[Value]] = [
      [.real(1e-6), .integer(1), .word("relu")], [.real(1), .integer(8), .word("sigmoid")],
    ]
    let observations = (0..<60).map { trial in
      let values = trial < 12 ? ends[trial % 2] : Sampler.random.values(seed: 2, trial: trial, in: space)
      return Observation(values, in: space, score: trial < 12 ? 1 : nil)
    }
    for trial in 60..<160 {
      #expect(space.contains(TPESampler.values(seed: 3, trial: trial, in: space, after: observations)))
    }
  }

  @Test func handlesASpaceOfOnePointAndOnlyFailedTrials() throws {
    let point = try SearchSpace([("model.activation", Distribution(.choice([.word("relu")])))])
    let same = Observation([.word("relu")], in: point, score: 0.5)
    let values = TPESampler.values(seed: 1, trial: 50, in: point, after: Array(repeating: same, count: 50))
    #expect(values == [.word("relu")])
    let space = try Self.space()
    let failed = (0..<50).map { trial in
      Observation(Sampler.random.values(seed: 1, trial: trial, in: space), in: space)
    }
    #expect(
      TPESampler.values(seed: 1, trial: 50, in: space, after: failed)
        == Sampler.random.values(seed: 1, trial: 50, in: space))
  }
}

@Suite struct ParzenEstimatorTests {
  private static func unit() throws -> Distribution { try Distribution(.uniform(low: 0, high: 1)) }

  private static func plane() throws -> SearchSpace {
    try SearchSpace([("a", unit()), ("b", Distribution(.choice(["x", "y", "z"].map(Value.word))))])
  }

  private static let points: [[Double]] = [[0, 1 / 6], [0.02, 0.5], [0.97, 0.5], [0.4, 0.5]]

  /// The middles of the cells of a fine grid over the plane, in the order of the values of the choice.
  private static let cells: [[Double]] = (0..<1200).map { cell in
    let (value, place) = cell.quotientAndRemainder(dividingBy: 400)
    return [(Double(place) + 0.5) / 400, (Double(value) + 0.5) / 3]
  }

  @Test(arguments: 0...4)
  func densityHasAMeanOfOne(count: Int) throws {
    let estimator = ParzenEstimator(Array(Self.points.prefix(count)), in: try Self.plane())
    let mean = Self.cells.reduce(0.0) { $0 + portableExp(estimator.logDensity(at: $1)) } / 1200
    #expect(abs(mean - 1) < 1e-4)
  }

  @Test func samplesFollowTheDensity() throws {
    let estimator = ParzenEstimator(Self.points, in: try Self.plane())
    var random = Philox(seed: 7, stream: 1)
    let sampled = (0..<4000).map { _ in estimator.sample(with: &random) }
    #expect(sampled.joined().allSatisfy { (0...1).contains($0) })
    // Compares the cumulative density over the cells with that of the samples.
    let ranks = sampled.map { min(Int($0[1] * 3), 2) * 400 + min(Int($0[0] * 400), 399) }.sorted()
    var (share, seen, distance) = (0.0, 0, 0.0)
    for (cell, middle) in Self.cells.enumerated() {
      share += portableExp(estimator.logDensity(at: middle)) / 1200
      while seen < ranks.count, ranks[seen] <= cell { seen += 1 }
      distance = max(distance, abs(share - Double(seen) / 4000))
    }
    #expect(distance < 1.63 / (4000.0).squareRoot())
  }

  @Test func densityIsHighestNearPoints() throws {
    let estimator = ParzenEstimator([[0.2], [0.25], [0.3]], in: SearchSpace([("a", try Self.unit())]))
    let densities = [0.25, 0.4, 0.7].map { estimator.logDensity(at: [$0]) }
    #expect(densities == densities.sorted(by: >))
    #expect(densities[0] > 0 && densities[2] < 0)
  }
}
