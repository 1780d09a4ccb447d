import CZeroMQ

/// Constants and settings of both ends.
package enum Transport {
  /// The largest payload of one message in bytes; larger data is sent in pieces.
  package static let maximumPayload = 60 * 1024

  /// The largest frame that libzmq accepts before it disconnects: payload and encryption.
  private static let maximumFrame: Int64 = 64 * 1024

  /// The maximum number of queued messages per peer and direction.
  private static let highWaterMark: Int32 = 64

  /// The version of the loaded libzmq, for example "4.3.4".
  package static var libraryVersion: String {
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Sets the options that protect a socket from its peers.
  static func prepare(_ socket: Socket, for endpoint: Endpoint) {
    socket.set(ZMQ_MAXMSGSIZE, wide: maximumFrame)
    socket.set(ZMQ_SNDHWM, highWaterMark)
    socket.set(ZMQ_RCVHWM, highWaterMark)
    socket.set(ZMQ_IPV6, endpoint.isIPv6 ? 1 : 0)
    socket.set(ZMQ_HANDSHAKE_IVL, 15_000)
    // TCP keep-alive detects dead connections. libzmq's heartbeats are not usable: libzmq aborts if one is due on a
    // connection that was lost while messages were queued (libzmq issue 4364).
    socket.set(ZMQ_TCP_MAXRT, 15_000)
    socket.set(ZMQ_TCP_KEEPALIVE, 1)
    socket.set(ZMQ_TCP_KEEPALIVE_IDLE, 5)
    socket.set(ZMQ_TCP_KEEPALIVE_INTVL, 5)
    socket.set(ZMQ_TCP_KEEPALIVE_CNT, 3)
  }
}

/// The result of sending a message. Sent means passed to libzmq: only a reply from the peer confirms delivery.
package enum SendOutcome: Equatable, Sendable {
  case sent
  /// The peer has disconnected; the message is dropped.
  case unreachable
  /// The peer's queue is full, or there is no connection; the message is not queued.
  case full
  /// More than `Transport.maximumPayload` bytes; the message is not queued.
  case tooLarge
}

/// The number of dropped messages by reason.
package struct DroppedMessages: Equatable, Sendable {
  /// Not exactly one routing id assigned by libzmq and one frame.
  package internal(set) var malformed = 0
  /// More than `Transport.maximumPayload` bytes.
  package internal(set) var oversize = 0
  /// From an unauthenticated peer.
  package internal(set) var unidentified = 0
  /// From a key that was revoked after it connected.
  package internal(set) var unauthorized = 0
  /// From a peer that sent more than was taken.
  package internal(set) var excessive = 0

  package var total: Int { malformed + oversize + unidentified + unauthorized + excessive }
}
