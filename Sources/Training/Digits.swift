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
    let names = DatasetFiles.names.map { "digits-\(version)/\($0)" }
    let train = try imageSet(cache, names[0], names[1], set: 0, count: trainCount)
    let test = try imageSet(cache, names[2], names[3], set: 1, count: testCount)
    return try Dataset(
      name: name, train: train, test: test, classes: classes, paths: DatasetFiles(names))
  }

  private static func imageSet(
    _ cache: DatasetCache, _ images: String, _ labels: String, set: UInt64, count: Int
  ) throws(DatasetError) -> ImageSet {
    try ImageSet(
      images: cache.file(images, .images) { () throws(DatasetError) in
        once(drawImages(set: set, count: count))
      },
      imagesPath: images,
      labels: cache.file(labels, .labels) { () throws(DatasetError) in
        once(drawLabels(set: set, count: count))
      },
      labelsPath: labels)
  }

  /// The images of a set as an IDX file.
  static func drawImages(set: UInt64, count: Int) -> [UInt8] {
    let header = IDXHeader(.images, sides: [count, side, side])
    return (0..<count).reduce(into: header.bytes) { bytes, image in
      var generator = generator(set: set, image: image)
      let digit = label(&generator)
      bytes += DigitDrawing(digit, &generator).pixels(&generator)
    }
  }

  /// The labels of a set as an IDX file.
  static func drawLabels(set: UInt64, count: Int) -> [UInt8] {
    let header = IDXHeader(.labels, sides: [count])
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
