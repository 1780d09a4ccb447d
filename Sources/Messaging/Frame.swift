import CZeroMQ
import Glibc

/// Room for one received frame. It stays at one place on the heap, because libzmq's messages must
/// not be moved in memory.
final class Frame {
  private let message: UnsafeMutablePointer<zmq_msg_t>

  init() {
    message = .allocate(capacity: 1)
    zmq_msg_init(message)
  }

  deinit {
    zmq_msg_close(message)
    message.deallocate()
  }

  /// Takes the next frame of the socket, in place of the one held so far; false when none waits.
  func receive(from socket: Socket, waits: Bool = false) -> Bool {
    while true {
      let result = zmq_msg_recv(message, socket.handle, waits ? 0 : ZMQ_DONTWAIT)
      let code = zmq_errno()
      if result >= 0 { return true }
      switch code {
      case EINTR: continue
      case EAGAIN: return false
      default: preconditionFailure("receiving: \(String(cString: zmq_strerror(code)))")
      }
    }
  }

  /// Whether more frames of the same message follow.
  var hasMore: Bool { zmq_msg_more(message) != 0 }

  /// Bytes in the frame.
  var count: Int { zmq_msg_size(message) }

  /// The frame's bytes, valid inside the closure.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: zmq_msg_data(message), count: count))
  }

  /// A copy of the frame's bytes.
  var bytes: [UInt8] { withBytes { [UInt8]($0) } }

  /// The public key that the sender proved to hold; nil when libzmq does not vouch for anyone.
  var userKey: CurveKey? {
    guard let text = zmq_msg_gets(message, "User-Id") else { return nil }
    let length = strnlen(text, Z85.keyLength + 1)
    return CurveKey(z85Characters: UnsafeRawBufferPointer(start: text, count: length))
  }

  /// The number of the TCP connection that the frame came by; negative when unknown.
  var connection: Int32 { zmq_msg_get(message, ZMQ_SRCFD) }
}
