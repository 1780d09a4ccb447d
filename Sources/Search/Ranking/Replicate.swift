/// A trial, or a replicate: a training of its configuration with another seed.
package struct Replicate: Hashable, Sendable {
  /// The number of the trial.
  package let trial: Int
  /// The index of the replicate; 0 is the trial itself.
  package let index: Int

  private static let trialBits = 32

  /// A replicate of a trial; index 0 is the trial itself.
  package init(_ index: Int, of trial: Int) {
    precondition(trial >= 0 && trial < 1 << Self.trialBits && index >= 0, "replicate \(index) of \(trial)")
    self.trial = trial
    self.index = index
  }

  /// The trial or replicate with this number.
  package init(number: Int) {
    self.init(number >> Self.trialBits, of: number & (1 << Self.trialBits - 1))
  }

  /// A unique number: the trial number, or a higher number than any trial's for a replicate.
  package var number: Int { index << Self.trialBits | trial }
}

extension Replicate: CustomStringConvertible {
  package var description: String { index == 0 ? "trial \(trial)" : "replicate \(index) of trial \(trial)" }
}
