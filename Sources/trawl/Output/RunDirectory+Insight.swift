import Foundation
import Platform
import RunFiles
import Search
import Trials

extension RunDirectory {
  /// The diagnostics of the search; nil, after a line on standard error, if its files cannot be read.
  ///
  /// They are computed from the exported files, because a running search locks its study.
  func insight() -> Insight? { Self.insight { try record().insight } }

  /// The diagnostics that the body computes; nil, after a line on standard error, if it fails.
  static func insight(_ compute: () throws -> Insight) -> Insight? {
    do {
      return try UserError.wrapping(compute)
    } catch {
      let detail = (error as? UserError)?.message ?? "\(error)"
      StandardError.say("parameter importance is not available: \(detail)")
      return nil
    }
  }

  /// Reads the exported files of the search.
  func record() throws -> RunRecord {
    let bytes = try UserError.wrapping { try RegularFile.contents(of: searchFile) }
    // A search without a name has that of its original file.
    let name = (try? readStatus()).map { "\($0.name).yaml" }
    let source = SearchFileSource(path: searchFile, name: name, bytes: Array(bytes))
    return try RunRecord(directory: path, file: source.parse())
  }
}
