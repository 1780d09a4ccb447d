import Testing

@testable import Randomness

@Suite struct PhiloxTests {
  /// Seed, stream, position and the resulting block: the authors' published vectors for philox4x32 with 10 rounds.
  static let knownAnswers: [(UInt64, UInt64, UInt64, Philox.Block)] = [
    (0, 0, 0, (0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c)),
    (.max, .max, .max, (0x41c8_3b0e_408f_276d, 0x6d54_51fd_a20b_c7c6)),
    (
      0x299f_31d0_a409_3822, 0x0370_7344_1319_8a2e, 0x85a3_08d3_243f_6a88,
      (0x94fd_cceb_d16c_fe09, 0x2412_6ea1_5001_e420)
    ),
  ]

  @Test(arguments: knownAnswers)
  func equalsThePublishedVectors(
    seed: UInt64, stream: UInt64, position: UInt64, expected: Philox.Block
  ) {
    let block = Philox.block(seed: seed, stream: stream, position: position)
    #expect(block.first == expected.first)
    #expect(block.second == expected.second)
  }

  @Test func aStreamIsItsBlocksInOrder() {
    var generator = Philox(seed: 7, stream: 3)
    for position in 0..<4 {
      let block = Philox.block(seed: 7, stream: 3, position: UInt64(position))
      #expect(generator.next() == block.first)
      #expect(generator.next() == block.second)
    }
  }

  @Test func uniformAndNormalHaveTheirMoments() {
    var generator = Philox(seed: 1, stream: 1)
    let count = 200_000
    let uniform = (0..<count).map { _ in generator.uniform() }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 0.004)
    let normal = (0..<count).map { _ in generator.normal() }
    #expect(abs(normal.reduce(0, +) / Double(count)) < 0.012)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) < 0.02)
  }

  @Test(arguments: [0, 1, 7, 8, 9, 1000]) func manySamplesAreThoseDrawnOneByOne(count: Int) {
    var (single, many) = (Philox(seed: 3, stream: 9), Philox(seed: 3, stream: 9))
    var samples = [Float](repeating: .nan, count: count)
    samples.withUnsafeMutableBufferPointer { many.fill($0, deviation: 0.3) }
    #expect(samples == (0..<count).map { _ in Float(0.3 * single.normal()) })
    #expect(many.next() == single.next(), "neither draws more")
  }

  @Test func belowIsUniformOverAnyBound() {
    var generator = Philox(seed: 2, stream: 1)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[Int(generator.below(7))] += 1 }
    #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    #expect(generator.below(1) == 0)
  }

  @Test func shufflingIsAPermutationFixedByTheSeed() {
    var first = Array(0..<1000)
    var second = first
    var one = Philox(seed: 5, stream: 9)
    var other = Philox(seed: 5, stream: 9)
    one.shuffle(&first)
    other.shuffle(&second)
    #expect(first == second)
    #expect(first != Array(0..<1000))
    #expect(first.sorted() == Array(0..<1000))
  }
}
