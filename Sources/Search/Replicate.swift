/// A trial, or a repeat of its configuration under another seed.
package struct Replicate: Hashable, Sendable {
  /// The number of the trial.
  package let trial: Int
  /// 0 is the trial itself.
  package let index: Int

  private static let trialBits = 32

  /// A repeat of a trial; 0 is the trial itself.
  package init(_ index: Int, of trial: Int) {
    precondition(trial >= 0 && trial < 1 << Self.trialBits && index >= 0, "replicate \(index) of \(trial)")
    self.trial = trial
    self.index = index
  }

  /// The one that has this number.
  package init(number: Int) {
    self.init(number >> Self.trialBits, of: number & (1 << Self.trialBits - 1))
  }

  /// One number for both: a trial's own, and higher than any trial's for its repeats.
  package var number: Int { index << Self.trialBits | trial }
}

extension Replicate: CustomStringConvertible {
  package var description: String { index == 0 ? "trial \(trial)" : "replicate \(index) of trial \(trial)" }
}
