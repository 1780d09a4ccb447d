import ArgumentParser
import Foundation
import Platform
import RunFiles

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Print the status of a search: trials, best trial, workers.",
    discussion: """
      In JSON, 'is_running' is true if there is a coordinator, 'trials' is missing while a search is open-ended, 'undecided' \
      counts trials whose promotion is pending, and 'waits_for_results' is true if the next configuration depends on running \
      trials (tpe).
      """)

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Flag(help: "Print the status every second until the search ends.")
  var watch = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let run = try RunDirectory(existing: directory)
    var status = try run.readStatus()
    if json { return try JSON.print(status.asSeenNow) }
    print(status.text)
    while watch, status.isAlive {
      fflush(nil)
      Thread.sleep(forTimeInterval: 1)
      status = try run.readStatus()
      // On a terminal, clear the screen first.
      print((isatty(STDOUT_FILENO) == 1 ? "\u{1b}[H\u{1b}[2J" : "\n") + status.text)
    }
  }
}
