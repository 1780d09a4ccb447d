import Search

// Attempts whose workers are silent, stuck or gone.
extension Coordinator {
  mutating func expireLeases(at now: Duration) {
    var lost: [WorkerID: Int] = [:]
    for id in attempts.expired(at: now) {
      guard let worker = attempts[id]?.worker,
        !attempts.extendLease(of: id, lastHeard: membership[worker]?.lastHeard, at: now)
      else { continue }
      membership.pause(worker)
      if membership[worker] == nil {
        endAttempt(id, as: .interrupted, detail: "its worker did not come back to this coordinator", at: now)
      } else {
        endAttempt(id, as: .lost, detail: "no heartbeat for \(intervals.lease.wholeSeconds) s", at: now)
        lost[worker, default: 0] += 1
      }
    }
    for (worker, count) in lost.sorted(by: { $0.key.description < $1.key.description }) {
      guard let peer = membership[worker] else { continue }
      warnOfLoss(of: count, on: peer, "is lost: no heartbeat for \((now - peer.lastHeard).wholeSeconds) s")
    }
    for (worker, peer) in membership.removeSilent(for: intervals.lease, at: now) {
      note("worker \(peer.description.host) (\(worker)) is gone")
      if peer.description.isLocal { perform([.kill(pid: peer.description.pid)]) }
    }
  }

  /// Revokes attempts without progress.
  mutating func revokeStuck(at now: Duration) {
    for id in attempts.stuck(at: now) where checkpoints.handovers[id] == nil {
      guard let worker = attempts[id]?.worker else { continue }
      membership.pause(worker)
      failAttempt(
        id, as: .revoked, because: "no training step for \(intervals.progress.wholeSeconds) s", at: now)
      sendRevoke(id, to: worker)
    }
  }

  mutating func processEnded(_ pid: Int32, _ end: ProcessEnd, at now: Duration) {
    let workers = membership.processEnded(pid)
    for attempt in workers.values.flatMap(\.attempts).sorted() {
      let (loss, how): (AttemptEnd, String) = end == .killed ? (.killed, "was killed") : (.crashed, "crashed")
      let epochs = attempts[attempt]?.epochs.count ?? 0
      endAttempt(attempt, as: loss, detail: "its worker process \(how) after epoch \(epochs)", at: now)
    }
    for (worker, peer) in workers {
      warnOfLoss(of: peer.attempts.count, on: peer, end == .killed ? "was killed" : "crashed")
      membership.recordDeparture(of: worker, at: now)
    }
    membership.forget(workers.keys)
  }
}
