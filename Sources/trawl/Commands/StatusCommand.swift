import ArgumentParser
import Foundation

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Print how a search stands: trials, best so far, workers.")

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Flag(help: "Go on until the search ends.")
  var watch = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let path = RunDirectory(path: directory).status
    var status = try Status.read(path)
    if json { return try JSON.print(status) }
    print(status.text)
    while watch, status.isRunning, status.isFresh {
      Thread.sleep(forTimeInterval: 1)
      status = try Status.read(path)
      print("\n" + status.text)
    }
  }
}

extension Status {
  private var age: Double { max(0, Date().timeIntervalSince1970 - updated) }

  /// A running coordinator writes its status every second or so, when nothing holds it up.
  var isFresh: Bool { age < 30 }

  var text: String {
    var lines = ["\(name.asShownText): \(state)", "trials: \(counts)"]
    if let best {
      let scores = [
        best.valAccuracy.map { "val_accuracy \($0)" }, best.valLoss.map { "val_loss \($0)" },
      ]
      lines.append("best: trial \(best.trial), " + scores.compactMap(\.self).joined(separator: ", "))
    }
    if isRunning { lines += workerLines }
    return lines.joined(separator: "\n")
  }

  private var state: String {
    if done == trials { return "finished" }
    guard isRunning else { return "stopped; 'trawl search ... --resume' goes on" }
    return isFresh
      ? "running (process \(pid))"
      : "not heard of for \(Duration.seconds(age).words); if process \(pid) is gone, 'trawl search ... --resume' goes on"
  }

  private var counts: String {
    let waiting = trials - done - running
    let failed = failed > 0 ? " (\(failed) failed)" : ""
    return "\(done) of \(trials) done\(failed), \(running) running, \(waiting) waiting"
  }

  private var workerLines: [String] {
    guard !workers.isEmpty else { return ["workers: none"] }
    return ["workers: \(workers.count)"]
      + workers.map { worker in
        "  \(worker.host.asShownText) (process \(worker.pid)): \(worker.running) of \(worker.slots) slots busy, "
          + "heard \(Duration.seconds(worker.secondsSinceHeard).words) ago"
      }
  }
}
