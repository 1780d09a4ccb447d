import Foundation
import Platform

extension RunDirectory {
  /// Reads the status of the search.
  package func readStatus() throws -> SearchStatus {
    try UserError.wrapping { try SearchStatus(contentsOf: status) }
  }

  /// The seconds for which the search has run; 0 if its status cannot be read.
  package var secondsRun: Double { (try? readStatus())?.seconds ?? 0 }
}
