import Search

/// An attempt that has not ended, or whose lease has expired and whose result still counts.
struct Attempt: Sendable {
  let trial: Int
  let worker: WorkerID
  /// The public key of its worker; empty in old databases, which do not record it.
  let key: String
  /// The epochs of its next rung, or of its whole training; below 1, a part of the first epoch.
  var budget: Double
  /// The metrics after each epoch.
  var epochs: [Metrics] = []
  /// The number of `epochs` that an earlier attempt trained.
  var inherited = 0
  /// The checkpoint in its Assign. Its trial may have a newer one.
  var checkpoint: CheckpointFile?
  var leaseEnd: Duration
  var lastSent: Duration
  /// Training steps, as last reported.
  var steps: UInt64 = 0
  /// When it last made progress.
  var lastMoved: Duration
  /// When its latest epoch was reported; before the first, when it began.
  var lastEpoch: Duration
  /// Its lease has expired, and its trial waits or runs elsewhere.
  var isLost = false
  /// Whether its worker has confirmed that it holds it.
  var isDelivered = false
  /// How often its lease was extended because its Assign was not delivered.
  var extensions = 0
  /// When a gap in its messages was first seen; nil without a gap.
  var gapStart: Duration?

  init(of trial: Int, on worker: WorkerID, key: String, budget: Double, leaseEnd: Duration, at now: Duration)
  {
    self.trial = trial
    self.worker = worker
    self.key = key
    self.budget = budget
    self.leaseEnd = leaseEnd
    (lastSent, lastMoved, lastEpoch) = (now, now, now)
  }

  var lastSequence: UInt32 { UInt32(epochs.count) }

  /// Whether it was assigned to this worker. The key protects against a peer that only knows the worker's id.
  func belongs(to worker: WorkerID, key: String) -> Bool {
    self.worker == worker && (self.key == key || self.key.isEmpty)
  }
}

/// A trial that has begun and has no result yet.
struct OpenTrial: Sendable {
  /// The attempt that holds its lease; nil while it waits.
  var current: AttemptID?
  /// A second attempt that runs because `current` is slow.
  var speculativeAttempt: AttemptID?
  var attempts: [AttemptID] = []
  /// The backoff before its next attempt.
  var backoff = Backoff()
  /// The most epochs that any of its attempts has completed.
  var mostEpochs = 0
  /// Speculative attempts so far.
  var speculativeCount = 0
}
