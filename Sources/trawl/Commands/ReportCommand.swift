import ArgumentParser
import Foundation

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a search, running or ended, as one HTML page.",
    discussion: """
      The page has the ranking, all pictures, the best configuration with the commands that train it, failures, hosts and \
      the search file. It needs no other file and no network. 'search.report: true' writes it at the end of a search.
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
