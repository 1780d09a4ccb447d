/// The receiving side of a checkpoint transfer: requests pieces in order, with a window. The sender only answers.
struct Transfer: Sendable {
  /// Pieces that may be in flight.
  static let window: UInt64 = 16
  /// The timeout after which pieces are requested again.
  static let retry = Duration.seconds(2)

  let checkpoint: WireCheckpoint
  /// The time of the first request or of the last piece.
  private(set) var lastMoved: Duration?
  private var received: UInt64 = 0
  private var requested: UInt64 = 0
  private var lastAsked = Duration.zero

  init(_ checkpoint: WireCheckpoint) {
    self.checkpoint = checkpoint
  }

  var isComplete: Bool { received == checkpoint.size }

  /// The pieces to request now.
  mutating func requests(at now: Duration) -> [WireFetch] {
    if lastMoved == nil { lastMoved = now }
    let moved = max(lastAsked, lastMoved ?? now)
    if requested > received, now - moved >= Self.retry { requested = received }
    let end = min(checkpoint.size, received + Self.window * UInt64(Limits.piece))
    var fetches: [WireFetch] = []
    while requested < end {
      var fetch = WireFetch()
      fetch.digest = checkpoint.digest
      fetch.offset = requested
      fetches.append(fetch)
      requested += UInt64(Limits.piece)
    }
    if !fetches.isEmpty { lastAsked = now }
    return fetches
  }

  /// Accepts the next piece; false if it is a different one.
  mutating func append(_ chunk: WireChunk, at now: Duration) -> Bool {
    let size = min(UInt64(Limits.piece), checkpoint.size - received)
    guard chunk.digest == checkpoint.digest, chunk.offset == received, UInt64(chunk.data.count) == size
    else { return false }
    received += size
    lastMoved = now
    return true
  }
}

extension WireCheckpoint {
  /// Whether digest and size are valid.
  var isPlausible: Bool {
    digest.count == Limits.digest && (1...UInt64(Limits.checkpoint)).contains(size)
  }
}

extension WireChunk {
  /// The requested piece of a checkpoint; empty if the offset is past its end.
  package init(_ fetch: WireFetch, of bytes: some RandomAccessCollection<UInt8>) {
    self.init()
    digest = fetch.digest
    offset = fetch.offset
    guard fetch.offset < UInt64(bytes.count) else { return }
    let start = bytes.index(bytes.startIndex, offsetBy: Int(fetch.offset))
    data = .init(bytes[start...].prefix(Limits.piece))
  }
}
