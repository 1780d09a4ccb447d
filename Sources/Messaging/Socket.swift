import CZeroMQ
import Glibc

/// One ZeroMQ socket. Only this file, `Frame.swift` and `PollSet.swift` use libzmq's pointers: they are owned here,
/// freed once, and never returned.
///
/// Not thread-safe: the owner moves it to its thread before the first use.
final class Socket {
  enum Kind {
    case router, dealer, reply, pair

    var code: Int32 {
      switch self {
      case .router: ZMQ_ROUTER
      case .dealer: ZMQ_DEALER
      case .reply: ZMQ_REP
      case .pair: ZMQ_PAIR
      }
    }
  }

  /// The result of passing one frame to libzmq.
  enum FrameOutcome { case sent, full, unreachable }

  private(set) var handle: UnsafeMutableRawPointer?

  /// Creates a socket that drops unsent messages when it closes.
  init(_ kind: Kind) throws(MessagingError) {
    handle = try Context.makeSocket(kind.code)
    set(ZMQ_LINGER, 0)
  }

  deinit { close() }

  /// Closes the socket; further calls do nothing.
  func close() {
    guard let handle else { return }
    zmq_close(handle)
    self.handle = nil
  }

  // MARK: Options

  /// Sets an integer option; options and values are constants, so a failure is a bug.
  func set(_ option: Int32, _ value: Int32) {
    var value = value
    require(zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size), option)
  }

  func set(_ option: Int32, wide value: Int64) {
    var value = value
    require(zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size), option)
  }

  func set(_ option: Int32, key words: SIMD8<UInt32>) {
    withUnsafeBytes(of: words) { bytes in
      require(zmq_setsockopt(handle, option, bytes.baseAddress, bytes.count), option)
    }
  }

  func set(_ option: Int32, text: String) {
    require(zmq_setsockopt(handle, option, text, text.utf8.count), option)
  }

  private func require(_ result: Int32, _ option: Int32) {
    let code = zmq_errno()
    precondition(
      result == 0, "libzmq refuses option \(option): \(String(cString: zmq_strerror(code)))")
  }

  /// The actual endpoint of the last bind.
  func lastEndpoint() throws(MessagingError) -> Endpoint {
    var text = [UInt8](repeating: 0, count: 512)
    var length = text.count
    require(zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &length), ZMQ_LAST_ENDPOINT)
    return try Endpoint(String(decoding: text.prefix(max(0, length - 1)), as: UTF8.self))
  }

  // MARK: Addresses

  func bind(_ endpoint: Endpoint) throws(MessagingError) {
    let result = zmq_bind(handle, endpoint.description)
    let code = zmq_errno()
    guard result == 0 else { throw MessagingError(binding: endpoint, code: code) }
  }

  func connect(_ endpoint: Endpoint) throws(MessagingError) {
    let result = zmq_connect(handle, endpoint.description)
    let code = zmq_errno()
    guard result == 0 else { throw MessagingError("connecting to \(endpoint)", code: code) }
  }

  /// Binds or connects inside the process.
  func bind(inproc name: String) throws(MessagingError) {
    let result = zmq_bind(handle, "inproc://\(name)")
    let code = zmq_errno()
    guard result == 0 else { throw MessagingError("binding inproc://\(name)", code: code) }
  }

  func connect(inproc name: String) throws(MessagingError) {
    let result = zmq_connect(handle, "inproc://\(name)")
    let code = zmq_errno()
    guard result == 0 else { throw MessagingError("connecting inproc://\(name)", code: code) }
  }

  /// Makes libzmq publish the events of the mask at an in-process address.
  func monitor(at name: String, events: Int32) throws(MessagingError) {
    let result = zmq_socket_monitor(handle, "inproc://\(name)", events)
    let code = zmq_errno()
    guard result == 0 else { throw MessagingError("monitoring a socket", code: code) }
  }

  func stopMonitor() {
    if handle != nil { zmq_socket_monitor(handle, nil, 0) }
  }

  // MARK: Sending

  /// Passes one frame to libzmq without waiting.
  func send(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> FrameOutcome {
    let flags = ZMQ_DONTWAIT | (isLast ? 0 : ZMQ_SNDMORE)
    while true {
      let result = zmq_send(handle, bytes.baseAddress, bytes.count, flags)
      let code = zmq_errno()
      if result >= 0 { return .sent }
      switch code {
      case EINTR: continue
      case EAGAIN: return .full
      case EHOSTUNREACH: return .unreachable
      default: preconditionFailure("sending: \(String(cString: zmq_strerror(code)))")
      }
    }
  }

  func send(_ bytes: [UInt8], isLast: Bool) -> FrameOutcome {
    bytes.withUnsafeBytes { send($0, isLast: isLast) }
  }
}
