/// Memory for floats, aligned to 64 bytes, initially zero. It is the only owner: matrices into it are valid as long
/// as it exists.
final class FloatBuffer {
  /// The number of floats.
  let count: Int
  private let memory: UnsafeMutableRawPointer

  init(count: Int) {
    precondition(count >= 0, "a buffer of \(count) floats")
    self.count = count
    memory = .allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    memory.bindMemory(to: Float.self, capacity: count).initialize(repeating: 0, count: count)
  }

  deinit {
    memory.deallocate()
  }

  /// All numbers.
  var all: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: start(of: 0, count: count), count: count)
  }

  /// A pointer to the given number of floats at an offset.
  func start(of offset: Int, count: Int) -> UnsafeMutablePointer<Float> {
    precondition(
      offset >= 0 && count >= 0 && offset + count <= self.count,
      "\(count) floats at \(offset) of \(self.count)")
    return memory.assumingMemoryBound(to: Float.self) + offset
  }

  /// The numbers at an offset as a row-major matrix with row stride `stride`, in numbers.
  func matrix(at offset: Int, rows: Int, columns: Int, stride: Int) -> Matrix {
    precondition(
      offset >= 0 && rows >= 0 && columns >= 0 && columns <= stride
        && offset + rows * stride <= count,
      "a \(rows)x\(columns) matrix of stride \(stride) at \(offset) of \(count) floats")
    return Matrix(
      start: start(of: offset, count: rows * stride), rows: rows, columns: columns, stride: stride)
  }
}

/// A row-major view of floats that a `FloatBuffer` owns. Unsafe, because training steps must not count references or
/// check bounds for every number. Internal to this module.
struct Matrix {
  let start: UnsafeMutablePointer<Float>
  let rows: Int
  let columns: Int
  /// The row stride, in numbers.
  let stride: Int

  /// All numbers, including the row padding.
  var storage: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: start, count: rows * stride)
  }

  /// The numbers of a row.
  func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
    return UnsafeMutableBufferPointer(start: start + index * stride, count: columns)
  }

  /// The first rows.
  func prefix(_ count: Int) -> Matrix {
    precondition(count >= 0 && count <= rows, "\(count) of \(rows) rows")
    return Matrix(start: start, rows: count, columns: columns, stride: stride)
  }
}

extension Matrix {
  /// A range of the columns.
  func columns(_ range: Range<Int>) -> Matrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
    return Matrix(start: start + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }
}

/// Allocates ranges of a buffer one after another, each aligned to 64 bytes.
struct BufferPlan {
  private(set) var count = 0

  /// The offset of a new range of the given number of floats.
  mutating func reserve(_ floats: Int) -> Int {
    defer { count += (floats + 15) / 16 * 16 }
    return count
  }
}
