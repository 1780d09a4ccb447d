/// What either end of the protocol accepts from the other.
package enum Limits {
  /// Bytes of checkpoints that a worker keeps after it has handed them over.
  static let shelf = 64 << 20
  /// The version of the protocol spoken here.
  package static let version: UInt32 = 1
  /// The slots of one worker: their progress must fit into one message.
  package static let slots = 1024
  /// Workers known at once.
  package static let workers = 100_000
  /// Workers known at once that joined with the same key.
  package static let workersPerKey = 20_000
  /// Attempts that one heartbeat has called off: a worker holds that many by mistake at most, and beats again.
  static let revokesPerHeartbeat = 64
  /// Bytes of a checkpoint in one message.
  package static let piece = 32 * 1024
  /// Bytes of a checkpoint that is kept; one that is larger is done without.
  package static let checkpoint = 1 << 30
  /// Bytes of all checkpoints that are kept at once.
  static let checkpoints = 16 << 30
  /// Checkpoints that are fetched at once; more wait for their turn.
  static let handovers = 16
  /// Bytes of a SHA-256.
  static let digest = 32
  /// The longest text of a peer that is kept, in characters.
  package static let textLength = 500
}

extension String {
  /// The text of a peer, shortened and without control characters, fit for logs and terminals.
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
