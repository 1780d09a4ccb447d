/// The dataset of a search: results of deterministic trials are comparable only if all workers use the same one.
struct Dataset: Sendable {
  /// Its SHA-256; nil before the first epoch.
  private(set) var digest: [UInt8]?

  init(_ digest: [UInt8]?) {
    self.digest = digest
  }

  /// Fixes the digest at the first report; false if it is already known or not one. A failed trial does not fix it: a
  /// wrong dataset may be the cause.
  mutating func adopt(_ digest: [UInt8]) -> Bool {
    guard self.digest == nil, digest.count == Limits.digest else { return false }
    self.digest = digest
    return true
  }

  /// Whether a message carries another dataset's digest; Bye is exempt.
  func differs(from message: WireToCoordinator) -> Bool {
    if case .bye = message.body { return false }
    guard let digest, !message.data.isEmpty else { return false }
    return Array(message.data) != digest
  }
}
