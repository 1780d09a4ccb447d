import CZeroMQ

/// What both ends agree on.
package enum Transport {
  /// The largest payload of one message, in bytes; larger things travel in pieces.
  package static let maximumPayload = 60 * 1024

  /// The largest frame that libzmq takes in before it cuts the connection: payload and encryption.
  private static let maximumFrame: Int64 = 64 * 1024

  /// Messages that may wait for one peer, each way.
  private static let highWaterMark: Int32 = 64

  /// The version of the libzmq that this process has loaded, such as "4.3.4".
  package static var libraryVersion: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Sets on a socket what keeps either end alive whatever the other does.
  static func prepare(_ socket: Socket, for endpoint: Endpoint) {
    socket.set(ZMQ_MAXMSGSIZE, wide: maximumFrame)
    socket.set(ZMQ_SNDHWM, highWaterMark)
    socket.set(ZMQ_RCVHWM, highWaterMark)
    socket.set(ZMQ_IPV6, endpoint.isIPv6 ? 1 : 0)
    socket.set(ZMQ_HANDSHAKE_IVL, 15_000)
    // These find dead connections. Not libzmq's heartbeats: it aborts when they fall due on a connection that was lost
    // while messages waited (libzmq issue 4364).
    socket.set(ZMQ_TCP_MAXRT, 15_000)
    socket.set(ZMQ_TCP_KEEPALIVE, 1)
    socket.set(ZMQ_TCP_KEEPALIVE_IDLE, 5)
    socket.set(ZMQ_TCP_KEEPALIVE_INTVL, 5)
    socket.set(ZMQ_TCP_KEEPALIVE_CNT, 3)
  }
}

/// What became of a message that was to be sent. Sent means handed to libzmq: only an answer of the
/// peer proves that it arrived.
package enum SendOutcome: Equatable, Sendable {
  case sent
  /// The peer has left; the message is dropped.
  case unreachable
  /// Too much waits for this peer, or there is no connection; the message is not taken.
  case full
  /// More than `Transport.maximumPayload` bytes; the message is not taken.
  case tooLarge
}

/// Messages that were received and thrown away, by reason.
package struct DroppedMessages: Equatable, Sendable {
  /// Not one routing id given by us and one frame.
  package internal(set) var malformed = 0
  /// More than `Transport.maximumPayload` bytes.
  package internal(set) var oversize = 0
  /// From somebody whom libzmq does not vouch for.
  package internal(set) var unidentified = 0
  /// From a key that was revoked after it had connected.
  package internal(set) var unauthorized = 0

  package var total: Int { malformed + oversize + unidentified + unauthorized }
}
