import Foundation
import RunFiles
import Search

extension RunDirectory {
  /// What the search shows beside its ranking; nil, after a line on standard error, where its files cannot be read. The
  /// ranking holds without it.
  ///
  /// It is read from the files that are replaced as a whole while the search runs: its record is locked then.
  func insight() -> Insight? {
    do {
      return try UserError.wrapping { try record().insight }
    } catch {
      let detail = (error as? UserError)?.words ?? "\(error)"
      StandardError.write("parameter importance is not available: \(detail.asShownText)\n")
      return nil
    }
  }

  /// The search as its files show it.
  func record() throws -> RunRecord {
    try RunRecord(directory: path, file: SearchFileSource.read(searchFile).parse())
  }

  /// Prints on standard error what the search shows beside its ranking, after what was printed before.
  func printInsight() throws {
    try Trawl.flushOutput()
    for line in insight()?.lines ?? [] { StandardError.write("\(line)\n") }
  }
}
