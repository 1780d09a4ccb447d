import Search

/// A committed decision of the coordinator: a line of `events.jsonl`.
package struct SearchEvent: Hashable, Sendable {
  /// Counts the lines of the file from 1.
  package var number: Int
  /// When it was committed, in seconds since 1970.
  package var time: Double
  package var content: Content

  package init(number: Int, time: Double, content: Content) {
    (self.number, self.time, self.content) = (number, time, content)
  }

  /// What was decided. Numbers of epochs are parts of the first epoch if they are below 1.
  package enum Content: Hashable, Sendable {
    /// A worker has joined, or joined again.
    case workerJoined(Worker)
    /// The worker gets no more work.
    case workerExcluded(worker: String, reason: String)
    /// A worker, named by its ID, executes a trial with these searched values; none if they are not known.
    case attemptStarted(Attempt, worker: String, [Parameter])
    /// The first epochs of the attempt are those of an earlier attempt.
    case epochsInherited(Attempt, from: Int, epochs: Int)
    /// An epoch has ended; its duration in seconds.
    case epochEnded(Attempt, epoch: Int, seconds: Double, [Metric])
    /// The trial has reached a rung, counted from 0, with these metrics.
    case rungReached(Attempt, rung: Int, [Metric])
    /// The run directory holds a checkpoint of the trial.
    case checkpointStored(Attempt, epochs: Int, bytes: Int)
    /// The cause is an `ending` of attempts.csv.
    case attemptEnded(Attempt, cause: String, detail: String)
    /// An attempt that was lost continues.
    case attemptResumed(Attempt)
    /// The result of a trial, and the attempt that delivered it.
    case trialEnded(Attempt, status: TrialResult.Status, epochs: Double, [Metric])
    /// The result of a failed trial is deleted: it runs again.
    case trialReopened(Replicate)
    /// The SHA-256 of the dataset of all results, in hexadecimal.
    case dataKnown(digest: String)
    /// No more trials begin.
    case trialsComplete(count: Int)
    /// An event of a later version, by its type.
    case other(type: String)
  }

  /// An execution of a trial, or of a replicate.
  package struct Attempt: Hashable, Sendable {
    package var number: Int
    package var trial: Replicate

    package init(_ number: Int, of trial: Replicate) { (self.number, self.trial) = (number, trial) }
  }

  /// A worker process.
  package struct Worker: Hashable, Sendable {
    /// 32 hexadecimal digits.
    package var id: String
    package var host: String
    package var pid: Int
    package var slots: Int
    package var isLocal: Bool
    package var numerics: String
    /// The fingerprint of its public key.
    package var key: String

    package init(
      id: String, host: String, pid: Int, slots: Int, isLocal: Bool, numerics: String, key: String
    ) {
      (self.id, self.host, self.pid, self.slots) = (id, host, pid, slots)
      (self.isLocal, self.numerics, self.key) = (isLocal, numerics, key)
    }
  }

  /// A searched value that has an effect.
  package struct Parameter: Hashable, Sendable {
    /// Its column in results.csv.
    package var column: String
    package var value: SearchStatus.Setting

    package init(_ column: String, _ value: SearchStatus.Setting) {
      (self.column, self.value) = (column, value)
    }

    /// The values of a trial, in the order of the space; nil for parameters without an effect.
    package static func all(_ values: [Value?], of space: SearchSpace) -> [Parameter] {
      zip(space.parameters, values).compactMap { parameter, value in
        value.map { Parameter(parameter.column, .init($0)) }
      }
    }
  }

  /// A measured value; NaN if it is not finite.
  package struct Metric: Hashable, Sendable {
    package var name: String
    package var value: Double

    package init(_ name: String, _ value: Double) { (self.name, self.value) = (name, value) }
  }
}
