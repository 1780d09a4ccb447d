/// The reason why a dataset cannot be used.
package struct DatasetError: Error, Equatable, CustomStringConvertible {
  package enum Problem: Sendable, Equatable {
    /// The system's error message.
    case unreadable(String)
    case notGzip
    case wrongMagic(found: UInt32, expected: UInt32)
    case impossibleSize([Int])
    case truncated
    case trailingBytes
    /// The number of labels differs from the number of images.
    case countsDiffer(labels: Int, images: Int)
    case labelOutOfRange(label: Int, item: Int, classes: Int)
    /// No training image has this class, although some have a higher one.
    case classWithoutImages(Int)
    /// The test images differ in size from the training images.
    case sizesDiffer
    /// The searched locations, and what the user can do.
    case missing(lookedIn: [String], remedy: String)
    case invalidName
  }

  /// The file, the folder, or the name of the dataset.
  package let subject: String
  package let problem: Problem

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
    case .notGzip: "not a gzip file, or damaged"
    case .wrongMagic(let found, let expected):
      "not this kind of IDX file: it begins with \(found), not with \(expected)"
    case .impossibleSize(let sides):
      "its header claims an impossible size: \(sides.map(String.init).joined(separator: " x "))"
    case .truncated: "cut short: it ends before what its header promises"
    case .trailingBytes: "longer than its header says"
    case .countsDiffer(let labels, let images): "\(labels) labels for \(images) images"
    case .labelOutOfRange(let label, let item, let classes):
      "label \(label) of item \(item) is outside 0...\(classes - 1)"
    case .classWithoutImages(let label): "no image has label \(label), though some have a higher one"
    case .sizesDiffer: "its images differ in size from the training images"
    case .missing(let places, let remedy):
      "no such dataset in \(places.joined(separator: ", ")); \(remedy)"
    case .invalidName: "a dataset's name is 1 to 100 of A-Z a-z 0-9 . _ -, the first not . or -"
    }
  }
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
