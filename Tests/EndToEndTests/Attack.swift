import Foundation
import Synchronization

/// Repeats an action on a separate thread until it is stopped or deallocated.
final class Attack {
  private final class State: Sendable {
    let isStopped = Atomic<Bool>(false)
    let hasEnded = Atomic<Bool>(false)
    let rounds = Atomic<Int>(0)
  }

  private let state = State()

  /// Starts at once; `body` is one round.
  init(_ body: @escaping @Sendable (_ round: Int) throws -> Void) {
    let state = state
    let thread = Thread {
      // Lowers the priority of this thread: a real attacker does not use the processor of the others.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
      while !state.isStopped.load(ordering: .acquiring) {
        // Errors of the attacker are ignored.
        try? body(state.rounds.load(ordering: .relaxed))
        state.rounds.add(1, ordering: .relaxed)
      }
      state.hasEnded.store(true, ordering: .releasing)
    }
    thread.start()
  }

  deinit { state.isStopped.store(true, ordering: .releasing) }

  var rounds: Int { state.rounds.load(ordering: .relaxed) }

  func stop() async throws {
    state.isStopped.store(true, ordering: .releasing)
    try await eventually("the attack has ended") { state.hasEnded.load(ordering: .acquiring) }
  }
}

/// Non-blocking TCP connections, closed with this object.
final class RawConnections {
  private var descriptors: [Int32] = []

  deinit { for descriptor in descriptors { close(descriptor) } }

  var count: Int { descriptors.count }

  /// Whether the last of them is established; with none, true.
  var areEstablished: Bool {
    guard let last = descriptors.last else { return true }
    var state = pollfd(fd: last, events: Int16(POLLOUT), revents: 0)
    return poll(&state, 1, 0) == 1 && state.revents == Int16(POLLOUT)
  }

  /// Starts to connect, and sends bytes once connected.
  func open(_ port: UInt16, sending bytes: [UInt8] = []) {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_INET, Int32(kind), 0)
    guard descriptor >= 0 else { return }
    descriptors.append(descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    // On one machine a connection is established at once, unless the peer does not accept it.
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
