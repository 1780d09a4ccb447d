import Coordination
import Foundation
import Platform
import RunFiles
import Search

extension SearchStatus {
  /// The status of a search now.
  ///
  /// - Parameter resume: the command that resumes it.
  init(_ coordinator: Coordinator, isRunning: Bool, resume: String) {
    self.init(name: coordinator.file.name, resume: resume)
    self.isRunning = isRunning
    host = System.hostName
    pid = getpid()
    updated = Date().timeIntervalSince1970
    trials = coordinator.trials
    begun = coordinator.begunCount
    done = coordinator.results.count
    running = isRunning ? coordinator.runningCount : 0
    undecided = coordinator.pausedCount
    waitsForResults = coordinator.waitsForResults
    (replicatesDone, replicates) = (coordinator.reevaluations?.done, coordinator.reevaluations?.of)
    (failed, diverged) = (coordinator.failedCount, coordinator.divergedCount)
    attempts = coordinator.attemptCount
    best = coordinator.leader.map { Best($0, of: coordinator.file) }
    let now = monotonicNow()
    // Skip workers that only deliver spooled results.
    let workers = coordinator.workers.filter { $0.description.slots > 0 || $0.running > 0 }
    self.workers = (isRunning ? workers : []).map { worker in
      WorkerLine(
        host: worker.description.host, pid: worker.description.pid,
        slots: worker.description.slots, running: worker.running,
        secondsSinceHeard: (now - worker.lastHeard).seconds)
    }
  }
}
