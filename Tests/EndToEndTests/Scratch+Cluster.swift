import Foundation

extension Scratch {
  /// Starts a worker from a join file, as on another machine.
  func worker(_ joinFile: String, _ more: String...) throws -> Program {
    try start(["trawl", "worker", "--join", joinFile, "--slots", "1"] + more)
  }

  /// Starts a search without local workers.
  func coordinator(_ more: String...) throws -> Program {
    try start(["trawl", "search", "search.yaml", "--output", "run", "--workers", "0"] + more)
  }

  /// Adds a worker key to a folder of keys.
  func addKey(_ name: String, to folder: String) async throws {
    let ending = try await run("keys", "new", name, "--in", folder)
    guard ending.end == .exited(0) else { throw Failure(ending.errors) }
  }

  /// Creates the keys of a cluster whose coordinator listens at a port of this machine.
  func makeKeys(_ folder: String, port: UInt16) async throws {
    let ending = try await run("keys", "new", folder, "--endpoint", "tcp://127.0.0.1:\(port)")
    guard ending.end == .exited(0) else { throw Failure(ending.errors) }
  }
}

/// A bound port of this machine, at which no other process can listen.
final class HeldPort {
  let number: UInt16
  private let descriptor: Int32

  /// Binds the given port, or a free one.
  init(_ wanted: UInt16 = 0) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    self.descriptor = descriptor
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = wanted.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var reuse: Int32 = 1
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var length = size
    let works = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard works else { throw Failure("port \(wanted): \(String(cString: strerror(errno)))") }
    number = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }

  /// The number of a port that is free now.
  static func free() throws -> UInt16 {
    try HeldPort().number
  }
}
