import ArgumentParser
import Foundation
import Platform
import Search
import Trials

@main
struct Trawl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trawl",
    abstract: "Search hyperparameters on one or many machines.",
    discussion: """
      On one machine:
        trawl init                           write a search file to start from
        trawl search search.yaml             run it, one worker for each core
        trawl results runs/mlp               print the ranking, best first

      On several machines (join.json contains a key: copy it with its mode 0600):
        trawl search search.yaml --listen 'tcp://*:5555'     on the first machine
        scp runs/mlp/join.json NODE:                         copy the join file
        trawl worker --join join.json                        on each other machine
      """,
    version: Versions.program,
    subcommands: [
      InitCommand.self, SearchCommand.self, WorkerCommand.self, ResultsCommand.self, StatusCommand.self,
      ListCommand.self, CompareCommand.self, TrainCommand.self, TestCommand.self, PlotCommand.self,
      ReportCommand.self,
      DataCommand.self, KeysCommand.self,
      BenchCommand.self, ManualCommand.self,
    ])

  static func main() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    System.openStandardStreams()
    if CommandLine.arguments.dropFirst() == [ProcessGuard.command] { ProcessGuard.run() }
    let status = run()
    fflush(nil)
    // Skips the libraries' exit handlers: other threads may still use them to train.
    _exit(status)
  }

  private static func run() -> Int32 {
    do {
      var command = try parseAsRoot()
      try command.run()
      try StandardOutput.flush()
      return 0
    } catch {
      return report(error)
    }
  }

  /// Prints the error and returns the exit status.
  private static func report(_ error: any Error) -> Int32 {
    if let end = error as? ExitStatus { return end.rawValue }
    if let userError = error as? UserError {
      for mistake in userError.mistakes { printError(mistake) }
      return userError.status.rawValue
    }
    guard exitCode(for: error) != .success else {
      let message = fullMessage(for: error)
      print(message)
      if message == Versions.program { print(Versions.libraries) }
      return 0
    }
    printError(unknownCommand ?? message(for: error).replacing("\n", with: " "))
    return ExitStatus.badInput.rawValue
  }

  /// The message for an unknown command, which the parser would call an unexpected argument; nil if the command exists.
  private static var unknownCommand: String? {
    let names = configuration.subcommands.filter { $0.configuration.shouldDisplay }
      .compactMap { $0.configuration.commandName }
    guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"),
      !(names + ["help", "manual"]).contains(word)
    else { return nil }
    let hint = nearest(to: word, among: names).map { "did you mean '\($0)'?" }
    return "unknown command '\(word.asShownText)'; \(hint ?? "commands: \(names.joined(separator: ", "))")"
  }

  private static func printError(_ words: String) {
    StandardError.say("trawl: \(words)")
  }
}

/// `trawl manual`, which needs the help of all commands.
struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the manual page (man format).", shouldDisplay: false)

  func run() throws { print(try ManualPage(help: Trawl._dumpHelp()).text) }
}
