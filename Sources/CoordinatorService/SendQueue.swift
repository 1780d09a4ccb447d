import Coordination

/// Messages for peers whose send queues are full, in order. Messages above a limit are dropped, because the state that
/// they carry is sent again on heartbeat or Hello.
struct SendQueue {
  private var messages: [ReturnAddress: [[UInt8]]] = [:]
  /// The size of all messages in bytes.
  private var size = 0
  /// The maximum number of messages for a peer.
  private let mostMessages: Int
  /// The maximum size of all messages in bytes.
  private let mostBytes: Int

  init(mostMessages: Int = 4096, mostBytes: Int = 64 << 20) {
    (self.mostMessages, self.mostBytes) = (mostMessages, mostBytes)
  }

  var isEmpty: Bool { messages.isEmpty }

  /// Whether messages for a peer wait, so that a further one must wait behind them.
  func hasMessages(for address: ReturnAddress) -> Bool { messages[address] != nil }

  /// Adds a message, unless a limit is reached.
  mutating func append(_ message: [UInt8], for address: ReturnAddress) {
    guard messages[address, default: []].count < mostMessages, size < mostBytes else { return }
    messages[address, default: []].append(message)
    size += message.count
  }

  /// Sends as many messages as the peers take.
  ///
  /// - Parameter send: sends a message; returns false if the send queue of its peer is full.
  mutating func flush(_ send: ([UInt8], ReturnAddress) -> Bool) {
    for (address, waiting) in messages {
      let sent = waiting.prefix { send($0, address) }
      guard !sent.isEmpty else { continue }
      messages[address] = sent.count == waiting.count ? nil : Array(waiting.dropFirst(sent.count))
      size -= sent.reduce(0) { $0 + $1.count }
    }
  }
}
