/// Counts a coordinator's connections by key, so that one key cannot take them all.
///
/// libzmq tells three things apart: that a key was admitted (without the connection), that a
/// connection opened or closed (without the key), and both together with every message. An admitted
/// key therefore counts as silent until its first message; there can never be more silent peers than
/// connections nobody spoke on, which forgets those that left without a word.
struct PeerLedger {
  /// Connections that one key may hold.
  let limit: Int

  /// Who speaks on each open connection; nil until the first message.
  private var speakers: [Int32: CurveKey?] = [:]
  private var speaking: [CurveKey: Int] = [:]
  private var silent: [CurveKey: Int] = [:]
  private var silentConnections = 0
  /// Connections that closed before they were said to be open: libzmq's threads report on their own.
  private var closedEarly: Set<Int32> = []

  init(limit: Int) {
    precondition(limit > 0, "a key may hold \(limit) connections")
    self.limit = limit
  }

  /// Open connections, whether they have passed the handshake or not.
  var connections: Int { speakers.count }

  /// Connections that the key holds as far as is known.
  func peers(of key: CurveKey) -> Int {
    speaking[key, default: 0] + min(silent[key, default: 0], silentConnections)
  }

  /// Counts one more peer of an authorized key, or refuses it because the key holds enough.
  mutating func admit(_ key: CurveKey) -> Bool {
    // The connection that asks is open and silent, but not yet the key's.
    let others = max(0, silentConnections - 1)
    let held = speaking[key, default: 0] + min(silent[key, default: 0], others)
    guard held < limit else { return false }
    silent[key] = min(silent[key, default: 0], others) + 1
    return true
  }

  mutating func opened(_ connection: Int32) {
    if closedEarly.remove(connection) != nil { return }
    if speakers[connection] != nil { closed(connection) }
    speakers.updateValue(nil, forKey: connection)
    silentConnections += 1
  }

  mutating func closed(_ connection: Int32) {
    guard let speaker = speakers.removeValue(forKey: connection) else {
      closedEarly.insert(connection)
      return
    }
    if let speaker { lower(&speaking, speaker) } else { silentConnections -= 1 }
  }

  /// Notes that a message of the key came by the connection.
  mutating func heard(_ key: CurveKey, on connection: Int32) {
    guard let speaker = speakers[connection], speaker != key else { return }
    if let speaker {
      lower(&speaking, speaker)
    } else {
      silentConnections -= 1
      lower(&silent, key)
    }
    speakers.updateValue(key, forKey: connection)
    speaking[key, default: 0] += 1
  }

  private func lower(_ counts: inout [CurveKey: Int], _ key: CurveKey) {
    guard let count = counts[key] else { return }
    counts[key] = count > 1 ? count - 1 : nil
  }
}
