import Randomness

/// Draws each parameter from its distribution, independently of all others.
enum RandomSampler {
  static func values(seed: UInt64, trial: Int, in space: SearchSpace) -> [Value] {
    space.parameters.map { parameter in
      // Each parameter has a stream of its own, named by its path: another one beside it, or
      // another order in the file, leaves its values as they are.
      let stream = Stream.parameter(parameter.path)
      let bits = Philox.block(seed: seed, stream: stream, position: UInt64(trial)).first
      return parameter.distribution.value(at: bits)
    }
  }
}
