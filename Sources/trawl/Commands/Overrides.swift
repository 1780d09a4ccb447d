import ArgumentParser
import Search

/// Values given by `--set` in place of the file's.
struct Overrides: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: "Put a value or a distribution in place of the file's, as train.lr=0.1; may be repeated.")
  var texts: [String] = []

  /// The values by their keys.
  func values() throws -> [SearchFile.Override] {
    try texts.map { text in
      guard let sign = text.firstIndex(of: "=") else {
        throw UserError("--set \(text): needs a key and a value, as --set train.lr=0.1")
      }
      return SearchFile.Override(
        key: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
  }
}
