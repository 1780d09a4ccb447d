import Foundation
import Platform
import Search

/// The path and content of a search file.
package struct SearchFileSource {
  package let path: String
  /// The path of the original file, from which a search without a name gets its name.
  package let name: String
  package let bytes: [UInt8]

  package init(path: String, name: String? = nil, bytes: [UInt8]) {
    (self.path, self.name, self.bytes) = (path, name ?? path, bytes)
  }

  package static func read(_ path: String) throws -> SearchFileSource {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw UserError("\(path): no such file")
    }
    guard !isFolder.boolValue, let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: SearchFile.mostBytes + 1) ?? Data()
    else { throw UserError("\(path): not a readable file") }
    return SearchFileSource(path: path, bytes: Array(data))
  }

  package func parse(
    overrides: [SearchFile.Override] = [], inertKeys: SearchFile.InertKeys = .noted
  ) throws -> SearchFile {
    do throws(SearchFileError) {
      return try SearchFile.parse(bytes, file: name, overrides: overrides, inertKeys: inertKeys)
    } catch {
      var error = error
      error.file = path
      throw UserError(error)
    }
  }
}
