/// A connected worker.
struct Peer: Sendable {
  var description: WorkerDescription
  var address: ReturnAddress
  /// The public key of its connection.
  let key: String
  /// The short form of the key, for display.
  let fingerprint: String
  /// The attempts that it is to run.
  var attempts: Set<AttemptID> = []
  var lastHeard: Duration
  /// Whether it is among the idle workers.
  var isQueued = false
  /// Gets no work before its next heartbeat: it returned an attempt or missed heartbeats.
  var isPaused = false
  /// Whether `workerJoined` is persisted; done before its first attempt.
  var isRecorded = false
  /// Gets no more work from this search.
  var isExcluded = false

  var freeSlots: Int { isPaused || isExcluded ? 0 : description.slots - attempts.count }
  /// Whether it can get work at all.
  var isAvailable: Bool { !isExcluded && description.slots > 0 }
  /// Host and pid, for display.
  var text: String { "\(description.host) (pid \(description.pid))" }
}

/// A departed worker that was not excluded.
struct Departure: Sendable {
  let host: String
  let time: Duration
}

/// A machine, identified by key and host name.
struct Machine: Hashable, Sendable {
  let key: String
  let host: String

  init(_ peer: Peer) {
    key = peer.key
    host = peer.description.host
  }
}
