import Glibc

/// The contents of a file, mapped read-only and shared by all threads and processes.
///
/// The file must not shrink while it is mapped; files in the cache are only replaced, never changed.
final class MappedFile: @unchecked Sendable {  // immutable after init
  private let bytes: UnsafeBufferPointer<UInt8>

  init(_ file: File) throws(SystemError) {
    let size = try file.status().size
    guard size > 0 else {
      bytes = UnsafeBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, size, PROT_READ, MAP_SHARED, file.descriptor, 0)
    guard let address, address != MAP_FAILED else { throw SystemError("map", file.path) }
    bytes = UnsafeBufferPointer(
      start: address.bindMemory(to: UInt8.self, capacity: size), count: size)
  }

  /// Calls the body with all bytes, valid until it returns.
  func withBytes<Result, Failure>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }
}
