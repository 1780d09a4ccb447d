import Search

/// What runs the attempts of a worker: the embedded training core, or another program.
///
/// A worker calls `run` on the thread of a slot. Several attempts may run at the same time.
package protocol TrialBody: Sendable {
  /// Runs an attempt on the calling thread until it ends or `control` stops it.
  ///
  /// Reports each step of the budget that is not yet reported, and before the first one the data that it uses.
  func run(_ work: TrialWork, _ control: any TrialControl) -> TrialOutcome

  /// Forgets all loaded data: another search may have other data under the same name.
  func forgetData()
}

/// An attempt to run.
package struct TrialWork: Sendable {
  package let configuration: Configuration
  /// The number of the trial, which its replicates share.
  package var trial = 0
  /// The only source of randomness.
  package let seed: UInt64
  /// The budget in total; below 1, a part of the first step.
  package let budget: Double
  /// The number of steps that are already reported.
  package let reported: Int
  /// The checkpoint to resume from. Empty or of another version: run from the beginning.
  package var checkpoint: [UInt8]

  package init(
    _ configuration: Configuration, seed: UInt64, budget: Double, reported: Int = 0, checkpoint: [UInt8] = []
  ) {
    (self.configuration, self.seed, self.budget) = (configuration, seed, budget)
    (self.reported, self.checkpoint) = (reported, checkpoint)
  }
}

/// The worker's side of a running attempt.
package protocol TrialControl: Sendable {
  /// What the attempt must do. Changes at any time; checked at least once a second.
  var order: TrialOrder { get }

  /// The attempt uses data with this SHA-256.
  func loaded(_ digest: [UInt8])

  /// The attempt has completed a step of its budget.
  func report(_ measurement: TrialMeasurement)

  /// The attempt makes progress: called at least once in the search's `progress_timeout`.
  func advance()
}

/// The order for a running attempt.
package enum TrialOrder: UInt8, Sendable {
  case proceed
  /// Stop; nothing is reported.
  case stop
  /// Stop with a checkpoint.
  case suspend
}

/// How an attempt ends.
package enum TrialOutcome: Sendable, Equatable {
  /// The trial has ended by itself or at its full budget.
  case done
  /// The metrics became infinite or NaN.
  case diverged
  /// The configuration cannot be run on any worker.
  case failed(String)
  /// This machine cannot run any trial of the search, for example without its data.
  case unable(String)
  /// Suspended, or at the end of its budget.
  case suspended(Suspension)
  /// Stopped by order.
  case stopped

  /// The state of a suspended attempt.
  package struct Suspension: Sendable, Equatable {
    /// The checkpoint.
    package var checkpoint: [UInt8]
    /// The number of completed steps.
    package var steps: Int
    /// The metrics, if the budget is a part of the first step and is used up.
    package var measurement: TrialMeasurement?

    package init(checkpoint: [UInt8], steps: Int, measurement: TrialMeasurement? = nil) {
      (self.checkpoint, self.steps, self.measurement) = (checkpoint, steps, measurement)
    }
  }
}
