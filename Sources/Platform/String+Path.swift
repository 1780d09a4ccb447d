import Foundation

extension String {
  /// The path, from the working directory if it is relative.
  package var asAbsolutePath: String { URL(filePath: self).standardizedFileURL.path }
}
