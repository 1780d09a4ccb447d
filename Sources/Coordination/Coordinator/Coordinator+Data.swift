// Results of deterministic trials are comparable only if all workers use the same dataset. The first report fixes its
// digest.
extension Coordinator {
  /// Fixes the dataset digest of the search at the first report. A failed trial does not fix it: a wrong dataset may be
  /// the cause.
  mutating func adoptData(_ digest: some Sequence<UInt8>, from worker: WorkerID) {
    let digest = Array(digest)
    guard file.format.isDeterministic, data == nil, digest.count == Limits.digest, let peer = peers[worker]
    else { return }
    data = digest
    effects.append(.persist(.dataKnown(digest)))
    let host = peer.description.host
    effects.append(.note("the dataset on \(host) has the SHA-256 sum \(digest.hexadecimal)"))
  }

  /// Whether the message carries a different dataset digest; Bye is exempt.
  func hasDifferentData(_ message: WireToCoordinator) -> Bool {
    if case .bye = message.body { return false }
    guard let data, message.search == search.number, !message.data.isEmpty else { return false }
    return Array(message.data) != data
  }

  /// Releases all attempts of a worker with a different dataset and rejects it.
  mutating func rejectWorker(
    _ id: WorkerID, with other: some Sequence<UInt8>, _ sender: Sender, at now: Duration
  ) {
    let own = (data ?? []).hexadecimal.prefix(16)
    let found = Array(other.prefix(Limits.digest)).hexadecimal.prefix(16)
    let detail =
      "its dataset (SHA-256 sum \(found)...) is not the one that this search began with (\(own)...); "
      + "'trawl data inspect' prints the sum of the files on a machine"
    if let peer = peers[id], peer.key == sender.key {
      for attempt in peer.attempts.sorted() {
        endAttempt(attempt, as: .released, detail: "its worker has other data", at: now)
      }
      delayWork(for: peer, at: now)
      forget([id])
      let worker = "worker \(peer.description.host) (pid \(peer.description.pid))"
      effects.append(.warn("\(worker) was rejected: \(detail)"))
    }
    reject(.data, detail, to: sender)
  }
}
