import Search

/// A decision of the coordinator. It must be on disk before any message that depends on it is sent.
package enum Decision: Sendable, Equatable {
  case workerJoined(WorkerID, WorkerDescription)
  case attemptStarted(AttemptID, trial: Int, worker: WorkerID)
  /// The attempt resumes from a checkpoint: its first `count` epochs are those of an earlier attempt.
  case epochsInherited(AttemptID, from: AttemptID, count: Int)
  case epochEnded(AttemptID, number: Int, Metrics, seconds: Double)
  case attemptEnded(AttemptID, AttemptEnd, detail: String)
  /// A lost attempt continues: its worker reconnected before the trial ran elsewhere.
  case attemptResumed(AttemptID)
  /// The trial can resume from this checkpoint until it ends.
  case checkpointStored(StoredCheckpoint)
  /// A trial has reached a rung for the first time.
  case rungReached(RungScore, rung: Int)
  /// The SHA-256 of the dataset of all results.
  case dataKnown([UInt8])
  /// The final number of trials: no further trials begin.
  case trialsComplete(count: Int)
  /// The worker is excluded: it gets no more work from this search.
  case workerExcluded(WorkerID, reason: String)
  /// The only result of a trial, and the attempt that delivered it.
  case trialEnded(TrialEnd, by: AttemptID)
}

/// A worker as it describes itself in its Hello.
package struct WorkerDescription: Sendable, Equatable {
  package var host: String
  package var pid: Int32
  package var slots: Int
  package var isLocal: Bool
  package var numerics: String
  /// The public key of its connection.
  package var key: String

  package init(host: String, pid: Int32, slots: Int, isLocal: Bool, numerics: String, key: String) {
    self.host = host
    self.pid = pid
    self.slots = slots
    self.isLocal = isLocal
    self.numerics = numerics
    self.key = key
  }
}

/// How an attempt ended.
package enum AttemptEnd: String, Sendable, CaseIterable {
  /// It delivered its trial's result.
  case finished
  /// Another attempt delivered the result first.
  case superseded
  /// Its lease expired: no heartbeat from its worker.
  case lost
  /// Its worker's process crashed.
  case crashed
  /// Its worker was killed from outside.
  case killed
  /// Its worker released it and left.
  case released
  /// Its trial has reached a rung.
  case paused
  /// It made no training step for too long.
  case revoked
  /// Its worker broke a protocol rule, for example by a value out of range or an early result.
  case rejected
  /// Its worker reported that the trial cannot be trained.
  case failed
  /// Its worker, which has delivered no score yet, reported that the loss is not finite; another machine checks it.
  case diverged
  /// Its worker released it and stayed.
  case refused
  /// It ended with its coordinator.
  case interrupted
}

/// A checkpoint in the run directory, of a trial that has no result yet.
package struct StoredCheckpoint: Sendable, Equatable {
  package var trial: Int
  /// The attempt that handed it over and reported its epochs.
  package var attempt: AttemptID
  package var checkpoint: WireCheckpoint

  package init(trial: Int, attempt: AttemptID, checkpoint: WireCheckpoint) {
    self.trial = trial
    self.attempt = attempt
    self.checkpoint = checkpoint
  }
}

/// The metrics of a trial at a rung.
package struct RungScore: Sendable, Equatable {
  package var trial: Int
  /// The attempt that reported it.
  package var attempt: AttemptID
  package var metrics: Metrics

  package init(trial: Int, attempt: AttemptID, metrics: Metrics) {
    self.trial = trial
    self.attempt = attempt
    self.metrics = metrics
  }
}

/// The state on disk when a coordinator starts.
package struct Snapshot: Sendable {
  /// An attempt whose trial has no result.
  package struct OpenAttempt: Sendable {
    package var id: AttemptID
    package var trial: Int
    package var worker: WorkerID
    package var host: String
    package var isLocal: Bool
    /// The public key of its worker; empty in old databases, which do not record it.
    package var key: String
    /// Nil if it was running when the last coordinator ended.
    package var end: AttemptEnd?
    package var detail: String
    package var epochs: [Metrics]
    /// The number of `epochs` that an earlier attempt trained.
    package var inherited: Int

    package init(
      id: AttemptID, trial: Int, worker: WorkerID, host: String = "", isLocal: Bool, key: String,
      end: AttemptEnd?, detail: String = "", epochs: [Metrics], inherited: Int = 0
    ) {
      self.id = id
      self.trial = trial
      self.worker = worker
      self.host = host
      self.isLocal = isLocal
      self.key = key
      self.end = end
      self.detail = detail
      self.epochs = epochs
      self.inherited = inherited
    }
  }

  package var search: SearchID
  /// The generation of this coordinator: higher than that of any earlier start.
  package var generation: UInt64
  /// The incarnation of the attempts that this coordinator starts.
  package var incarnation: UInt32
  package var lastAttempt: AttemptID
  package var results: [TrialEnd]
  package var openAttempts: [OpenAttempt]
  package var checkpoints: [StoredCheckpoint]
  /// The scores at each rung.
  package var rungs: [[RungScore]]
  /// The SHA-256 of the dataset of all results; nil before the first epoch.
  package var data: [UInt8]?
  /// The final number of trials; nil while it is open.
  package var trialCount: Int?
  /// The learning curves of completed trials; needed only by the median stopping rule.
  package var curves: [[Metrics]]
  /// Excluded workers and the reason.
  package var excluded: [WorkerID: String]
  /// Whether remote workers have joined the search before.
  package var hadRemoteWorkers: Bool

  package init(
    search: SearchID, generation: UInt64, incarnation: UInt32 = 0, lastAttempt: AttemptID,
    results: [TrialEnd], openAttempts: [OpenAttempt], checkpoints: [StoredCheckpoint] = [],
    rungs: [[RungScore]] = [],
    data: [UInt8]? = nil, trialCount: Int? = nil, curves: [[Metrics]] = [],
    excluded: [WorkerID: String] = [:], hadRemoteWorkers: Bool = false
  ) {
    self.search = search
    self.generation = generation
    self.incarnation = incarnation
    self.lastAttempt = lastAttempt
    self.results = results
    self.openAttempts = openAttempts
    self.checkpoints = checkpoints
    self.rungs = rungs
    self.data = data
    self.trialCount = trialCount
    self.curves = curves
    self.excluded = excluded
    self.hadRemoteWorkers = hadRemoteWorkers
  }
}
