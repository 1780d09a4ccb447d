import Randomness

/// The seed of all random numbers in the training of a replicate; replicate 0 is the trial itself. It is between 1 and
/// 2⁶³ - 1, so that it is valid in a search file.
package func trialSeed(searchSeed: UInt64, trial: Int, replicate: Int = 0) -> UInt64 {
  precondition(trial >= 0 && replicate >= 0, "trial \(trial), replicate \(replicate)")
  let stream = Stream.trialSeeds + UInt64(replicate)
  let bits = Philox.block(seed: searchSeed, stream: stream, position: UInt64(trial)).first
  return max(1, bits >> 1)
}
