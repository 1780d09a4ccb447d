import CZlib

/// Unpacks a gzip file piece by piece, so that a long or malicious file needs no extra memory.
final class Gunzip {
  /// The first bytes of a gzip file.
  static let magic: [UInt8] = [0x1f, 0x8b]
  private static let pieceSize = 1 << 18
  /// The number of bytes that one compressed byte can produce at most (zlib, "Technical Details": 1032).
  static let mostExpansion = 1032

  private let file: File
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let output: UnsafeMutableBufferPointer<UInt8>
  // On the heap, because zlib keeps a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>
  private var ended = false

  init(_ file: File) throws(DatasetError) {
    self.file = file
    input = .allocate(capacity: Self.pieceSize)
    output = .allocate(capacity: Self.pieceSize)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard czlib_begin_gunzip(stream) == Z_OK else {
      throw DatasetError(file.path, .unreadable("no memory to unpack it"))
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    output.deallocate()
    input.deallocate()
  }

  /// The next unpacked bytes, valid until the next call; nil after the last of one or more gzip members. Throws if the
  /// data is damaged, ends early, or is followed by other data.
  func next() throws(DatasetError) -> UnsafeBufferPointer<UInt8>? {
    while !ended {
      if stream.pointee.avail_in == 0, try !refill() { throw DatasetError(file.path, .truncated) }
      stream.pointee.next_out = output.baseAddress
      stream.pointee.avail_out = UInt32(output.count)
      let status = inflate(stream, Z_NO_FLUSH)
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw DatasetError(file.path, .damagedGzip)
      }
      if status == Z_STREAM_END {
        if stream.pointee.avail_in == 0 { ended = try !refill() }
        // A gzip file may have several members, as `cat a.gz b.gz` writes them.
        guard ended || (stream.pointee.next_in.pointee == Self.magic[0] && inflateReset(stream) == Z_OK)
        else {
          throw DatasetError(file.path, .trailingBytes)
        }
      }
      let produced = output.count - Int(stream.pointee.avail_out)
      if produced > 0 { return UnsafeBufferPointer(rebasing: output[..<produced]) }
    }
    return nil
  }

  /// Reads the next input; false at the end of the file.
  private func refill() throws(DatasetError) -> Bool {
    do {
      let count = try file.read(into: UnsafeMutableRawBufferPointer(input))
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(count)
      return count > 0
    } catch {
      throw DatasetError(error)
    }
  }
}
