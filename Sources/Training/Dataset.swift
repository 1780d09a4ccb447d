/// A loaded dataset. All copies of the value share its pixels.
package struct Dataset: Sendable {
  /// The name by which it was requested; the folder for custom IDX files.
  package let name: String
  package let train: ImageSet
  package let test: ImageSet
  /// Labels are in 0..<classes.
  package let classes: Int

  /// Validates labels and sizes. Without a number of classes, the highest training label determines it, and every
  /// lower label must occur. The paths are used only in errors.
  init(
    name: String, train: ImageSet, test: ImageSet, classes known: Int?, paths: DatasetFiles
  ) throws(DatasetError) {
    guard (test.rows, test.columns) == (train.rows, train.columns) else {
      throw DatasetError(paths.testImages, .sizesDiffer)
    }
    let counts = train.histogram(classes: 256)
    let classes = known ?? counts.lastIndex { $0 > 0 }.map { $0 + 1 } ?? 0
    if known == nil, let empty = counts[..<classes].firstIndex(of: 0) {
      throw DatasetError(paths.trainLabels, .classWithoutImages(empty))
    }
    try train.checkLabels(classes: classes, path: paths.trainLabels)
    try test.checkLabels(classes: classes, path: paths.testLabels)
    self.name = name
    self.train = train
    self.test = test
    self.classes = classes
  }

  /// The SHA-256 of the four unpacked files, concatenated in the order of `names`; independent of where the files are
  /// stored.
  package func hash() -> SHA256 {
    var hash = SHA256()
    train.add(to: &hash)
    test.add(to: &hash)
    return hash
  }
}

extension ImageSet {
  fileprivate func checkLabels(classes: Int, path: String) throws(DatasetError) {
    for item in 0..<count where label(item) >= classes {
      throw DatasetError(
        path, .labelOutOfRange(label: Int(label(item)), item: item, classes: classes))
    }
  }
}

/// The paths of the four files of a dataset, each plain or with the suffix ".gz".
struct DatasetFiles: Sendable, Equatable {
  let trainImages: String
  let trainLabels: String
  let testImages: String
  let testLabels: String

  /// The published file names, without the suffix of packed files.
  static let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

  /// Finds the files in a folder, plain files first; nil if one is missing.
  init?(in folder: String) {
    let found = Self.names.compactMap { name in
      ["\(folder)/\(name)", "\(folder)/\(name).gz"].first(where: exists)
    }
    guard found.count == Self.names.count else { return nil }
    self.init(found)
  }

  /// Files in the order of `names`.
  init(_ paths: [String]) {
    trainImages = paths[0]
    trainLabels = paths[1]
    testImages = paths[2]
    testLabels = paths[3]
  }

  /// In the order of `names`.
  var all: [String] { [trainImages, trainLabels, testImages, testLabels] }
}
