/// Counts a coordinator's connections by key, so that one key cannot use all of them.
///
/// libzmq reports an admitted key (without the connection), an opened or closed connection (without the key), and
/// both together only with each message. So an admitted key counts as silent until its first message. The number of
/// connections without a message caps the number of silent peers, so that peers that left before their first message
/// do not count.
struct ConnectionCounts {
  /// The maximum of connections per key.
  let limit: Int

  /// The key of each open connection; nil until the first message.
  private var connectionKeys: [Int32: CurveKey?] = [:]
  private var identified: [CurveKey: Int] = [:]
  private var silent: [CurveKey: Int] = [:]
  private var silentConnections = 0
  /// Connections reported closed before they were reported open: libzmq's threads report independently.
  private var closedEarly: Set<Int32> = []

  init(limit: Int) {
    precondition(limit > 0, "a key may hold \(limit) connections")
    self.limit = limit
  }

  /// Open connections, including those in the handshake.
  var connections: Int { connectionKeys.count }

  /// The known number of connections of the key.
  func peers(of key: CurveKey) -> Int {
    identified[key, default: 0] + min(silent[key, default: 0], silentConnections)
  }

  /// Counts a new peer of an authorized key, or rejects it if the key has its maximum of connections.
  mutating func admit(_ key: CurveKey) -> Bool {
    // The requesting connection is open and silent, but not yet assigned to the key.
    let others = max(0, silentConnections - 1)
    let held = identified[key, default: 0] + min(silent[key, default: 0], others)
    guard held < limit else { return false }
    silent[key] = min(silent[key, default: 0], others) + 1
    return true
  }

  mutating func opened(_ connection: Int32) {
    if closedEarly.remove(connection) != nil { return }
    if connectionKeys[connection] != nil { closed(connection) }
    connectionKeys.updateValue(nil, forKey: connection)
    silentConnections += 1
  }

  mutating func closed(_ connection: Int32) {
    guard let speaker = connectionKeys.removeValue(forKey: connection) else {
      closedEarly.insert(connection)
      return
    }
    if let speaker { lower(&identified, speaker) } else { silentConnections -= 1 }
  }

  /// Assigns the connection to the key of its message.
  mutating func heard(_ key: CurveKey, on connection: Int32) {
    guard let speaker = connectionKeys[connection], speaker != key else { return }
    if let speaker {
      lower(&identified, speaker)
    } else {
      silentConnections -= 1
      lower(&silent, key)
    }
    connectionKeys.updateValue(key, forKey: connection)
    identified[key, default: 0] += 1
  }

  private func lower(_ counts: inout [CurveKey: Int], _ key: CurveKey) {
    guard let count = counts[key] else { return }
    counts[key] = count > 1 ? count - 1 : nil
  }
}
