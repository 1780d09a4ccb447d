import CoordinatorService
import Foundation
import Platform
import RunFiles
import Search
import Trials

/// What a search prints, writes and trains when its coordinator has ended.
struct SearchConclusion {
  let launch: SearchLaunch
  let shell: CoordinatorShell
  let isQuiet: Bool

  /// Prints how the search ended, and its ranking.
  ///
  /// - Parameter stop: raised to stop the final training.
  func report(_ ending: CoordinatorShell.Ending, stop: Latch) throws {
    let coordinator = shell.coordinator
    switch ending {
    case .interrupted:
      let replicates = coordinator.reevaluations.map { " and \($0.done) of \($0.of) replicates" } ?? ""
      StandardError.say(
        "stopped with \(coordinator.results.count) of \(coordinator.trials ?? coordinator.begunCount) trials done"
          + "\(replicates); resume with: \(launch.resumeCommand)")
      throw ExitStatus.interrupted
    case .noUsableWorker:
      throw UserError(
        "the local workers repeatedly ended without a result (see above and \(launch.directory.log)); resume with: "
          + launch.resumeCommand)
    case .finished:
      print(
        try RankingTable(launch.directory).text(top: 10, width: Terminal.size(of: STDOUT_FILENO)?.columns))
      if !isQuiet {
        try RunDirectory.insight { try shell.insight() }?.print()
        let time = Duration.seconds(launch.directory.secondsRun).text
        let count = coordinator.results.count
        StandardError.say(
          "\(count) trial\(count == 1 ? "" : "s") in \(time); results: \(launch.directory.results)")
      }
      if coordinator.best == nil {
        StandardError.say(
          "no trial has a score\(launch.file.final == nil ? "" : ", so there is no model to train")")
      }
      defer { writeReport() }
      try trainBest(stop: stop)
      if coordinator.failedCount > 0 { throw ExitStatus.failedTrials }
    }
  }

  /// Writes the report if `search.report` is set. Errors are printed and do not fail the search.
  private func writeReport() {
    guard launch.file.writesReport else { return }
    do {
      try launch.directory.writeReport(to: launch.directory.report)
      StandardError.say("report: \(launch.directory.report)")
    } catch {
      let detail = (error as? UserError)?.message ?? "\(error)"
      StandardError.say("no report: \(detail); write it with 'trawl report'")
    }
  }

  /// Trains the model of rank 1 if `search.final` is set and a trial has a score.
  private func trainBest(stop: Latch) throws {
    guard let final = launch.file.final, FileManager.default.fileExists(atPath: launch.directory.bestRecipe)
    else { return }
    do {
      let training = try FinalTraining(
        final, recipe: launch.directory.bestRecipe, into: launch.directory.best, isQuiet: isQuiet)
      try training(stop: stop)
    } catch ExitStatus.interrupted {
      StandardError.say("resume with: \(launch.resumeCommand)")
      throw ExitStatus.interrupted
    }
  }
}
