import Platform
import Search

extension UserError {
  /// The mistakes of a search file, a line for each.
  package init(_ error: SearchFileError) {
    self.init(mistakes: "\(error)".split(separator: "\n").map(String.init))
  }
}
