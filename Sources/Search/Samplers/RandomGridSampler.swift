import Randomness

/// Samples the points of the grid in random order without replacement, without storing a list.
enum RandomGridSampler {
  static func values(seed: UInt64, trial: Int, in space: SearchSpace) -> [Value] {
    guard let size = space.gridSize else {
      preconditionFailure("a parameter is continuous, so there is no grid")
    }
    return space.gridPoint(Permutation(of: size, seed: seed)(UInt64(trial)))
  }
}

/// A random permutation of 0..<count, computed without a table.
///
/// A Feistel network permutes a power of four that is at least `count`. A number outside the range is encrypted again
/// until it is inside (cycle walking), which keeps it a permutation. Source: Black, Rogaway, "Ciphers with arbitrary
/// finite domains", CT-RSA 2002.
struct Permutation {
  private let count: UInt64
  private let seed: UInt64
  private let halfBits: UInt64

  /// The permutation of 0..<count for a seed.
  init(of count: UInt64, seed: UInt64) {
    precondition(count > 0, "empty permutation")
    self.count = count
    self.seed = seed
    let bits = UInt64(64 - (count - 1).leadingZeroBitCount)
    // With fewer than four bits per half, too few round functions exist, and some permutations would be more likely.
    halfBits = max(4, (bits + 1) / 2)
  }

  /// The number at a position of the permutation.
  func callAsFunction(_ position: UInt64) -> UInt64 {
    precondition(position < count, "position \(position) of \(count)")
    var number = encrypted(position)
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
