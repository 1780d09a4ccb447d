import CZeroMQ
import Glibc

/// A buffer for one received frame. It has a fixed heap address, because libzmq's messages must not move.
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

  /// Receives the socket's next frame and replaces the current one; false if none is available.
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

  /// The authenticated public key of the sender; nil if libzmq reports none.
  var userKey: CurveKey? {
    guard let text = zmq_msg_gets(message, "User-Id") else { return nil }
    let length = strnlen(text, Z85.keyLength + 1)
    return CurveKey(z85Characters: UnsafeRawBufferPointer(start: text, count: length))
  }

  /// The descriptor of the TCP connection of the frame; negative if unknown.
  var connection: Int32 { zmq_msg_get(message, ZMQ_SRCFD) }
}
