// Exclusion: workers at fault get no more work. `Blame` decides who is.
extension Coordinator {
  /// Confirms failures: an attempt has completed epochs at which the trial failed on other workers.
  mutating func confirmFailures(
    of trial: Int, by worker: WorkerID?, epochs: Double, at now: Duration
  ) {
    for other in blame.refute(trial, before: epochs, by: worker) { excludeIfAtFault(other, at: now) }
  }

  /// Gives a worker no more work if its failures were its own fault.
  mutating func excludeIfAtFault(_ worker: WorkerID, at now: Duration) {
    guard let peer = membership[worker], !peer.isExcluded, let reason = blame.exclusionReason(of: worker)
    else { return }
    membership.exclude(worker, because: reason)
    persist(.workerExcluded(worker, reason: reason))
    let key = peer.fingerprint.isEmpty ? "" : ", key \(peer.fingerprint)"
    warn(
      "worker \(peer.description.host) (pid \(peer.description.pid)\(key)) gets no more work from this search: "
        + "\(reason); check its disk, memory and version of Trawl, then start it again")
    for id in attempts.all.filter({ $0.value.worker == worker }).keys.sorted() {
      endAttempt(id, as: .released, detail: "its worker gets no more work", at: now)
      attempts.remove(id)
      sendRevoke(id, to: worker)
    }
    reject("this worker gets no more work from this search: \(reason)", to: worker)
  }
}
