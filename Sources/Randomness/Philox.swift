/// The counter-based generator Philox4x32-10.
///
/// The n-th number is a pure function of (seed, stream, n), so that a stream can be read at any position, and streams
/// of one seed are independent. The numbers are the same on every machine.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
package struct Philox: RandomNumberGenerator, Sendable {
  /// Two words of 64 random bits.
  package typealias Block = (first: UInt64, second: UInt64)

  private let seed: UInt64
  private let stream: UInt64
  private var position: UInt64 = 0
  private var spare: UInt64?

  /// Creates the generator of a stream and seed, at its start.
  package init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    if let value = spare {
      spare = nil
      return value
    }
    let block = Self.block(seed: seed, stream: stream, position: position)
    position += 1
    spare = block.second
    return block.first
  }

  /// The 128 bits at a position of a stream.
  package static func block(seed: UInt64, stream: UInt64, position: UInt64) -> Block {
    // Scalar code: SIMD takes twice the time.
    var counter = (
      UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32),
      UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
    )
    var key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    for _ in 0..<10 {
      let left = counter.0.multipliedFullWidth(by: 0xD251_1F53)
      let right = counter.2.multipliedFullWidth(by: 0xCD9E_8D57)
      counter = (right.high ^ counter.1 ^ key.0, right.low, left.high ^ counter.3 ^ key.1, left.low)
      key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
    }
    return (
      UInt64(counter.0) | UInt64(counter.1) << 32, UInt64(counter.2) | UInt64(counter.3) << 32
    )
  }
}

extension Philox {
  /// A uniform number in [0, 1): the upper 53 bits, so that every value is a multiple of 2⁻⁵³.
  package mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A uniform integer in 0..<bound.
  ///
  /// Source: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
  package mutating func below(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0, "below(0) has no values to draw from")
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// Shuffles the elements uniformly (Fisher-Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, Int(below(UInt64(last + 1))))
    }
  }
}
