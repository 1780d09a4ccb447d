import Foundation
import Platform
import RunFiles

extension RunDirectory {
  /// Reads the status of the search.
  func readStatus() throws -> SearchStatus {
    try UserError.wrapping { try SearchStatus(contentsOf: status) }
  }

  /// The seconds for which the search has run; 0 if its status cannot be read.
  var secondsRun: Double { (try? readStatus())?.seconds ?? 0 }
}
