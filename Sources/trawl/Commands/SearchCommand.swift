import ArgumentParser
import Coordination
import Foundation
import Logging
import Messaging
import Search
import Storage

struct SearchCommand: ParsableCommand {
  enum Retry: String, ExpressibleByArgument, CaseIterable {
    case failed
  }

  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Run a search: coordinator and local workers.",
    discussion: """
      Writes everything into a run directory: results.csv (the ranking), attempts.csv, history.csv, best/recipe.yaml, \
      study.db. Ctrl-C stops it; the same command with --resume goes on. (A search 'until stopped' is \
      ended by Ctrl-C, and stopped by a second one.)

      Exit status: 0 done, 1 the machine failed (its disk, say), 2 bad input, 3 some trials failed, 130 interrupted.
      """)

  @Argument(help: "The search file.", completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @OptionGroup var overrides: Overrides

  @Option(name: [.short, .long], help: "The run directory (default: runs/NAME).", completion: .directory)
  var output: String?

  @Option(
    name: [.short, .long], parsing: .unconditional,
    help: "Local worker processes (default: one per core; 0: wait for others).")
  var workers: Int?

  @Option(help: "Let workers on other machines join here, as tcp://*:5555; port 0 picks one.")
  var listen: String?

  @Option(help: "The host name or address by which other machines reach this one.")
  var advertise: String?

  @Option(help: "The folder with the cluster's keys, made by 'trawl keys new'.", completion: .directory)
  var keys: String?

  @Option(
    parsing: .unconditional,
    help: "Seconds that Ctrl-C waits for the local workers to hand over what they have trained.")
  var grace = 1.5

  @Flag(help: "Go on with the search in the run directory, or begin it if there is none.")
  var resume = false

  @Option(
    parsing: .unconditional,
    help: "With --resume: go on until there are so many trials; those there are keep their results.")
  var trials: Int?

  @Option(help: "With --resume: run the trials that failed or were quarantined once more ('failed').")
  var retry: Retry?

  @Flag(help: "Say only what went wrong, and the ranking.")
  var quiet = false

  @Flag(help: "Say what each worker and attempt does.")
  var verbose = false

  func validate() throws {
    if let workers, !(0...1024).contains(workers) {
      throw ValidationError("--workers must be a number from 0 to 1024")
    }
    guard (0...86400).contains(grace) else {
      throw ValidationError("--grace must be a number from 0 to 86400")
    }
    if advertise != nil, listen == nil, keys == nil {
      throw ValidationError("--advertise needs --listen or --keys")
    }
    if trials != nil, !resume {
      throw ValidationError("--trials needs --resume; a new search has --set search.trials=N")
    }
    if retry != nil, !resume { throw ValidationError("--retry needs --resume") }
    if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  func run() throws {
    let (stop, enough, isOpenEnded) = (Latch(), Latch(), Latch())
    let waker = try UserError.wrapping { try Waker() }
    Signals.listen { signal in
      if signal == SIGINT, isOpenEnded.isRaised, !enough.isRaised {
        enough.raise()
      } else if signal != SIGCHLD {
        if signal == SIGINT, stop.isRaised {
          StandardError.write("stopped at once; the same command with --resume goes on\n")
          _exit(ExitStatus.interrupted.rawValue)
        }
        stop.raise()
      }
      waker.wake()
    }
    let launch = try SearchLaunch(self, waker: waker)
    if launch.isOpenEnded { isOpenEnded.raise() }
    let shell = try launch.begin(stop: stop, enough: enough)
    let ending = try shell.run()
    try launch.conclude(ending, shell.coordinator, stop: stop)
  }
}
