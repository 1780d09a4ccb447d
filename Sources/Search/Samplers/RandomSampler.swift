import Randomness

/// Samples each parameter from its distribution, independently of all others.
enum RandomSampler {
  static func values(seed: UInt64, trial: Int, in space: SearchSpace) -> [Value] {
    space.parameters.map { parameter in
      // Each parameter has its own stream, derived from its path, so that its values do not depend on the other
      // parameters or on the order in the file.
      let stream = Stream.parameter(parameter.path)
      let bits = Philox.block(seed: seed, stream: stream, position: UInt64(trial)).first
      return parameter.distribution.value(at: bits)
    }
  }

  /// The first allowed values of a trial, which are sampled again until they are; nil if `limit` samples are not.
  static func values(
    seed: UInt64, trial: Int, in space: SearchSpace, limit: Int, where isAllowed: ([Value]) -> Bool
  ) -> [Value]? {
    (0..<limit).lazy.map { values(seed: seed, trial: trial + $0 << 32, in: space) }.first(where: isAllowed)
  }
}
