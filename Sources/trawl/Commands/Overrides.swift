import ArgumentParser
import Platform
import Search
import Trials

/// The `--set` options, which replace values of the search file.
struct Overrides: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: "Replace a value of the file by a value or a distribution, such as train.lr=0.1; may be repeated.")
  var texts: [String] = []

  /// The values by their keys.
  func values() throws -> [SearchFile.Override] {
    try texts.map { text in
      guard let sign = text.firstIndex(of: "=") else {
        throw UserError("--set \(text): needs a key and a value, such as --set train.lr=0.1")
      }
      return SearchFile.Override(
        key: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
  }
}
