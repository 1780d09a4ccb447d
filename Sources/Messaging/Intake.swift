import CZeroMQ
import Foundation
import Synchronization

/// Receives the messages of a ROUTER, also while its owner is busy with other things.
///
/// libzmq up to 4.3.5 aborts if a connection is lost while its receive queue is full and the next thing to read on it
/// is a PING of ZMTP (issue 4364), which any peer can send. So the queues have no limit, and a thread empties them into
/// an inbox with limits. Each use of the socket holds the lock: sockets may change threads only with a memory barrier.
final class Intake: @unchecked Sendable {
  /// The longest time that messages stay in libzmq's queues while the owner does not look.
  private static let interval = 0.02
  /// Messages that the thread takes before it lets the owner in.
  private static let batch = 4096
  /// The maximum number of invalid messages that one `receive` skips.
  private static let invalidMessageLimit = 256

  /// Guards all below.
  private let lock = Mutex(())
  private let socket: Socket
  private let monitor: Monitor
  private let admission: Admission
  private var pollSet: PollSet
  private var inbox = Inbox()
  private var dropped = DroppedMessages()
  private var isClosed = false
  private let address = Frame()
  private let payload = Frame()

  /// Takes over a bound socket and its monitor.
  init(of socket: Socket, _ monitor: Monitor, admission: Admission, waker: Waker) {
    self.socket = socket
    self.monitor = monitor
    self.admission = admission
    pollSet = PollSet([socket, monitor.reader], waker: waker)
    let thread = Thread { [self] in attend() }
    thread.name = "trawl-intake"
    thread.start()
  }

  /// Closes the socket and ends the thread.
  func close() {
    lock.withLock { _ in
      isClosed = true
      monitor.close()
      socket.close()
    }
  }

  var droppedMessages: DroppedMessages { lock.withLock { _ in dropped } }

  /// What a wait has ended with.
  struct Arrival {
    /// Whether a message or a wake has arrived.
    let isForCaller: Bool
    let reports: [Monitor.Report]
  }

  /// Waits for a message, reports on connections or a wake until the deadline (nil: no limit); nil at the deadline.
  func wait(until deadline: ContinuousClock.Instant?) throws(MessagingError) -> Arrival? {
    try lock.withLock { _ throws(MessagingError) in
      let isReady = try pollSet.wait(until: inbox.isEmpty ? deadline : .now)
      guard isReady || !inbox.isEmpty else { return nil }
      var reports: [Monitor.Report] = []
      while let report = monitor.next() { reports.append(report) }
      return Arrival(
        isForCaller: !inbox.isEmpty || pollSet.isReady(0) || pollSet.isReady(2), reports: reports)
    }
  }

  /// The next message, without waiting; nil if there is none.
  func receive() -> Incoming? {
    lock.withLock { _ in
      while let message = inbox.take() {
        // The key may have been revoked since.
        if admission.allows(message.key) { return message }
        dropped.unauthorized += 1
      }
      for _ in 0..<Self.invalidMessageLimit {
        guard address.receive(from: socket) else { return nil }
        if let incoming = receivePayload() { return incoming }
      }
      return nil
    }
  }

  /// Sends one message to a peer, without waiting.
  func send(_ bytes: [UInt8], to route: Route) -> SendOutcome {
    lock.withLock { _ in
      switch socket.send(route.bytes, isLast: false) {
      case .unreachable: return .unreachable
      case .full: return .full
      case .sent: break
      }
      let outcome = socket.send(bytes, isLast: true)
      precondition(outcome == .sent, "libzmq took a routing id, then said \(outcome)")
      return .sent
    }
  }

  private func attend() {
    while true {
      let count = lock.withLock { _ in takeAll() }
      guard let count else { return }
      if count < Self.batch { Thread.sleep(forTimeInterval: Self.interval) }
    }
  }

  /// Moves a batch of messages to the inbox; nil if the socket is closed.
  private func takeAll() -> Int? {
    guard !isClosed else { return nil }
    var count = 0
    while count < Self.batch, address.receive(from: socket) {
      count += 1
      if let message = receivePayload(), !inbox.put(message) { dropped.excessive += 1 }
    }
    return count
  }

  private func receivePayload() -> Incoming? {
    guard address.hasMore, payload.receive(from: socket) else {
      dropped.malformed += 1
      return nil
    }
    if payload.hasMore {
      while payload.hasMore, payload.receive(from: socket) {}
      dropped.malformed += 1
      return nil
    }
    guard payload.count <= Transport.maximumPayload else {
      dropped.oversize += 1
      return nil
    }
    // libzmq may drop the user id of the routing id's frame, but never that of the payload.
    guard let key = payload.userKey else {
      dropped.unidentified += 1
      return nil
    }
    admission.heard(key, on: payload.connection)
    guard admission.allows(key) else {
      dropped.unauthorized += 1
      return nil
    }
    guard let route = address.withBytes(Route.init) else {
      dropped.malformed += 1
      return nil
    }
    return Incoming(route: route, key: key, bytes: payload.bytes)
  }
}
