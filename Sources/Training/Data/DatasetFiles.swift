/// The paths of the four files of a dataset, each plain or packed with gzip.
struct DatasetFiles: Sendable, Equatable {
  let trainImages: String
  let trainLabels: String
  let testImages: String
  let testLabels: String

  /// The published file names of MNIST, without the suffix of packed files.
  static let names = [
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ]

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

/// The files in a folder that have the name of one of the four files of a dataset.
struct DatasetFolder {
  let path: String
  /// For each part, in the order of `DatasetFiles.names`, the names of its files, sorted.
  private let names: [[String]]

  /// Empty if the folder cannot be read.
  init(_ path: String) {
    let entries = ((try? entries(of: path)) ?? []).sorted()
    self.path = path
    names = (0..<4).map { part in entries.filter { FileName($0)?.part == part } }
  }

  /// Whether every part has a file.
  var isComplete: Bool { names.allSatisfy { !$0.isEmpty } }

  /// The published names of the parts that have no file.
  var missing: [String] { zip(DatasetFiles.names, names).filter { $1.isEmpty }.map { $0.0 } }

  /// The packed files that are not read because the plain file is beside them.
  var unused: [String] { names.flatMap { part in part.filter { part.contains(String($0.dropLast(3))) } } }

  /// The four files of a complete folder. Of a plain and a packed file of the same name, the plain one. Throws if
  /// there are two files of different names for a part, or the files belong to different datasets.
  func files() throws(DatasetError) -> DatasetFiles {
    precondition(isComplete, "\(path) lacks \(missing)")
    for part in names {
      let others = part.filter { FileName($0)?.plain != FileName(part[0])?.plain }
      if let other = others.first { throw DatasetError(path, .ambiguous(part[0], other)) }
    }
    // The plain name is sorted before the packed name.
    let chosen = names.map { $0[0] }
    for other in chosen where FileName(other)?.dataset != FileName(chosen[0])?.dataset {
      throw DatasetError(path, .ambiguous(chosen[0], other))
    }
    return DatasetFiles(chosen.map { "\(path)/\($0)" })
  }
}

/// The name of a file of a dataset, as MNIST, EMNIST, QMNIST and their mirrors write it, such as
/// "emnist-letters-test-labels-idx1-ubyte.gz".
private struct FileName {
  /// The name without the suffix ".gz".
  let plain: String
  /// The beginning of the name, such as "emnist-letters"; empty for MNIST.
  let dataset: String
  /// The index in `DatasetFiles.names`.
  let part: Int

  /// Nil for any other name.
  init?(_ name: String) {
    let pattern = /(?:(.+)-)?(train|test|t10k)-(images|labels)[-.]idx[0-9]-[a-z]+/
    plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    guard let match = try? pattern.wholeMatch(in: plain) else { return nil }
    dataset = match.1.map(String.init) ?? ""
    part = (match.2 == "train" ? 0 : 2) + (match.3 == "images" ? 0 : 1)
  }
}
