extension Coordinator {
  /// Rejects the workers with revoked keys and ends their attempts, whose later messages are ignored. Their trials run
  /// elsewhere, without a recorded failure.
  mutating func revoke(_ keys: Set<String>, at now: Duration) {
    let revokedPeers = peers.filter { keys.contains($0.value.key) }
    for (worker, peer) in revokedPeers.sorted(by: { $0.key.description < $1.key.description }) {
      effects.append(
        .note("worker \(peer.description.host) (\(worker)) is disconnected: its key was revoked"))
      reject(.revoked, "its key was revoked", to: Sender(address: peer.address, key: peer.key))
    }
    forget(revokedPeers.keys)
    for id in attempts.filter({ keys.contains($0.value.key) }).keys.sorted() {
      endAttempt(id, as: .killed, detail: "its worker's key was revoked", at: now)
      attempts[id] = nil
    }
  }
}
