import Randomness
import Testing

@testable import Search

@Suite struct DistributionTests {
  private static func valid() throws -> [Distribution] {
    try [
      Distribution(.uniform(low: -1, high: 3)),
      Distribution(.uniform(low: -.greatestFiniteMagnitude, high: .greatestFiniteMagnitude)),
      Distribution(.uniform(low: 1, high: 2), steps: 5),
      Distribution(.logUniform(low: 1e-7, high: 1e-4)),
      Distribution(.logUniform(low: .leastNonzeroMagnitude, high: .greatestFiniteMagnitude)),
      Distribution(.logUniform(low: 1e-7, high: 1e-4), steps: 4),
      Distribution(.int(low: -3, high: 3)), Distribution(.int(low: 1, high: 1 << 53)),
      Distribution(.int(low: 1, high: 1 << 53), steps: 10_000),
      Distribution(.logInt(low: 1, high: 1000)),
      Distribution(.logInt(low: 1, high: 1000), steps: 20),
      Distribution(.choice([.word("a"), .word("b")])), Distribution(.choice([.integers([1])])),
    ]
  }

  @Test func everySampleIsInTheDistribution() throws {
    var generator = Philox(seed: 5, stream: 1)
    for distribution in try Self.valid() {
      let random = (0..<500).map { _ in generator.next() }
      for bits in [0, 1, UInt64.max, .max - 1, 1 << 63] + random {
        let value = distribution.value(at: bits)
        #expect(distribution.contains(value), "\(value) of \(distribution.shape)")
      }
    }
  }

  @Test func pointsAreUniqueAndInTheDistribution() throws {
    for distribution in try Self.valid() {
      guard let count = distribution.count else { continue }
      let points = (0..<min(count, 20_000)).map(distribution.point)
      #expect(Set(points).count == points.count)
      for index in stride(from: 0, to: points.count, by: 1 + points.count / 100) {
        #expect(distribution.contains(points[index]))
      }
    }
  }

  @Test func positionIsTheInverseOfSampling() throws {
    var generator = Philox(seed: 8, stream: 1)
    for distribution in try Self.valid() {
      for _ in 0..<200 {
        let sampled = generator.uniform()
        let value = distribution.value(atPosition: sampled)
        let position = distribution.position(of: value)
        #expect((0...1).contains(position))
        #expect(distribution.contains(distribution.value(atPosition: 2 * sampled - 0.5)))
        guard let count = distribution.count, count < 1 << 50 else {
          #expect(abs(position - sampled) < 1e-8, "\(sampled) of \(distribution.shape)")
          continue
        }
        #expect(distribution.value(atPosition: position) == value, "\(value) of \(distribution.shape)")
        if distribution.spacing > 0 { #expect(abs(position - sampled) <= 0.5001 * distribution.spacing) }
      }
    }
  }

  @Test func endsOfAGridAreExact() throws {
    let logarithmic = try Distribution(.logUniform(low: 1e-4, high: 1e-1), steps: 4)
    #expect(logarithmic.point(0) == .real(1e-4))
    #expect(logarithmic.point(3) == .real(1e-1))
    for (index, expected) in [(1, 1e-3), (2, 1e-2)] as [(UInt64, Double)] {
      guard case .real(let number) = logarithmic.point(index) else { continue }
      #expect(abs(number / expected - 1) < 1e-14)
    }
    let linear = try Distribution(.uniform(low: 0.1, high: 0.7), steps: 4)
    #expect(linear.point(0) == .real(0.1) && linear.point(3) == .real(0.7))
  }

  @Test func wholeNumbersInAGridAreUniqueEvenIfDense() throws {
    let even = try Distribution(.int(low: 1, high: 10), steps: 4)
    #expect((0..<4).map(even.point) == [1, 4, 7, 10].map(Value.integer))
    let crowded = try Distribution(.logInt(low: 1, high: 12), steps: 10)
    let points = (0..<10).map(crowded.point)
    #expect(points == [1, 2, 3, 4, 5, 6, 7, 8, 9, 12].map(Value.integer))
    let all = try Distribution(.logInt(low: 3, high: 9), steps: 7)
    #expect((0..<7).map(all.point) == (3...9).map(Value.integer))
  }

  @Test func wholeNumbersOfARangeAreEquallyLikely() throws {
    let distribution = try Distribution(.int(low: 1, high: 5))
    var generator = Philox(seed: 6, stream: 1)
    var counts: [Value: Int] = [:]
    for _ in 0..<10_000 { counts[distribution.value(at: generator.next()), default: 0] += 1 }
    #expect(counts.count == 5)
    #expect(counts.values.allSatisfy { abs($0 - 2000) < 200 })
  }

  @Test func wholeNumbersOnALogScaleHaveTheirProbability() throws {
    let distribution = try Distribution(.logInt(low: 1, high: 100))
    var generator = Philox(seed: 7, stream: 1)
    let sampled = (0..<10_000).map { _ in distribution.value(at: generator.next()) }
    // log(10.5 / 0.5) / log(100.5 / 0.5) = 0.574
    let small = sampled.count { if case .integer(1...10) = $0 { true } else { false } }
    #expect(abs(Double(small) / 10_000 - 0.574) < 0.02)
  }

  @Test func mapFromBitsToValuesMatchesRecordedValues() throws {
    let bits: UInt64 = 0x9e37_79b9_7f4a_7c15
    #expect(
      try Distribution(.uniform(low: 0.15, high: 0.25)).value(at: bits)
        == .real(0.21180339887498947))
    #expect(
      try Distribution(.logUniform(low: 1e-7, high: 1e-4)).value(at: bits)
        == .real(7.146640994806493e-06))
    #expect(try Distribution(.int(low: 200, high: 299)).value(at: bits) == .integer(261))
    #expect(try Distribution(.logInt(low: 1, high: 1000)).value(at: bits) == .integer(55))
  }

  @Test func rejectsEmptyAndTooFineRanges() {
    let bad: [(Distribution.Shape, Int?)] = [
      (.uniform(low: 1, high: 1), nil), (.uniform(low: .nan, high: 1), nil),
      (.uniform(low: 0, high: .infinity), nil), (.logUniform(low: 0, high: 1), nil),
      (.int(low: 2, high: 1), nil), (.int(low: .min, high: .max), nil),
      (.logInt(low: 0, high: 5), nil), (.int(low: 1, high: 3), 4), (.uniform(low: 1, high: 2), 1),
      (.uniform(low: 1, high: 2), 10_001), (.uniform(low: 1, high: (1.0).nextUp), 3),
      (.choice([]), nil), (.choice([.integer(1), .integer(1)]), nil), (.choice([.integer(1)]), 2),
    ]
    for (shape, steps) in bad {
      #expect(throws: DistributionError.self) { try Distribution(shape, steps: steps) }
    }
  }
}
