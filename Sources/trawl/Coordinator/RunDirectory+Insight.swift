import Foundation
import RunFiles
import Search

extension RunDirectory {
  /// The diagnostics of the search; nil, after a line on standard error, if its files cannot be read.
  ///
  /// They are computed from the exported files, because a running search locks its study.
  func insight() -> Insight? {
    do {
      return try UserError.wrapping { try record().insight }
    } catch {
      let detail = (error as? UserError)?.message ?? "\(error)"
      StandardError.say("parameter importance is not available: \(detail)")
      return nil
    }
  }

  /// Reads the exported files of the search.
  func record() throws -> RunRecord {
    let bytes = try UserError.wrapping { try RegularFile.contents(of: searchFile) }
    return try RunRecord(
      directory: path, file: SearchFileSource(path: searchFile, bytes: Array(bytes)).parse())
  }

  /// Prints the diagnostics on standard error, after flushing standard output.
  func printInsight() throws {
    try Trawl.flushOutput()
    for line in insight()?.lines ?? [] { StandardError.say(line) }
  }
}
