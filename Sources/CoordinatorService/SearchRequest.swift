import Search

/// A search to start or to resume, with the settings that its user gives.
package struct SearchRequest {
  /// The path of the search file, or of the run directory to resume.
  package var path: String
  /// Replace values of the search file.
  package var overrides: [SearchFile.Override] = []
  /// The run directory; nil for `runs/NAME`.
  package var output: String?
  /// The number of local worker processes; nil for one per available core.
  package var workers: Int?
  /// The endpoint at which remote workers may join.
  package var listen: String?
  /// The host of this machine as seen from the workers.
  package var advertise: String?
  /// The folder with the keys of a cluster; nil for keys of the search's own.
  package var keys: String?
  /// Whether a search in the run directory is resumed, if there is one.
  package var resumes = false
  /// The number of trials to which a resumed search is extended.
  package var trials: Int?
  /// Whether failed trials of a resumed search run again.
  package var retriesFailed = false
  /// The time allowed for local workers to checkpoint their trials when the search is stopped.
  package var grace = Duration.seconds(1.5)

  package init(path: String) {
    self.path = path
  }
}
