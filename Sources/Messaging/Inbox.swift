/// Received messages that the coordinator has not taken yet, in order, within limits.
struct Inbox {
  /// The maximum of one peer: what it sends in an honest second.
  private static let maximumBytesPerPeer = 16 << 20
  private static let maximumBytes = 256 << 20

  private var messages: [Incoming] = []
  /// The index of the next message.
  private var next = 0
  private var bytes = 0
  private var bytesByPeer: [Route: Int] = [:]

  var isEmpty: Bool { next == messages.count }

  /// Adds a message; false if it is dropped because of the limits.
  mutating func put(_ message: Incoming) -> Bool {
    let size = Self.size(of: message)
    let held = bytesByPeer[message.route, default: 0]
    guard held + size <= Self.maximumBytesPerPeer, bytes + size <= Self.maximumBytes else { return false }
    bytesByPeer[message.route] = held + size
    bytes += size
    messages.append(message)
    return true
  }

  /// Removes and returns the next message; nil if there is none.
  mutating func take() -> Incoming? {
    guard !isEmpty else { return nil }
    let message = messages[next]
    next += 1
    bytes -= Self.size(of: message)
    bytesByPeer[message.route, default: 0] -= Self.size(of: message)
    if isEmpty { self = Inbox() }
    return message
  }

  /// Its payload, and what holding it costs.
  private static func size(of message: Incoming) -> Int { message.bytes.count + 128 }
}
