import Randomness

/// The generated dataset "digits": 28x28 images of the ten digits as strokes, each bent, slanted, rotated, stretched
/// and shifted at random, with a stray stroke and noise.
///
/// Image n of a set is a function of the set and n only. It uses only additions, multiplications, divisions and
/// square roots, so that every bit is the same on every machine.
enum Digits {
  static let name = "digits"
  static let trainCount = 10_000
  static let testCount = 2_000
  static let side = 28
  static let classes = 10

  /// The version of the generator; it keeps cache files of an older version from being used.
  private static let version = 1

  /// The set from the cache; generated if it is missing.
  static func dataset(_ cache: DatasetCache) throws(DatasetError) -> Dataset {
    let paths = DatasetFiles(DatasetFiles.names.map { "digits-\(version)/\($0)" })
    return try Dataset(name: name, labels: LabelSet(count: classes), paths: paths) {
      (path, kind) throws(DatasetError) in
      let (set, count) =
        [paths.trainImages, paths.trainLabels].contains(path) ? (UInt64(0), trainCount) : (1, testCount)
      return try cache.file(path, kind) { () throws(DatasetError) in
        once(kind == .images ? drawImages(set: set, count: count) : drawLabels(set: set, count: count))
      }
    }
  }

  /// The images of a set as an IDX file.
  static func drawImages(set: UInt64, count: Int) -> [UInt8] {
    let header = IDXHeader(sides: [count, side, side])
    return (0..<count).reduce(into: header.bytes) { bytes, image in
      var generator = generator(set: set, image: image)
      let digit = label(&generator)
      bytes += DigitDrawing(digit, &generator).pixels(&generator)
    }
  }

  /// The labels of a set as an IDX file.
  static func drawLabels(set: UInt64, count: Int) -> [UInt8] {
    let header = IDXHeader(sides: [count])
    return (0..<count).reduce(into: header.bytes) { bytes, image in
      var generator = generator(set: set, image: image)
      bytes.append(UInt8(label(&generator)))
    }
  }

  private static func generator(set: UInt64, image: Int) -> Philox {
    Philox(seed: 0x6469_6769_7473, stream: set << 32 | UInt64(image))
  }

  /// The label, the first value sampled from an image's generator.
  private static func label(_ generator: inout Philox) -> Int {
    Int(generator.below(UInt64(classes)))
  }

  private static func once(_ bytes: [UInt8]) -> DatasetCache.Pieces {
    var rest: [UInt8]? = bytes
    return { () throws(DatasetError) in
      defer { rest = nil }
      return rest
    }
  }
}
