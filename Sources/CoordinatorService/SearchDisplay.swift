import Coordination
import Search

/// Shows the lines and the progress of a running search to its user.
package protocol SearchDisplay {
  /// Shows a permanent line, if the user wants lines of this kind.
  mutating func say(_ line: String, _ kind: SearchLine)

  /// Shows the progress; called several times a second.
  mutating func show(_ coordinator: Coordinator, _ news: SearchNews, at now: Duration)

  /// Removes the progress from a terminal, before its process prints or ends.
  mutating func clear()
}

/// The kinds of lines of a running search.
package enum SearchLine {
  /// Warnings and what the user must know.
  case always
  /// What most users want to read.
  case normal
  /// What happens to each worker and attempt.
  case detail
}

/// What the display of a search shows besides the state of its coordinator.
package struct SearchNews {
  /// The best trials when the ranking was last written, best first; at most `mostLeaders`.
  package var leaders: [TrialResult]
  /// The time since when there is no slot; nil if there is one.
  package var absentSince: Duration?

  package static let mostLeaders = 5
}
