/// The mistakes in a search file, one a line: `search.yaml:12: train.lr: 'uniform' needs two numbers, low < high`.
package struct SearchFileError: Error, Hashable, CustomStringConvertible {
  /// The name of the file, as given by the caller.
  package var file: String
  /// The mistakes, in the order of the file; at least one.
  package let mistakes: [Mistake]

  /// One mistake.
  package struct Mistake: Hashable, Sendable {
    /// The position of the mistake.
    package let location: Location
    /// The path of the key, such as `train.lr`; empty if the mistake has no single key.
    package let key: String
    /// The problem and the allowed values.
    package let message: String
  }

  /// The origin of a part of a search file.
  package enum Location: Hashable, Sendable {
    /// A line of the file, counted from 1.
    case line(Int)
    /// An override given on the command line.
    case option
    /// The file as a whole.
    case file
  }

  /// The number of mistakes shown in the description.
  private static let mostShown = 20

  /// The error for faults in any order; at least one.
  init(file: String, _ faults: [Fault]) {
    self.file = file
    mistakes = faults.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
      .map { Mistake(location: $0.element.location, key: $0.element.key, message: $0.element.message) }
  }

  /// A line of printable characters for each mistake.
  package var description: String {
    let lines = mistakes.prefix(Self.mostShown).map { mistake in
      let origin =
        switch mistake.location {
        case .line(let line): "\(printable(file)):\(line): "
        case .option: "--set "
        case .file: "\(printable(file)): "
        }
      return origin + (mistake.key.isEmpty ? "" : "\(printable(mistake.key, limit: 100)): ") + mistake.message
    }
    let rest = mistakes.count - lines.count
    return (lines + (rest > 0 ? ["\(printable(file)): and \(rest) more mistakes"] : [])).joined(
      separator: "\n")
  }
}

/// A mistake found while parsing a file, before the file name is added.
package struct Fault: Error {
  let location: SearchFileError.Location
  let key: String
  let message: String

  package init(_ location: SearchFileError.Location, _ key: String, _ message: String) {
    self.location = location
    self.key = key
    self.message = message
  }

  /// Mistakes are shown by line, those of the whole file and of the command line last.
  fileprivate var order: Int {
    switch location {
    case .line(let line): line
    case .file: .max - 1
    case .option: .max
    }
  }
}

/// A text with all terminal control characters escaped, cut to a number of characters.
func printable(_ text: String, limit: Int = 1000) -> String {
  var result = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index == limit { return result + "..." }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned:
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A text from the file for use in a message: quoted, escaped and cut.
func quoted(_ text: String) -> String { "'\(printable(text, limit: 40))'" }

/// A list of words as `a, b or c`.
func alternatives(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}
