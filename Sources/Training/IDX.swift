/// The header of an IDX file, validated against the file's size.
///
/// Source: LeCun, Cortes, Burges, "The MNIST database", file format.
struct IDXHeader: Equatable {
  enum Kind: Sendable {
    /// Unsigned bytes, three dimensions: images, rows, columns.
    case images
    /// Unsigned bytes, one dimension.
    case labels

    var magic: UInt32 {
      switch self {
      case .images: 0x0803
      case .labels: 0x0801
      }
    }

    /// Bytes in the header.
    var headerSize: Int {
      switch self {
      case .images: 16
      case .labels: 8
      }
    }
  }

  let kind: Kind
  /// The number of items, then the dimensions of an item.
  let sides: [Int]

  init(_ kind: Kind, sides: [Int]) {
    self.kind = kind
    self.sides = sides
  }

  /// Parses the header at the start of a file. The path is used only in errors.
  init(_ bytes: some Collection<UInt8>, _ kind: Kind, path: String) throws(DatasetError) {
    let header = Array(bytes.prefix(kind.headerSize))
    let words = stride(from: 0, to: header.count - 3, by: 4).map { place in
      header[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    if let magic = words.first, magic != kind.magic {
      throw DatasetError(path, .wrongMagic(found: magic, expected: kind.magic))
    }
    guard header.count == kind.headerSize else { throw DatasetError(path, .truncated) }
    self.kind = kind
    sides = words.dropFirst().map(Int.init)
    guard
      sides.allSatisfy({ $0 > 0 }), sides[0] <= Self.maximumItems,
      sides.dropFirst().allSatisfy({ $0 <= Self.longestSide })
    else { throw DatasetError(path, .impossibleSize(sides)) }
  }

  /// An image index is an `Int32`; the limits keep every product within `Int`.
  private static let maximumItems = Int(Int32.max)
  private static let longestSide = 4096

  /// Size of the whole file in bytes.
  var fileSize: Int { kind.headerSize + sides.reduce(1, *) }

  /// Throws unless the file has exactly the size that its header implies.
  func check(size: Int, path: String) throws(DatasetError) {
    if size < fileSize { throw DatasetError(path, .truncated) }
    if size > fileSize { throw DatasetError(path, .trailingBytes) }
  }

  /// The encoded header.
  var bytes: [UInt8] {
    ([kind.magic] + sides.map(UInt32.init)).flatMap { word in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }
  }
}
