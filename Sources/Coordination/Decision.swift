import Search

/// A decision of the coordinator that must be on disk before anyone hears of it.
package enum Decision: Sendable, Equatable {
  case workerJoined(WorkerID, WorkerDescription)
  case attemptStarted(AttemptID, trial: Int, worker: WorkerID)
  /// It goes on where an earlier attempt was: the first epochs are that one's.
  case epochsInherited(AttemptID, from: AttemptID, count: Int)
  case epochEnded(AttemptID, number: Int, WireEpoch)
  case attemptEnded(AttemptID, AttemptEnd, words: String)
  /// Its worker came back in time: it runs on.
  case attemptResumed(AttemptID)
  /// The trial can go on from there, until it ends.
  case checkpointStored(StoredCheckpoint)
  /// A trial has trained to the budget of a rung for the first time, and what it had come to there.
  case rungReached(RungScore, rung: Int)
  /// The SHA-256 of the dataset that all results come from.
  case dataKnown([UInt8])
  /// No more trials begin than these.
  case trialsComplete(count: Int)
  /// The worker gets no more work from this search; why.
  case workerExcluded(WorkerID, reason: String)
  /// The one result of a trial, and the attempt that brought it.
  case trialEnded(TrialEnd, by: AttemptID)
}

/// What a worker says of itself.
package struct WorkerDescription: Sendable, Equatable {
  package var host: String
  package var pid: Int32
  package var slots: Int
  package var isLocal: Bool
  package var numerics: String
  /// The public key that it joined with.
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
  /// It brought its trial's result.
  case finished
  /// Another attempt brought the result first.
  case superseded
  /// Its worker fell silent.
  case lost
  /// Its worker's process crashed.
  case crashed
  /// Its worker was killed from outside.
  case killed
  /// Its worker gave it back.
  case released
  /// Its trial has been trained until it is compared with others.
  case paused
  /// It made no training step for too long, and was taken from its worker.
  case revoked
  /// Its worker broke a rule: a value out of range, a result too early.
  case rejected
  /// Its worker reported that the trial cannot be trained.
  case failed
  /// Its worker gave it back without leaving.
  case refused
  /// It ended with its coordinator.
  case interrupted
}

/// A checkpoint of a trial without result that lies beside the record of the search.
package struct StoredCheckpoint: Sendable, Equatable {
  package var trial: Int
  /// Who handed it over, and reported its epochs.
  package var attempt: AttemptID
  package var checkpoint: WireCheckpoint

  package init(trial: Int, attempt: AttemptID, checkpoint: WireCheckpoint) {
    self.trial = trial
    self.attempt = attempt
    self.checkpoint = checkpoint
  }
}

/// What a trial had come to when it had trained to the budget of a rung.
package struct RungScore: Sendable, Equatable {
  package var trial: Int
  /// Who reported it.
  package var attempt: AttemptID
  package var score: EpochScore

  package init(trial: Int, attempt: AttemptID, score: EpochScore) {
    self.trial = trial
    self.attempt = attempt
    self.score = score
  }
}

/// What is on disk when a coordinator starts.
package struct Snapshot: Sendable {
  /// An attempt whose trial has no result.
  package struct OpenAttempt: Sendable {
    package var id: AttemptID
    package var trial: Int
    package var worker: WorkerID
    package var host: String
    package var isLocal: Bool
    /// The public key of its worker; empty where an old record does not tell.
    package var key: String
    /// Nil: it was running when the last coordinator ended.
    package var end: AttemptEnd?
    package var detail: String
    package var epochs: [WireEpoch]
    /// How many of these an earlier attempt trained.
    package var inherited: Int

    package init(
      id: AttemptID, trial: Int, worker: WorkerID, host: String = "", isLocal: Bool, key: String,
      end: AttemptEnd?, detail: String = "", epochs: [WireEpoch], inherited: Int = 0
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
  /// Of the coordinator that starts now: higher than any before.
  package var epoch: UInt64
  package var lastAttempt: AttemptID
  package var results: [TrialEnd]
  package var openAttempts: [OpenAttempt]
  package var checkpoints: [StoredCheckpoint]
  /// What trials had come to at each rung.
  package var rungs: [[RungScore]]
  /// The SHA-256 of the dataset that results come from, once there are any.
  package var data: [UInt8]?
  /// How many trials there are, once that was said.
  package var trialCount: Int?
  /// The epochs of the trials that trained to their end; needed only with the median rule.
  package var curves: [[EpochScore]]
  /// Workers that get no more work, and why.
  package var excluded: [WorkerID: String]
  /// Whether workers of other machines have served the search.
  package var hadRemoteWorkers: Bool

  package init(
    search: SearchID, epoch: UInt64, lastAttempt: AttemptID, results: [TrialEnd],
    openAttempts: [OpenAttempt], checkpoints: [StoredCheckpoint] = [], rungs: [[RungScore]] = [],
    data: [UInt8]? = nil, trialCount: Int? = nil, curves: [[EpochScore]] = [],
    excluded: [WorkerID: String] = [:], hadRemoteWorkers: Bool = false
  ) {
    self.search = search
    self.epoch = epoch
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
