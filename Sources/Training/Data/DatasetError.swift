/// The reason why a dataset cannot be used.
package struct DatasetError: Error, Equatable, CustomStringConvertible {
  enum Problem: Sendable, Equatable {
    /// The system's error message.
    case unreadable(String)
    case damagedGzip
    /// The first bytes, at most four.
    case notIDX([UInt8])
    /// Numbers of a type that the kind of file cannot have.
    case elements(IDXElement, IDXHeader.Kind)
    /// Dimensions that the kind of file cannot have.
    case dimensions([Int], IDXHeader.Kind)
    case impossibleSize([Int])
    case truncated
    case trailingBytes
    /// The number of labels differs from the number of images.
    case countsDiffer(labels: Int, images: Int)
    case labelOutOfRange(Int, item: Int)
    case tooManyLabels(Int)
    /// A label that is not one of the dataset.
    case unknownLabel(Int, item: Int, known: LabelSet)
    /// The test images differ in rows or columns from the training images.
    case sizesDiffer(train: [Int], test: [Int])
    /// Two files in a folder of which only one can be read.
    case ambiguous(String, String)
    /// The folder, as an absolute path, does not exist.
    case noFolder(String)
    /// The folder lacks files with these names.
    case filesMissing([String])
    /// The searched locations, and what the user can do.
    case missing(lookedIn: [String], remedy: String)
    case invalidName
  }

  /// The file, the folder, or the name of the dataset.
  package let subject: String
  let problem: Problem

  init(_ subject: String, _ problem: Problem) {
    self.subject = subject
    self.problem = problem
  }

  init(_ error: SystemError) {
    self.init(error.path, .unreadable(error.reason))
  }

  /// One line that begins with the subject.
  package var description: String { "\(subject): \(words)" }

  private var words: String {
    switch problem {
    case .unreadable(let reason): reason
    case .damagedGzip: "damaged: its gzip data cannot be unpacked"
    case .notIDX(let start):
      "not an IDX file: it begins with the bytes \(start.hexadecimal)"
    case .elements(let element, .images):
      "its pixels are \(element); Trawl reads unsigned bytes, 0 to 255. In numpy, convert them with "
        + "\(element.isInteger ? "images.astype('uint8')" : "(255 * images).round().astype('uint8') if they are 0 to 1")"
    case .elements(let element, .labels):
      "its labels are \(element); Trawl reads integers. Convert them, for example with labels.astype('int32')"
    case .dimensions(let sides, .images):
      "\(sides.product) numbers; images have three dimensions: number of images, rows, columns (one channel)"
    case .dimensions(let sides, .labels):
      "\(sides.product) numbers; labels have one dimension, or the 8 columns of QMNIST with the class in the first"
    case .impossibleSize(let sides):
      "\(sides.product) images; Trawl reads 1 to \(IDXHeader.maximumItems) images of 1 to \(IDXHeader.longestSide) "
        + "rows and columns"
    case .truncated: "truncated: shorter than its header says"
    case .trailingBytes: "longer than its header says"
    case .countsDiffer(let labels, let images): "\(labels) labels for \(images) images"
    case .labelOutOfRange(let label, let item):
      "label \(label) of item \(item) is outside \(LabelSet.limit.lowerBound) to \(LabelSet.limit.upperBound)"
    case .tooManyLabels(let count): "\(count) different labels; at most \(LabelSet.mostLabels)"
    case .unknownLabel(let label, let item, let known):
      "label \(label) of item \(item) is not one of the dataset's labels, \(known); the training images must have "
        + "all labels of the test images"
    case .sizesDiffer(let train, let test):
      "its images are \(test.product) pixels, the training images \(train.product)"
    case .ambiguous(let one, let other):
      "holds both \(one) and \(other); put the four files of each dataset into a separate folder"
    case .noFolder(let path): "there is no folder \(path)"
    case .filesMissing(let names):
      "lacks \(names.joined(separator: ", ")); a dataset has four such files, plain or .gz; file names of "
        + "EMNIST and QMNIST are accepted too"
    case .missing(let places, let remedy):
      "no such dataset in \(places.joined(separator: ", ")); \(remedy)"
    case .invalidName: "a dataset's name is 1 to 100 characters A-Z a-z 0-9 . _ -, not starting with . or -"
    }
  }
}

extension [UInt8] {
  /// Such as "89 50 4e 47".
  fileprivate var hexadecimal: String {
    map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}

extension [Int] {
  /// Such as "28 x 28".
  fileprivate var product: String { map(String.init).joined(separator: " x ") }
}

extension DatasetError {
  /// Returns the result of the body; converts a system error to a dataset error.
  static func from<Result>(
    _ body: @autoclosure () throws(SystemError) -> Result
  ) throws(DatasetError) -> Result {
    do {
      return try body()
    } catch {
      throw DatasetError(error)
    }
  }
}
