import ArgumentParser
import Foundation
import Messaging
import Storage

@main
struct Trawl: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "trawl",
    abstract: "Search hyperparameters over many machines.",
    discussion: """
      Three steps: start workers, launch a search, collect the ranked CSV.
        trawl search FILE                   the whole search on this machine
        trawl worker --join RUN/join.json   help a search from another machine
        trawl results RUN                   the ranking
      """,
    version: version,
    subcommands: [
      SearchCommand.self, WorkerCommand.self, ResultsCommand.self, StatusCommand.self,
      TrainCommand.self, TestCommand.self, PlotCommand.self, ReportCommand.self,
      DataCommand.self, KeysCommand.self,
      BenchCommand.self,
    ])

  static func main() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    System.openStandardStreams()
    let status = run()
    fflush(nil)
    // Without taking the libraries down: other threads may still train with them.
    _exit(status)
  }

  private static func run() -> Int32 {
    do {
      var command = try parseAsRoot()
      try command.run()
      try flushOutput()
      return 0
    } catch {
      return report(error)
    }
  }

  /// Sees to it that what was printed got out. Whoever closed a pipe has read enough.
  static func flushOutput() throws {
    guard fflush(nil) != 0, errno != EPIPE else { return }
    throw UserError.system("cannot write the output")
  }

  /// Tells the user what went wrong, in one line, and returns the exit status.
  private static func report(_ error: any Error) -> Int32 {
    if let end = error as? ExitStatus { return end.rawValue }
    if let complaint = error as? UserError {
      complain(complaint.words)
      return complaint.status.rawValue
    }
    guard exitCode(for: error) != .success else {
      let message = fullMessage(for: error)
      print(message)
      if message == version { print(Versions.text) }
      return 0
    }
    complain(unknownCommand ?? message(for: error).replacing("\n", with: " "))
    return ExitStatus.badInput.rawValue
  }

  /// What to say when the first word is no command: the parser would call it an unexpected argument.
  private static var unknownCommand: String? {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"),
      !(names + ["help"]).contains(word)
    else { return nil }
    return "there is no command '\(word.asShownText)'; there are \(names.joined(separator: ", "))"
  }

  private static func complain(_ words: String) {
    StandardError.write("trawl: \(words.asShownText)\n")
  }
}

/// One line that says what is wrong, where, and what is allowed. Most often it is the user's to mend.
struct UserError: Error {
  let words: String
  /// How the program ends by it.
  let status: ExitStatus

  init(_ words: String, status: ExitStatus = .badInput) {
    self.words = words
    self.status = status
  }

  /// The one line of an error of one of the modules.
  init(_ error: any Error) {
    words = "\(error)"
    let isOfTheMachine =
      switch error {
      case let error as StudyError: error.isOfTheMachine
      case KeyFileError.system(_, _, let code): Self.codesOfTheMachine.contains(code)
      case MessagingError.tooManyOpenFiles: true
      default: false
      }
    status = isOfTheMachine ? .failed : .badInput
  }

  /// What the system said to the call before.
  static func system(_ call: String) -> UserError {
    let status: ExitStatus = codesOfTheMachine.contains(errno) ? .failed : .badInput
    return UserError(System.words(call), status: status)
  }

  /// What nobody did wrong.
  private static let codesOfTheMachine = [
    EIO, ENOSPC, EDQUOT, EFBIG, ESTALE, EMFILE, ENFILE, ENOMEM,
  ]

  /// Runs something whose errors are the user's to mend.
  static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let complaint as UserError {
      throw complaint
    } catch {
      throw UserError(error)
    }
  }
}

/// The exit statuses other than 0; thrown, they end the program without another word.
enum ExitStatus: Int32, Error {
  /// The disk is full or fails, say: the same command may do another time.
  case failed = 1
  case badInput = 2
  /// The search ended, but with trials that failed.
  case failedTrials = 3
  /// Stopped by the user; can be resumed.
  case interrupted = 130
}
