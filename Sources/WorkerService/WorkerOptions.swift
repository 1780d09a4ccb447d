import Messaging

/// The settings of a worker process.
package struct WorkerOptions {
  /// The path of the join file, which may not exist yet.
  package var joinFile: String
  /// The number of trials that are trained at the same time; nil for one per available core.
  package var slots: Int?
  /// Whether the worker waits for the next search when its search ends.
  package var waitsForNextSearch = false
  /// The time allowed to checkpoint and hand back trials when the worker is stopped.
  package var grace = Duration.seconds(10)
  /// The folder for undelivered results; nil for that of the user.
  package var spool: String?
  /// The endpoint of the coordinator that started this process; nil if it was not started by one.
  package var localEndpoint: Endpoint?
  /// Whether the programs that search files name may run.
  package var runsPrograms = false
  /// The minimum duration of an epoch.
  package var pace = Duration.zero

  package init(joinFile: String) {
    self.joinFile = joinFile
  }
}
