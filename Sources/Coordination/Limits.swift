/// The protocol limits that coordinator and worker enforce.
package enum Limits {
  /// Bytes of the worker's checkpoint cache.
  static let checkpointCache = 64 << 20
  /// The protocol version.
  package static let version: UInt32 = 2
  /// Slots of one worker: the progress of all must fit into one message.
  package static let slots = 1024
  /// Connected workers.
  package static let workers = 100_000
  /// Connected workers with the same key.
  package static let workersPerKey = 20_000
  /// Attempts that the answer to one heartbeat revokes; the next heartbeat revokes the rest.
  static let revokesPerHeartbeat = 64
  /// Bytes of a checkpoint in one message.
  package static let piece = 32 * 1024
  /// Bytes of one checkpoint; larger ones are not stored.
  package static let checkpoint = 1 << 30
  /// Bytes of all stored checkpoints.
  static let checkpoints = 16 << 30
  /// Checkpoints that are fetched concurrently; others are queued.
  static let handovers = 16
  /// Bytes of a SHA-256.
  static let digest = 32
  /// Characters kept of a text from a peer.
  package static let textLength = 500
}

extension String {
  /// The text, truncated and without control characters: safe for logs and terminals.
  package var asPeerText: String {
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars.prefix(Limits.textLength) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
        text.append("\u{FFFD}")
      default: text.append(scalar)
      }
    }
    return String(text)
  }
}
