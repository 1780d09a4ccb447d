/// The labels of a dataset: whole numbers from 0 to 65535, at most 256 of them. The classes of a network are their
/// places in ascending order.
package struct LabelSet: Sendable, Equatable, CustomStringConvertible {
  /// The label of each class, ascending.
  package let values: [Int]

  package static let mostLabels = 256
  package static let limit = 0...65535

  /// The labels 0, 1 and so on.
  init(count: Int) {
    values = Array(0..<count)
  }

  /// The different labels of a file; throws if there are too many.
  init(of file: LabelFile) throws(DatasetError) {
    values = Set(file.labels).sorted().map(Int.init)
    guard values.count <= Self.mostLabels else {
      throw DatasetError(file.path, .tooManyLabels(values.count))
    }
  }

  /// Reads the output of `text`; nil if it is not one.
  init?(text: String) {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    guard
      (1...Self.mostLabels).contains(values.count), values.allSatisfy(Self.limit.contains),
      zip(values, values.dropFirst()).allSatisfy(<)
    else { return nil }
    self.values = values
  }

  /// Whether each label is its class.
  package var areClasses: Bool { values == Array(values.indices) }

  /// The labels, separated by commas.
  var text: String { values.map(String.init).joined(separator: ",") }

  /// Such as "1 to 26" or "0, 4 to 7, 9".
  package var description: String {
    var runs: [ClosedRange<Int>] = []
    for value in values {
      if let last = runs.last, last.upperBound + 1 == value {
        runs[runs.count - 1] = last.lowerBound...value
      } else {
        runs.append(value...value)
      }
    }
    let texts = runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
    let shown = 10
    return texts.prefix(shown).joined(separator: ", ")
      + (texts.count > shown ? " and \(texts.count - shown) more" : "")
  }

  /// The class of each label of a file; throws if the file has other labels.
  func classes(of file: LabelFile) throws(DatasetError) -> [UInt8] {
    var table = [UInt8?](repeating: nil, count: Self.limit.count)
    for (index, value) in values.enumerated() { table[value] = UInt8(index) }
    var classes: [UInt8] = []
    classes.reserveCapacity(file.labels.count)
    for (item, label) in file.labels.enumerated() {
      guard let index = table[Int(label)] else {
        throw DatasetError(file.path, .unknownLabel(Int(label), item: item, known: self))
      }
      classes.append(index)
    }
    return classes
  }

  /// For each class, the class of the same label in another set; nil if the other set lacks the label.
  func classes(in other: LabelSet) -> [UInt8?] {
    values.map { label in other.values.firstIndex(of: label).map(UInt8.init) }
  }
}

/// The labels in an IDX file.
struct LabelFile: Sendable {
  let path: String
  let labels: [UInt16]
  /// The unpacked file.
  let file: MappedFile

  /// The path is used only in errors.
  init(_ file: MappedFile, path: String) throws(DatasetError) {
    let header = try file.header(.labels, path: path)
    let (size, step) = (header.element.size, (header.fileSize - header.size) / header.sides[0])
    self.path = path
    self.file = file
    labels = try file.withBytes { bytes throws(DatasetError) in
      var labels: [UInt16] = []
      labels.reserveCapacity(header.sides[0])
      for item in 0..<header.sides[0] {
        let start = header.size + item * step
        let isNegative = header.element != .uint8 && bytes[start] >= 0x80
        let label = bytes[start..<start + size].reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) }
        guard LabelSet.limit.contains(label) else {
          throw DatasetError(path, .labelOutOfRange(label, item: item))
        }
        labels.append(UInt16(label))
      }
      return labels
    }
  }
}
