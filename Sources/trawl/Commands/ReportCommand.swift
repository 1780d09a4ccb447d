import ArgumentParser
import Foundation
import RunFiles

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write an HTML report of a running or finished search.",
    discussion: """
      The page has the ranking, all pictures, the best configuration with the commands that train it, failures, hosts and \
      the search file. It needs no other file and no network. With 'search.report: true' a search writes it at its end.
      """)

  @Argument(help: .init("The run directory.", valueName: "run"), completion: .directory)
  var directory: String

  @Option(
    name: [.short, .long], help: "The file to write (default: RUN/report.html).",
    completion: .file(extensions: ["html"]))
  var output: String?

  func run() throws {
    let run = RunDirectory(path: directory)
    let path = output ?? run.report
    try run.writeReport(to: path)
    print(path)
  }
}
