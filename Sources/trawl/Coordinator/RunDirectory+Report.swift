import Foundation
import Reports
import RunFiles

extension RunDirectory {
  /// Writes the HTML report from the exported files.
  func writeReport(to path: String) throws {
    let report = SearchReport(
      try record(),
      at: .init(
        directory: self.path, state: try Status.read(status).state, version: Trawl.version,
        libraries: Versions.text, time: Date().formatted(.iso8601)))
    try AtomicFile.write(UserError.wrapping { try ReportPage(report).html() }, to: path)
  }
}
