/// The type of the numbers in an IDX file; the raw value is the code in the file. Numbers of several bytes are
/// big-endian.
enum IDXElement: UInt8, Sendable {
  case uint8 = 0x08
  case int8 = 0x09
  case int16 = 0x0b
  case int32 = 0x0c
  case float32 = 0x0d
  case float64 = 0x0e

  /// Bytes of a number.
  var size: Int {
    switch self {
    case .uint8, .int8: 1
    case .int16: 2
    case .int32, .float32: 4
    case .float64: 8
    }
  }

  var isInteger: Bool { self != .float32 && self != .float64 }
}

/// The header of an IDX file, validated against the file's size.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database", file format: two bytes 0, the type, the number of dimensions,
/// the dimensions as 32-bit numbers, the numbers.
struct IDXHeader: Equatable {
  enum Kind: Sendable {
    /// Unsigned bytes, three dimensions: images, rows, columns.
    case images
    /// Integers. One dimension, or two of 1 column, or of the 8 columns of QMNIST; the first column is the class.
    case labels
  }

  let element: IDXElement
  /// The number of items, then the dimensions of an item.
  let sides: [Int]

  /// The header of a file of unsigned bytes.
  init(sides: [Int]) {
    element = .uint8
    self.sides = sides
  }

  /// Parses the header at the start of a file. The path is used only in errors.
  init(_ bytes: some Collection<UInt8>, _ kind: Kind, path: String) throws(DatasetError) {
    let start = Array(bytes.prefix(4))
    guard start.count == 4 else { throw DatasetError(path, .truncated) }
    guard start[0] == 0, start[1] == 0, let element = IDXElement(rawValue: start[2]), start[3] <= 8 else {
      throw DatasetError(path, .notIDX(start))
    }
    let words = Array(bytes.dropFirst(4).prefix(4 * Int(start[3])))
    self.element = element
    sides = stride(from: 0, to: words.count - 3, by: 4).map { index in
      words[index..<index + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    guard sides.count == start[3] else { throw DatasetError(path, .truncated) }
    try check(kind, path: path)
  }

  /// Throws unless the type and the dimensions are those of a kind.
  private func check(_ kind: Kind, path: String) throws(DatasetError) {
    switch kind {
    case .images:
      guard sides.count == 3 else { throw DatasetError(path, .dimensions(sides, kind)) }
      guard element == .uint8 else { throw DatasetError(path, .elements(element, kind)) }
    case .labels:
      guard sides.count == 1 || (sides.count == 2 && [1, Self.columnsOfQMNIST].contains(sides[1])) else {
        throw DatasetError(path, .dimensions(sides, kind))
      }
      guard element.isInteger else { throw DatasetError(path, .elements(element, kind)) }
    }
    guard
      sides.allSatisfy({ $0 > 0 }), sides[0] <= Self.maximumItems,
      sides.dropFirst().allSatisfy({ $0 <= Self.longestSide })
    else { throw DatasetError(path, .impossibleSize(sides)) }
  }

  /// An image index is an `Int32`; the limits keep every product within `Int`.
  static let maximumItems = Int(Int32.max)
  /// The most rows and columns of an image.
  static let longestSide = 4096
  private static let columnsOfQMNIST = 8

  /// Bytes in the header.
  var size: Int { 4 + 4 * sides.count }

  /// Size of the whole file in bytes.
  var fileSize: Int { size + sides.reduce(element.size, *) }

  /// Throws unless the file has exactly the size that its header implies.
  func check(size: Int, path: String) throws(DatasetError) {
    if size < fileSize { throw DatasetError(path, .truncated) }
    if size > fileSize { throw DatasetError(path, .trailingBytes) }
  }

  /// The encoded header.
  var bytes: [UInt8] {
    [0, 0, element.rawValue, UInt8(sides.count)]
      + sides.flatMap { side in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: side >> $0) } }
  }
}

extension MappedFile {
  /// The header of an IDX file, if it matches the file's size.
  func header(_ kind: IDXHeader.Kind, path: String) throws(DatasetError) -> IDXHeader {
    try withBytes { bytes throws(DatasetError) in
      let header = try IDXHeader(bytes, kind, path: path)
      try header.check(size: bytes.count, path: path)
      return header
    }
  }
}
