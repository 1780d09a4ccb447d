/// What is wrong with a search file, as one line: `search.yaml:12: train.lr: 'uniform' needs two
/// numbers, low < high`.
package struct SearchFileError: Error, Hashable, CustomStringConvertible {
  /// The file, as it was named by the caller.
  package let file: String
  /// Where the mistake stands.
  package let place: Place
  /// The path of the key concerned, such as `train.lr`; empty when it is none in particular.
  package let key: String
  /// What is wrong and what is allowed.
  package let message: String

  /// Where a part of a search file comes from.
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

/// A mistake found while a file is read, before the file's name is added.
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

/// A text with everything escaped that a terminal could act on, shortened to a number of
/// characters.
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

/// A text of the file as it is shown in a message: quoted, escaped and short.
func quoted(_ text: String) -> String { "'\(printable(text, limit: 40))'" }

/// The words of a list as people say them: `a, b or c`.
func alternatives(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}
