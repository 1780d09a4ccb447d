import Randomness

/// The Sobol sequence with Owen scrambling: low-discrepancy points, for every prefix of the sequence.
///
/// Sources: Sobol, "On the distribution of points in a cube", 1967; direction numbers: Joe, Kuo, "Constructing Sobol
/// sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30, 2008 (new-joe-kuo-6); scrambling: Owen,
/// "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995.
enum SobolSampler {
  /// The maximum number of dimensions.
  static var mostDimensions: Int { directions.count + 1 }
  private static let bits = 32

  static func values(seed: UInt64, trial: Int, in space: SearchSpace) -> [Value] {
    precondition(space.dimensions.allSatisfy { $0 < mostDimensions }, "\(space.parameters.count) parameters")
    return zip(space.parameters, space.dimensions).map { parameter, dimension in
      let stream = Stream.sobol ^ Stream.parameter(parameter.path)
      let high = scrambled(point(UInt32(trial), dimension), seed: seed, stream: stream)
      let low = Philox.block(seed: seed, stream: stream, position: UInt64(trial) | 1 << 63).first
      return parameter.distribution.value(at: UInt64(high) << 32 | low >> 32)
    }
  }

  /// The coordinate of a point in one dimension, as a binary fraction.
  static func point(_ index: UInt32, _ dimension: Int) -> UInt32 {
    let numbers = directionNumbers[dimension]
    return (0..<bits).reduce(0) { $0 ^ (index >> $1 & 1 == 1 ? numbers[$1] : 0) }
  }

  /// Owen scrambling: flips each bit at random, depending on the bits above it.
  private static func scrambled(_ point: UInt32, seed: UInt64, stream: UInt64) -> UInt32 {
    (0..<bits).reduce(point) { result, bit in
      let above = UInt64(point) >> (bit + 1)
      let coin = Philox.block(seed: seed, stream: stream, position: UInt64(bit) << 32 | above).first & 1
      return result ^ UInt32(coin) << bit
    }
  }

  /// The direction numbers of each dimension, from the recurrence of its polynomial. Points are their exclusive or.
  private static let directionNumbers: [[UInt32]] =
    [(0..<bits).map { 1 << (bits - 1 - $0) }] + directions.map { expanded($0.polynomial, $0.initial) }

  private static func expanded(_ polynomial: UInt32, _ initial: [UInt32]) -> [UInt32] {
    let degree = initial.count
    var numbers = initial.enumerated().map { $1 << (bits - 1 - $0) }
    for index in degree..<bits {
      var number = numbers[index - degree] ^ numbers[index - degree] >> degree
      for term in 1..<degree where polynomial >> (degree - term) & 1 == 1 { number ^= numbers[index - term] }
      numbers.append(number)
    }
    return numbers
  }

  /// The primitive polynomial, as the bits of its coefficients, and initial numbers of each dimension after the first.
  private static let directions: [(polynomial: UInt32, initial: [UInt32])] = [
    (3, [1]), (7, [1, 3]), (11, [1, 3, 1]), (13, [1, 1, 1]), (19, [1, 1, 3, 3]), (25, [1, 3, 5, 13]),
    (37, [1, 1, 5, 5, 17]), (41, [1, 1, 5, 5, 5]), (47, [1, 1, 7, 11, 19]), (55, [1, 1, 5, 1, 1]),
    (59, [1, 1, 1, 3, 11]), (61, [1, 3, 5, 5, 31]), (67, [1, 3, 3, 9, 7, 49]), (91, [1, 1, 1, 15, 21, 21]),
    (97, [1, 3, 1, 13, 27, 49]), (103, [1, 1, 1, 15, 7, 5]), (109, [1, 3, 1, 15, 13, 25]),
    (115, [1, 1, 5, 5, 19, 61]), (131, [1, 3, 7, 11, 23, 15, 103]), (137, [1, 3, 7, 13, 13, 15, 69]),
    (143, [1, 1, 3, 13, 7, 35, 63]), (145, [1, 3, 5, 9, 1, 25, 53]), (157, [1, 3, 1, 13, 9, 35, 107]),
    (167, [1, 3, 1, 5, 27, 61, 31]), (171, [1, 1, 5, 11, 19, 41, 61]), (185, [1, 3, 5, 3, 3, 13, 69]),
    (191, [1, 1, 7, 13, 1, 19, 1]), (193, [1, 3, 7, 5, 13, 19, 59]), (203, [1, 1, 3, 9, 25, 29, 41]),
    (211, [1, 3, 5, 13, 23, 1, 55]), (213, [1, 3, 7, 3, 13, 59, 17]), (229, [1, 3, 1, 3, 5, 53, 69]),
    (239, [1, 1, 5, 5, 23, 33, 13]), (241, [1, 1, 7, 7, 1, 61, 123]), (247, [1, 1, 7, 9, 13, 61, 49]),
    (253, [1, 3, 3, 5, 3, 55, 33]), (285, [1, 3, 1, 15, 31, 13, 49, 245]),
    (299, [1, 3, 5, 15, 31, 59, 63, 97]), (301, [1, 3, 1, 11, 11, 11, 77, 249]),
    (333, [1, 3, 1, 11, 27, 43, 71, 9]), (351, [1, 1, 7, 15, 21, 11, 81, 45]),
    (355, [1, 3, 7, 3, 25, 31, 65, 79]), (357, [1, 3, 1, 1, 19, 11, 3, 205]),
    (361, [1, 1, 5, 9, 19, 21, 29, 157]), (369, [1, 3, 7, 11, 1, 33, 89, 185]),
    (391, [1, 3, 3, 3, 15, 9, 79, 71]), (397, [1, 3, 7, 11, 15, 39, 119, 27]),
    (425, [1, 1, 3, 1, 11, 31, 97, 225]), (451, [1, 1, 1, 3, 23, 43, 57, 177]),
    (463, [1, 3, 7, 7, 17, 17, 37, 71]), (487, [1, 3, 1, 5, 27, 63, 123, 213]),
    (501, [1, 1, 3, 5, 11, 43, 53, 133]), (529, [1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (539, [1, 3, 3, 11, 3, 1, 109, 9, 69]), (545, [1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (557, [1, 3, 1, 5, 25, 15, 31, 103, 499]), (563, [1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (601, [1, 1, 5, 11, 9, 29, 97, 231, 363]), (607, [1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (617, [1, 3, 7, 7, 31, 19, 83, 137, 221]), (623, [1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (631, [1, 1, 5, 13, 31, 15, 55, 25, 161]), (637, [1, 1, 3, 13, 25, 47, 39, 87, 257]),
  ]
}

extension [SearchSpace.Parameter] {
  /// The dimension of each parameter. Parameters that different values of a choice bring share dimensions, because no
  /// configuration has both.
  var dimensions: [Int] {
    var dimensions: [Int] = []
    for index in indices {
      let others = indices.prefix(index).filter { !exclude($0, index) }
      dimensions.append(others.map { dimensions[$0] + 1 }.max() ?? 0)
    }
    return dimensions
  }

  /// Whether no configuration has both parameters.
  private func exclude(_ first: Int, _ second: Int) -> Bool {
    let conditions = conditions(of: second)
    return self.conditions(of: first).contains { one in
      conditions.contains { $0.parameter == one.parameter && $0.value != one.value }
    }
  }

  /// The choices that bring a parameter, the innermost first.
  private func conditions(of index: Int) -> [SearchSpace.Condition] {
    var conditions: [SearchSpace.Condition] = []
    var next = self[index].condition
    while let condition = next {
      conditions.append(condition)
      next = self[condition.parameter].condition
    }
    return conditions
  }
}
