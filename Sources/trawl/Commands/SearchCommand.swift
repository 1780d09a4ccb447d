import ArgumentParser
import CoordinatorService
import Foundation
import Messaging
import Platform
import RunFiles
import Search
import Trials

struct SearchCommand: ParsableCommand {
  enum Retry: String, ExpressibleByArgument, CaseIterable {
    case failed
  }

  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Run a search: the coordinator and local workers.",
    discussion: """
      Writes all files into the run directory: results.csv (the ranking), attempts.csv, history.csv, best/recipe.yaml, \
      study.db. Ctrl-C stops the search; 'trawl search --resume RUN' resumes it, from any folder. (In a search 'until \
      stopped', no trial starts after the first Ctrl-C, and the second one stops the search.)

      Exit status: 0 done, 1 system error (such as a disk error), 2 bad input, 3 some trials failed, 130 interrupted.
      """)

  @Argument(
    help: "The search file; with --resume, the run directory is enough.",
    completion: .file(extensions: ["yaml", "yml"]))
  var file: String

  @OptionGroup var overrides: Overrides

  @Option(name: [.short, .long], help: "The run directory (default: runs/NAME).", completion: .directory)
  var output: String?

  @Option(
    name: [.short, .long], parsing: .unconditional,
    help: "The number of local worker processes (default: one per core; 0: none).")
  var workers: Int?

  @Option(help: "Accept remote workers at this address, such as tcp://*:5555; port 0 picks a free port.")
  var listen: String?

  @Option(help: "The host name or address of this machine as seen from the workers.")
  var advertise: String?

  @Option(help: "The folder with the cluster's keys, created by 'trawl keys new'.", completion: .directory)
  var keys: String?

  @Option(
    parsing: .unconditional,
    help: "Seconds allowed for local workers to checkpoint their trials on Ctrl-C.")
  var grace = 1.5

  @Flag(
    help: "Resume a search: --resume RUN, or FILE --resume, which also starts it if there is none to resume.")
  var resume = false

  @Option(
    parsing: .unconditional,
    help: "With --resume: extend the search to N trials; existing results are kept.")
  var trials: Int?

  @Option(help: "With --resume: 'failed' runs failed and quarantined trials again.")
  var retry: Retry?

  @Flag(help: "Print the number of trials, the first configurations and the cost in epochs; train nothing.")
  var dryRun = false

  @Flag(help: "With --dry-run: print one JSON object.")
  var json = false

  @Option(help: "The format of the lines on standard error and in trawl.log.")
  var logFormat = LogFormat.text

  @Flag(help: "Print only warnings, errors and the ranking.")
  var quiet = false

  @Flag(help: "Print the events of every worker and attempt.")
  var verbose = false

  func validate() throws {
    if let workers, !(0...1024).contains(workers) {
      throw ValidationError("--workers must be a number from 0 to 1024")
    }
    guard (0...86400).contains(grace) else {
      throw ValidationError("--grace must be a number from 0 to 86400")
    }
    if advertise != nil, listen == nil, keys == nil, !resume {
      throw ValidationError("--advertise needs --listen or --keys")
    }
    if let advertise, advertise.contains(":"), !System.isIPv6(advertise) {
      throw ValidationError(
        "--advertise needs a host name or an address without port; --listen sets the port")
    }
    if advertise == "" { throw ValidationError("--advertise must not be empty") }
    if output == "" { throw ValidationError("--output must not be empty") }
    if trials != nil, !resume {
      throw ValidationError("--trials needs --resume; for a new search use --set search.trials=N")
    }
    if retry != nil, !resume { throw ValidationError("--retry needs --resume") }
    if json, !dryRun { throw ValidationError("--json needs --dry-run") }
    if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  func run() throws {
    logFormat.apply()
    guard !dryRun else { return try plan() }
    let (stop, enough, isOpenEnded) = (Latch(), Latch(), Latch())
    let waker = try UserError.wrapping { try Waker() }
    Signals.listen { signal in
      if signal == SIGINT, isOpenEnded.isRaised, !enough.isRaised {
        enough.raise()
      } else if signal != SIGCHLD {
        if signal == SIGINT, stop.isRaised {
          StandardError.say("stopped at once; 'trawl search --resume RUN' resumes the search")
          _exit(ExitStatus.interrupted.rawValue)
        }
        stop.raise()
      }
      waker.wake()
    }
    let launch = try SearchLaunch(request(), waker: waker) { StandardError.say($0) }
    if launch.isOpenEnded { isOpenEnded.raise() }
    let shell = try launch.begin(stop: stop, enough: enough) { coordinator, now in
      Display(quiet ? .quiet : verbose ? .verbose : .normal, coordinator, at: now)
    }
    let ending = try shell.run()
    try SearchConclusion(launch: launch, shell: shell, isQuiet: quiet).report(ending, stop: stop)
  }

  private func request() throws -> SearchRequest {
    var request = SearchRequest(path: file)
    request.overrides = try overrides.values()
    (request.output, request.workers, request.keys) = (output, workers, keys)
    (request.listen, request.advertise) = (listen, advertise)
    (request.resumes, request.trials, request.retriesFailed) = (resume, trials, retry != nil)
    request.grace = .seconds(grace)
    return request
  }

  private func plan() throws {
    let file = try SearchLaunch.checkedFile(request()) { StandardError.say($0) }
    let plan = SearchPlan(file)
    if json { return try JSON.print(plan) }
    for notice in file.inertKeys + file.notices { StandardError.say("note: \(notice)") }
    print(plan.text(width: Terminal.size(of: STDOUT_FILENO)?.columns))
  }
}
