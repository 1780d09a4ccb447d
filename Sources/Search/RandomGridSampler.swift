import Randomness

/// Draws different points of the grid in random order, without a list of those already drawn.
enum RandomGridSampler {
  static func values(seed: UInt64, trial: Int, in space: SearchSpace) -> [Value] {
    guard let size = space.gridSize else {
      preconditionFailure("a parameter has no end of values, so there is no grid")
    }
    return space.gridPoint(Permutation(of: size, seed: seed)(UInt64(trial)))
  }
}

/// A random order of 0..<count that is computed, not stored.
///
/// A Feistel network permutes the next larger power of four; numbers that land outside are sent
/// through it again until they land inside, which keeps it a permutation (cycle walking). Source:
/// Black, Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002.
struct Permutation {
  private let count: UInt64
  private let seed: UInt64
  private let halfBits: UInt64

  /// The order that a seed gives to 0..<count.
  init(of count: UInt64, seed: UInt64) {
    precondition(count > 0, "there is no order of nothing")
    self.count = count
    self.seed = seed
    let bits = UInt64(64 - (count - 1).leadingZeroBitCount)
    // With fewer than four bits a half, the few possible round functions would favour some orders.
    halfBits = max(4, (bits + 1) / 2)
  }

  /// The number at a place of the order.
  func callAsFunction(_ place: UInt64) -> UInt64 {
    precondition(place < count, "place \(place) of \(count)")
    var number = encrypted(place)
    while number >= count { number = encrypted(number) }
    return number
  }

  private func encrypted(_ number: UInt64) -> UInt64 {
    let mask: UInt64 = (1 << halfBits) - 1
    var left = number >> halfBits
    var right = number & mask
    for round in 0..<8 as Range<UInt64> {
      let block = Philox.block(seed: seed, stream: Stream.gridOrder + round, position: right)
      (left, right) = (right, left ^ (block.first & mask))
    }
    return left << halfBits | right
  }
}
