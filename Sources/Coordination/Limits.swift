/// What either end of the protocol accepts from the other.
package enum Limits {
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
