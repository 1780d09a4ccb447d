/// An error in a search file, on one line: `search.yaml:12: train.lr: 'uniform' needs two numbers, low < high`.
package struct SearchFileError: Error, Hashable, CustomStringConvertible {
  /// The name of the file, as given by the caller.
  package let file: String
  /// The position of the error.
  package let place: Place
  /// The path of the key, such as `train.lr`; empty if the error has no single key.
  package let key: String
  /// The problem and the allowed values.
  package let message: String

  /// The origin of a part of a search file.
  package enum Place: Hashable, Sendable {
    /// A line of the file, counted from 1.
    case line(Int)
    /// An override given on the command line.
    case option
    /// The file as a whole.
    case file
  }

  /// One line of printable characters.
  package var description: String {
    let origin =
      switch place {
      case .line(let line): "\(printable(file)):\(line): "
      case .option: "--set "
      case .file: "\(printable(file)): "
      }
    return origin + (key.isEmpty ? "" : "\(printable(key, limit: 100)): ") + message
  }
}

/// An error found while parsing a file, before the file name is added.
struct Fault: Error {
  let place: SearchFileError.Place
  let key: String
  let message: String

  init(_ place: SearchFileError.Place, _ key: String, _ message: String) {
    self.place = place
    self.key = key
    self.message = message
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
